"""A limit on failed logins by network address and by name: of one process, or of all by Redis."""

from __future__ import annotations

import ipaddress
import logging
import threading
import time
from collections.abc import Callable
from typing import Any

from limits import RateLimitItemPerSecond
from limits.errors import ConfigurationError as LimitsError
from limits.storage import MemoryStorage, RedisStorage
from limits.strategies import SlidingWindowCounterRateLimiter

from ..errors import ConfigurationError, TooManyFailures, Unavailable

log = logging.getLogger(__name__)

WINDOW = 60
#: Addresses and names that a process remembers; the oldest is forgotten first.
MAX_SUBJECTS = 20_000
#: Seconds to wait for Redis, and seconds after which it is asked again when it did not answer.
REDIS_TIMEOUT, RETRY_AFTER = 0.5, 5


class RedisMissing(ConfigurationError):
    """The package that connects to Redis isn't installed."""

    extra = "redis"

    def __init__(self) -> None:
        super().__init__("The package redis is missing, which login_limit_redis needs.")


class LoginLimit:
    """Counter of failed logins in the last minute, by address and by name; safe to use from many
    threads.

    :param limit: failures of each that are allowed in a minute; 0 allows any number.
    :param pseudonym: returns what is stored of an address or name; gets its kind and itself.
    :param redis_url: Redis that counts for all processes; empty if each counts by itself.
    :param refuses_without_redis: whether nobody may log in while Redis doesn't answer. If not, each
        process counts by itself meanwhile.
    :param window: seconds of what is called a minute here.
    :raises ConfigurationError: Redis can't be used in this way.
    """

    def __init__(
        self,
        limit: int,
        pseudonym: Callable[[str, str], str],
        *,
        redis_url: str = "",
        refuses_without_redis: bool = False,
        window: int = WINDOW,
    ) -> None:
        self._limit = limit
        self._item = RateLimitItemPerSecond(limit, window)
        self._pseudonym = pseudonym
        self._own = SlidingWindowCounterRateLimiter(_BoundedMemory())
        self._shared = SlidingWindowCounterRateLimiter(connect(redis_url)) if redis_url else None
        self._refuses = refuses_without_redis
        self._is_away = False
        self._ask_again = 0.0
        self._lock = threading.Lock()

    def reserve(self, address: str, name: str) -> Callable[[], None]:
        """Count an attempt before its password is checked, so that of many at once no more get
        that far than may fail.

        :param name: in the form in which names that are the same are equal.
        :returns: gives back what was counted; to be called if the attempt is no failure.
        :raises TooManyFailures: there have been as many as are allowed. This one isn't counted.
        :raises Unavailable: Redis doesn't answer, and nobody may log in without it.
        """
        if not self._limit:
            return lambda: None
        subjects = [("address", network(address)), ("name", name)]
        keys = [(subject, self._pseudonym(subject, value)) for subject, value in subjects]
        if self._shared is not None and self._may_ask():
            try:
                give_back = self._count(self._shared, keys)
            except self._shared.storage.base_exceptions as error:
                self._note_away(error)
            else:
                self._note_back()
                return give_back
        if self._shared is not None and self._refuses:
            raise Unavailable("Nobody can log in at the moment. Please try again.")
        return self._count(self._own, keys)

    def _count(
        self, limiter: SlidingWindowCounterRateLimiter, keys: list[tuple[str, str]]
    ) -> Callable[[], None]:
        counted: list[tuple[str, str]] = []
        storage: Any = limiter.storage

        def give_back() -> None:
            for key in counted:
                # Given back in the next window, it would be one more that may fail.
                of_this_window = storage.get_sliding_window(
                    self._item.key_for(*key), self._item.get_expiry()
                )[2]
                if of_this_window > 0:
                    limiter.hit(self._item, *key, cost=-1)

        def give_back_if_possible() -> None:
            try:
                give_back()
            except storage.base_exceptions as error:
                self._note_away(error)

        for key in keys:
            if not limiter.hit(self._item, *key):
                give_back()
                raise TooManyFailures(key[0])
            counted.append(key)
        return give_back_if_possible

    def _may_ask(self) -> bool:
        """Return whether to ask Redis: while it doesn't answer, one attempt now and then does."""
        with self._lock:
            now = time.monotonic()
            if self._is_away and now < self._ask_again:
                return False
            self._ask_again = now + RETRY_AFTER
            return True

    def _note_away(self, error: Exception) -> None:
        with self._lock:
            was_away, self._is_away = self._is_away, True
            self._ask_again = time.monotonic() + RETRY_AFTER
        if not was_away:
            log.warning(
                "Redis doesn't count failed logins (%s). Until it does, %s.",
                str(error).strip() or type(error).__name__,
                "nobody can log in" if self._refuses else "each process counts by itself",
            )

    def _note_back(self) -> None:
        with self._lock:
            was_away, self._is_away = self._is_away, False
        if was_away:
            log.warning("Redis counts failed logins again.")


class _BoundedMemory(MemoryStorage):
    """Counters of one process. Those of the library may be too low where threads meet."""

    def __init__(self) -> None:
        self._counting = threading.Lock()
        super().__init__()

    def acquire_sliding_window_entry(
        self, key: str, limit: int, expiry: int, amount: int = 1
    ) -> bool:
        with self._counting:
            while len(self.expirations) >= MAX_SUBJECTS:
                self.clear(next(iter(self.expirations)))
            return super().acquire_sliding_window_entry(key, limit, expiry, amount)


def connect(redis_url: str) -> RedisStorage:
    """Return the counters in Redis; no connection is made yet.

    :raises RedisMissing: its package isn't installed.
    :raises ConfigurationError: the URL can't be used.
    """
    try:
        from redis.backoff import NoBackoff
        from redis.retry import Retry

        options: dict[str, Any] = {
            "socket_timeout": REDIS_TIMEOUT,
            "socket_connect_timeout": REDIS_TIMEOUT,
            # A connection that Redis has closed meanwhile is replaced.
            "retry": Retry(NoBackoff(), 1),
        }
        return RedisStorage(redis_url, key_prefix="kimai-remote", **options)
    except (ImportError, LimitsError):
        raise RedisMissing from None
    except ValueError:
        raise ConfigurationError(
            "The URL login_limit_redis can't be read. It looks like "
            "redis://:password@host:6379/0; in its password write %40 for @ and %2F for /."
        ) from None


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
