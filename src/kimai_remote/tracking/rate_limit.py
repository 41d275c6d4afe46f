"""A limit on failed logins by network address and by name: of one process, or of all by Redis."""

from __future__ import annotations

import ipaddress
import logging
import random
import re
import secrets
import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol
from urllib.parse import parse_qsl, urlsplit

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
        window: float = WINDOW,
    ) -> None:
        self._limit = limit
        self._pseudonym = pseudonym
        self._own = _InMemory(limit, window)
        self._shared = _InRedis(connect(redis_url), limit, window) if redis_url else None
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


class _Counters(Protocol):
    """Failures of the last minute and attempts in progress, of addresses and names."""

    def begin(self, subjects: list[Subject]) -> End:
        """Add an attempt to those in progress of all subjects, or of none.

        :raises TooManyFailures: one of them has failed too often.
        :raises _Busy: one of them would, if all that are in progress failed.
        """


@dataclass(slots=True)
class _Counts:
    """Counters of one address or name."""

    in_progress: int = 0
    #: When they failed, the oldest first.
    failures: deque[float] = field(default_factory=deque)


class _InMemory:
    """Counters of one process. Their clock can't be put back."""

    def __init__(self, limit: int, window: float) -> None:
        self._limit, self._window = limit, window
        self._counts: OrderedDict[Subject, _Counts] = OrderedDict()
        self._lock = threading.Lock()

    def begin(self, subjects: list[Subject]) -> End:
        with self._lock:
            counted = {each: self._counts.get(each) or _Counts() for each in subjects}
            for (kind, _), counts in counted.items():
                while counts.failures and counts.failures[0] <= time.monotonic() - self._window:
                    counts.failures.popleft()
                if len(counts.failures) >= self._limit:
                    raise TooManyFailures(kind)
            if any(
                len(each.failures) + each.in_progress >= self._limit for each in counted.values()
            ):
                raise _Busy
            for subject, counts in counted.items():
                counts.in_progress += 1
                self._counts[subject] = counts
                self._counts.move_to_end(subject)
            while len(self._counts) > MAX_SUBJECTS:
                self._counts.popitem(last=False)

        def end(failed: bool) -> None:
            with self._lock:
                for subject, counts in counted.items():
                    counts.in_progress -= 1
                    if failed:
                        counts.failures.append(time.monotonic())
                    elif not counts.failures and not counts.in_progress:
                        self._counts.pop(subject, None)

        return end


class _InRedis:
    """Counters in Redis, by its clock. Each address and name has two sorted sets of attempts with
    their times: of failures, and of what is in progress."""

    #: Returns which subject doesn't allow the attempt, from 1, and whether because of failures.
    _BEGIN = """
        local id, limit, window, max_check = ARGV[1], tonumber(ARGV[2]), ARGV[3], ARGV[4]
        local time = redis.call('TIME')
        local now, busy = time[1] + time[2] / 1000000, false
        for i = 1, #KEYS, 2 do
            local failures, in_progress = KEYS[i], KEYS[i + 1]
            redis.call('ZREMRANGEBYSCORE', failures, '-inf', now - window)
            redis.call('ZREMRANGEBYSCORE', in_progress, '-inf', now - max_check)
            redis.call('ZREM', in_progress, id)
            local failed = redis.call('ZCARD', failures)
            if failed >= limit then
                return {(i + 1) / 2, 1}
            end
            if failed + redis.call('ZCARD', in_progress) >= limit then
                busy = (i + 1) / 2
            end
        end
        if busy then
            return {busy, 0}
        end
        for i = 2, #KEYS, 2 do
            redis.call('ZADD', KEYS[i], now, id)
            redis.call('EXPIRE', KEYS[i], max_check)
        end
        return false
    """
    _END = """
        local id, failed, window = ARGV[1], ARGV[2] == '1', ARGV[3]
        local time = redis.call('TIME')
        local now = time[1] + time[2] / 1000000
        for i = 1, #KEYS, 2 do
            redis.call('ZREM', KEYS[i + 1], id)
            if failed then
                redis.call('ZADD', KEYS[i], now, id)
                redis.call('EXPIRE', KEYS[i], math.ceil(window))
            end
        end
    """

    def __init__(self, redis: Redis, limit: int, window: float) -> None:
        self._limit, self._window = limit, window
        self._begin = redis.register_script(self._BEGIN)
        self._end = redis.register_script(self._END)

    def begin(self, subjects: list[Subject]) -> End:
        keys = [
            f"kimai-remote:{kind}:{pseudonym}:{counter}"
            for kind, pseudonym in subjects
            for counter in ("failed", "in progress")
        ]
        # If the connection is lost, the script may run twice.
        attempt = secrets.token_hex(8)
        refusal = self._begin(keys, [attempt, self._limit, self._window, MAX_CHECK])
        if refusal:
            subject, has_failed = refusal
            raise TooManyFailures(subjects[subject - 1][0]) if has_failed else _Busy

        def end(failed: bool) -> None:
            self._end(keys, [attempt, int(failed), self._window])

        return end


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
