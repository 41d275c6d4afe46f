"""A limit on failed logins from one network address, kept in the memory of one process."""

from __future__ import annotations

import ipaddress
import threading
from collections import OrderedDict, deque

#: Addresses that are remembered; the one not seen for longest is forgotten first.
MOST_ADDRESSES = 10_000
WINDOW = 60


class LoginRateLimit:
    """Counts failures of the last minute by address.

    :param limit: failures allowed in a minute; 0 allows any number.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._failures: OrderedDict[str, deque[int]] = OrderedDict()
        self._lock = threading.Lock()

    def allows(self, address: str, now: int) -> bool:
        """Return whether an IP address may try to log in."""
        if not self._limit:
            return True
        with self._lock:
            return len(self._recent(network(address), now)) < self._limit

    def failed(self, address: str, now: int) -> None:
        """Count a failed login."""
        if not self._limit:
            return
        address = network(address)
        with self._lock:
            self._failures.setdefault(address, deque()).append(now)
            self._failures.move_to_end(address)
            self._recent(address, now)
            if len(self._failures) > MOST_ADDRESSES:
                self._failures.popitem(last=False)

    def _recent(self, address: str, now: int) -> deque[int]:
        times = self._failures.get(address, deque())
        while times and times[0] <= now - WINDOW:
            times.popleft()
        while len(times) > self._limit:
            times.popleft()
        return times


def network(address: str) -> str:
    """Return what counts as one IP address: for IPv6, the 64 bits that a customer is given."""
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if parsed.version == 4:
        return str(parsed)
    mapped = parsed.ipv4_mapped
    return str(mapped or ipaddress.ip_network((parsed, 64), strict=False))
