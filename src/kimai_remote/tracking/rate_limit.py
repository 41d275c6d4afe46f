"""A limit on failed logins by network address and by name: of one process, or of all by Redis."""

from __future__ import annotations

import ipaddress
import logging
import random
import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlsplit

from limits import RateLimitItemPerSecond
from limits.storage import MemoryStorage, RedisStorage
from limits.strategies import MovingWindowRateLimiter

from ..errors import ConfigurationError, TooManyFailures, Unavailable

if TYPE_CHECKING:
    from redis import Redis

log = logging.getLogger(__name__)

WINDOW = 60
#: Addresses and names that a process remembers; the oldest is forgotten first.
MAX_SUBJECTS = 20_000
#: Seconds to wait for other logins of the same address or name; between two looks, at first; and
#: after which one that hasn't ended is forgotten, because its process was killed.
MAX_WAIT, POLL, MAX_CHECK = 30.0, (0.01, 0.05), 60
#: Seconds to wait for Redis, and seconds after which it is asked again when it did not answer.
REDIS_TIMEOUT, RETRY_AFTER = 0.5, 5

#: Options that a URL of Redis may have; others would need an object of Python.
REDIS_OPTIONS = re.compile(
    "client_name|db|health_check_interval|password|protocol|socket_(connect_)?timeout|"
    "socket_keepalive|ssl_[a-z_]+|username"
)

#: ``address`` or ``name``, and what stands for it.
Subject = tuple[str, str]
#: Ends an attempt; gets whether it failed.
End = Callable[[bool], None]


class RedisMissing(ConfigurationError):
    """The package that connects to Redis isn't installed."""

    extra = "redis"

    def __init__(self) -> None:
        super().__init__("The package redis is missing, which login_limit_redis needs.")


@dataclass(slots=True)
class Attempt:
    """A login whose password is being checked."""

    failed: bool = False


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
        self._pseudonym = pseudonym
        self._own = _CountersInMemory(limit, window)
        self._shared = None
        if redis_url:
            pool = connect(redis_url).connection_pool
            storage = RedisStorage(redis_url, connection_pool=pool, key_prefix="kimai-remote")
            self._shared = _Counters(storage, limit, window)
        self._refuses = refuses_without_redis
        self._is_away = False
        self._ask_again = 0.0
        self._lock = threading.Lock()

    @contextmanager
    def attempt(self, address: str, name: str) -> Iterator[Attempt]:
        """Count what is done in this context: as a failure if it says so in the end.

        Until then it takes the place of one, so that of many at once no more are begun than may
        fail. Whoever finds places taken only by such waits for them.

        :param name: in the form in which names that are the same are equal.
        :raises TooManyFailures: there have been as many as are allowed. This one isn't counted.
        :raises Unavailable: others are being checked for too long; or Redis doesn't answer, and
            nobody may log in without it.
        """
        attempt = Attempt()
        if not self._limit:
            yield attempt
            return
        values = {"address": network(address), "name": name}
        end = self._begin([(kind, self._pseudonym(kind, each)) for kind, each in values.items()])
        try:
            yield attempt
        finally:
            end(attempt.failed)

    def _begin(self, subjects: list[Subject]) -> End:
        started = time.monotonic()
        while True:
            try:
                return self._begin_at_once(subjects)
            except _Busy:
                waited = time.monotonic() - started
                if waited > MAX_WAIT:
                    raise Unavailable("Too many logins at once. Please try again.") from None
            # Whoever waits for longer looks more often, so comes first.
            time.sleep(random.uniform(*POLL) / (1 + waited))  # noqa: S311 (no secret)

    def _begin_at_once(self, subjects: list[Subject]) -> End:
        if self._shared is None:
            return self._own.begin(subjects)
        if self._may_ask():
            from redis.exceptions import RedisError

            def end_in_redis(failed: bool) -> None:
                try:
                    end(failed)
                except RedisError as error:  # there, it is in progress until it is forgotten
                    self._note_away(error)

            try:
                end = self._shared.begin(subjects)
            except RedisError as error:
                self._note_away(error)
            except (TooManyFailures, _Busy):
                self._note_back()
                raise
            else:
                self._note_back()
                return end_in_redis
        if self._refuses:
            raise Unavailable("Nobody can log in at the moment. Please try again.")
        return self._own.begin(subjects)

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


class _Busy(Exception):
    """As many are in progress as may still fail."""


class _Counters:
    """Failures of the last minute and attempts in progress, of addresses and names."""

    def __init__(self, storage: MemoryStorage | RedisStorage, limit: int, window: int) -> None:
        self._storage = storage
        self._limiter = MovingWindowRateLimiter(storage)
        self._item = RateLimitItemPerSecond(limit, window)

    def begin(self, subjects: list[Subject]) -> End:
        """Add an attempt to those in progress of all subjects, or of none.

        :returns: ends the attempt.
        :raises TooManyFailures: one of them has failed too often.
        :raises _Busy: one of them would, if all that are in progress failed.
        """
        for subject in subjects:
            self._remaining(subject)
        begun: list[Subject] = []
        try:
            for subject in subjects:
                in_progress = self._add(subject, 1)
                begun.append(subject)
                # Read after that, since an attempt that ends counts as failed before it isn't in
                # progress any more.
                if in_progress > self._remaining(subject):
                    raise _Busy
        except (TooManyFailures, _Busy):
            self._end(begun, failed=False)
            raise
        return partial(self._end, subjects)

    def _remaining(self, subject: Subject) -> int:
        """:raises TooManyFailures: no more may fail."""
        remaining = self._limiter.get_window_stats(self._item, *subject).remaining
        if remaining <= 0:
            raise TooManyFailures(subject[0])
        return remaining

    def _end(self, subjects: list[Subject], failed: bool) -> None:
        for subject in subjects:
            if failed:
                self._limiter.hit(self._item, *subject)
            self._add(subject, -1)

    def _add(self, subject: Subject, number: int) -> int:
        """Add to the attempts in progress, and return how many there are."""
        return self._storage.incr("/".join((*subject, "in progress")), MAX_CHECK, number)


class _CountersInMemory(_Counters):
    """Counters of one process."""

    def __init__(self, limit: int, window: int) -> None:
        self.memory = _Memory()
        super().__init__(self.memory, limit, window)
        self._latest = 0.0

    def begin(self, subjects: list[Subject]) -> End:
        with self.memory.lock:
            now = time.time()
            if now < self._latest - 1:  # the clock was put back: failures would count for too long
                self.memory.reset()
            self._latest = now
            return super().begin(subjects)

    def _end(self, subjects: list[Subject], failed: bool) -> None:
        with self.memory.lock:
            super()._end(subjects, failed)
            while len(self.memory.events) > MAX_SUBJECTS:
                self.memory.clear(next(iter(self.memory.events)))

    def _add(self, subject: Subject, number: int) -> int:
        in_progress = super()._add(subject, number)
        if in_progress <= 0:
            self.memory.clear("/".join((*subject, "in progress")))
        return in_progress


class _Memory(MemoryStorage):
    """Storage whose thread, which removes what is over, waits while others use it."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        super().__init__()

    def _MemoryStorage__expire_events(self) -> None:  # noqa: N802 (so it is called there)
        with self.lock:
            super()._MemoryStorage__expire_events()  # type: ignore[misc]


def connect(redis_url: str) -> Redis:
    """Return a client of Redis; no connection is made yet.

    :raises RedisMissing: its package isn't installed.
    :raises ConfigurationError: the URL can't be used.
    """
    try:
        import redis
        from redis.backoff import NoBackoff
        from redis.retry import Retry
    except ImportError:
        raise RedisMissing from None
    try:
        for name, _ in parse_qsl(urlsplit(redis_url).query):
            if not REDIS_OPTIONS.fullmatch(name):
                raise ConfigurationError(
                    f"The URL login_limit_redis has the unknown option {name}. Remove it."
                )
        client = redis.Redis.from_url(
            redis_url.replace("redis+unix://", "unix://", 1),
            socket_timeout=REDIS_TIMEOUT,
            socket_connect_timeout=REDIS_TIMEOUT,
            # A connection that Redis has closed meanwhile is replaced; nobody waits twice.
            retry=Retry(NoBackoff(), 1, (redis.ConnectionError,)),
        )
        pool = client.connection_pool
        pool.connection_class(**pool.connection_kwargs)  # reads the values of options
    except (AttributeError, TypeError, ValueError, redis.RedisError):
        raise ConfigurationError(
            "The URL login_limit_redis can't be read. It looks like "
            "redis://:password@host:6379/0; in its password write %40 for @ and %2F for /."
        ) from None
    return client


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
