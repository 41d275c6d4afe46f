"""The limit on failed logins by network address and name, in one process and by Redis."""

from __future__ import annotations

import logging
import os
import secrets
import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from typing import Any

import pytest
import requests
from accounts import REFUSED
from redis.exceptions import RedisError

from kimai_remote.config import Settings
from kimai_remote.config.settings import InvalidSetting
from kimai_remote.errors import ConfigurationError, TooManyFailures, Unavailable
from kimai_remote.storage.transactions import Database
from kimai_remote.tracking import rate_limit
from kimai_remote.tracking.authentication import ApiKeyDeriver
from kimai_remote.tracking.passwords import PasswordHasher
from kimai_remote.tracking.rate_limit import LoginLimit, RedisMissing, network
from support.processes import wait_until
from support.remotes import JsonRemote
from support.requirements import missing
from support.server import free_port, serving
from support.world import PASSWORD, World

pytestmark = [pytest.mark.slow, pytest.mark.one_database]

FROM_ADDRESS = "Too many failed logins from your address. Please wait a minute."
WITH_NAME = "Too many failed logins with this name. Please wait a minute."
#: A database of its own, on the Redis of this machine.
REDIS = os.environ.get("KIMAI_REMOTE_TEST_REDIS", "redis://127.0.0.1:6379/15")


@pytest.fixture
def redis_url() -> str:
    try:
        rate_limit.connect(REDIS).ping()
    except RedisError:
        missing(f"no Redis for tests at {REDIS}")
    return REDIS


@pytest.fixture
def pseudonym() -> Callable[[str, str], str]:
    """Of a server with a secret of its own, so that tests don't count for each other."""
    return ApiKeyDeriver(secrets.token_bytes(32)).pseudonym


@pytest.fixture(params=["memory", "redis"])
def make_limit(
    request: pytest.FixtureRequest, pseudonym: Callable[[str, str], str]
) -> Callable[..., LoginLimit]:
    """Makes limits; those of one test count together if Redis counts."""
    url = request.getfixturevalue("redis_url") if request.param == "redis" else ""

    def make(limit: int, **options: Any) -> LoginLimit:
        return LoginLimit(limit, pseudonym, redis_url=url, **options)

    return make


def passes(limit: LoginLimit, address: str, name: str, *, fails: bool = True) -> bool:
    """Return whether an attempt comes through."""
    try:
        with limit.attempt(address, name) as attempt:
            attempt.failed = fails
    except TooManyFailures:
        return False
    return True


@contextmanager
def in_progress(limit: LoginLimit, count: int, *, fails: bool = False) -> Iterator[None]:
    """Attempts from 192.0.2.1 with the name alice that end with the context."""
    with ExitStack() as stack:
        for _ in range(count):
            stack.enter_context(limit.attempt("192.0.2.1", "alice")).failed = fails
        yield


def test_failures_are_counted_by_address(make_limit: Callable[..., LoginLimit]) -> None:
    limit = make_limit(3)
    assert [passes(limit, "192.0.2.1", f"name{n}") for n in range(5)] == [True] * 3 + [False] * 2
    assert passes(limit, "192.0.2.2", "name9")


def test_failures_are_counted_by_name(make_limit: Callable[..., LoginLimit]) -> None:
    limit = make_limit(3)
    came = [passes(limit, f"192.0.2.{n}", "alice") for n in range(5)]
    assert came == [True] * 3 + [False] * 2
    # Attempts that were refused don't count for their addresses.
    assert [passes(limit, "192.0.2.4", f"name{n}") for n in range(4)] == [True] * 3 + [False]


def test_what_succeeds_doesnt_count(make_limit: Callable[..., LoginLimit]) -> None:
    limit = make_limit(2)
    assert all(passes(limit, "192.0.2.1", "alice", fails=False) for _ in range(10))
    assert [passes(limit, "192.0.2.1", "alice") for _ in range(3)] == [True, True, False]


def test_a_defect_is_no_failure(make_limit: Callable[..., LoginLimit]) -> None:
    limit = make_limit(1)
    for _ in range(3):
        with pytest.raises(ZeroDivisionError), limit.attempt("192.0.2.1", "alice"):
            raise ZeroDivisionError
    assert passes(limit, "192.0.2.1", "alice")


@pytest.mark.parametrize("fails", [True, False])
def test_many_attempts_at_once(make_limit: Callable[..., LoginLimit], fails: bool) -> None:
    """Of those that fail exactly as many are begun as may. None that succeeds is refused."""
    limit = make_limit(5)
    together = threading.Barrier(40)
    running, most = set[int](), 0

    def attempt(number: int) -> bool:
        nonlocal most
        together.wait()
        try:
            with limit.attempt("192.0.2.1", f"name{number}") as attempt:
                running.add(number)
                most = max(most, len(running))
                time.sleep(0.01)
                running.remove(number)
                attempt.failed = fails
        except TooManyFailures:
            return False
        return True

    with ThreadPoolExecutor(40) as pool:
        assert sum(pool.map(attempt, range(40))) == (5 if fails else 40)
    assert most <= 5


def test_successes_among_failures(make_limit: Callable[..., LoginLimit]) -> None:
    """Whoever waits learns at once that nothing may fail any more."""
    limit = make_limit(3)
    with ThreadPoolExecutor(1) as pool:
        with in_progress(limit, 3, fails=True):
            waiting = pool.submit(passes, limit, "192.0.2.1", "another")
            time.sleep(0.2)
            assert not waiting.done()
        assert waiting.result() is False


def test_nobody_waits_for_long(
    make_limit: Callable[..., LoginLimit], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rate_limit, "MAX_WAIT", 0.2)
    limit = make_limit(2)
    with in_progress(limit, 2):
        for address, name in [("192.0.2.1", "ben"), ("192.0.2.2", "alice")]:
            with pytest.raises(Unavailable, match="Too many logins at once"):
                passes(limit, address, name)
        # Nothing is kept of who waited.
        assert passes(limit, "192.0.2.2", "ben", fails=False)
    assert passes(limit, "192.0.2.1", "alice")


def test_who_waits_for_one_subject_takes_no_place_of_the_other(
    make_limit: Callable[..., LoginLimit], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rate_limit, "MAX_WAIT", 2)
    limit = make_limit(1)
    with ThreadPoolExecutor(1) as pool, in_progress(limit, 1):
        waiting = pool.submit(passes, limit, "192.0.2.2", "alice")
        time.sleep(0.1)
        assert passes(limit, "192.0.2.2", "ben", fails=False)
    assert waiting.result()


def test_a_failure_counts_for_exactly_a_minute(make_limit: Callable[..., LoginLimit]) -> None:
    limit = make_limit(5, window=1)
    passed: list[tuple[float, float]] = []
    until = time.monotonic() + 2.5
    while (before := time.monotonic()) < until:
        if passes(limit, "192.0.2.1", f"name{len(passed)}"):
            passed.append((before, time.monotonic()))
        time.sleep(0.01)
    assert len(passed) >= 10  # the time of the first ones has ended
    pairs = zip(passed, passed[5:], strict=False)
    assert all(after - before > 0.99 for (before, _), (_, after) in pairs)


def test_the_minute_begins_with_the_end_of_the_attempt(
    make_limit: Callable[..., LoginLimit],
) -> None:
    limit = make_limit(2, window=1)
    with in_progress(limit, 2, fails=True):
        time.sleep(1.1)
    assert not passes(limit, "192.0.2.1", "alice")
    time.sleep(1.1)
    assert [passes(limit, "192.0.2.1", "alice") for _ in range(3)] == [True, True, False]


def test_no_limit(make_limit: Callable[..., LoginLimit]) -> None:
    limit = make_limit(0)
    assert all(passes(limit, "192.0.2.1", "alice") for _ in range(1000))


def test_processes_count_together_by_redis(
    redis_url: str, pseudonym: Callable[[str, str], str]
) -> None:
    limits = [LoginLimit(3, pseudonym, redis_url=redis_url) for _ in range(3)]
    came = [passes(limit, "192.0.2.1", "alice") for limit in limits * 2]
    assert came == [True] * 3 + [False] * 3
    another = LoginLimit(3, ApiKeyDeriver(secrets.token_bytes(32)).pseudonym, redis_url=redis_url)
    assert passes(another, "192.0.2.1", "alice")  # of another installation


def test_a_process_that_is_killed_takes_its_places_for_a_while(
    redis_url: str, pseudonym: Callable[[str, str], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rate_limit, "MAX_CHECK", 1)
    limit = LoginLimit(1, pseudonym, redis_url=redis_url)
    killed = limit.attempt("192.0.2.1", "alice")
    killed.__enter__()
    started = time.monotonic()
    assert passes(limit, "192.0.2.1", "alice")
    assert 0.2 < time.monotonic() - started < rate_limit.MAX_WAIT


def test_redis_has_neither_names_nor_addresses(redis_url: str) -> None:
    client = rate_limit.connect(redis_url)
    marker = secrets.token_hex(8)
    limit = LoginLimit(3, lambda kind, _: f"{marker}-{kind}", redis_url=redis_url)
    with limit.attempt("192.0.2.1", "alice") as attempt:
        attempt.failed = True
        stored = set(client.scan_iter(f"*{marker}*"))
        assert stored == {
            f"kimai-remote:{kind}/{marker}-{kind}/in progress".encode()
            for kind in ("address", "name")
        }
        assert all(0 < client.ttl(key) <= 60 for key in stored)
    stored = set(client.scan_iter(f"*{marker}*"))
    # Beside those that are at 0 until they expire.
    names = ("alice", "192.0.2.1")
    assert len(stored) == 4
    assert not any(name.encode() in key for key in stored for name in names)
    assert all(0 < client.ttl(key) <= 60 for key in stored)
    values = [client.dump(key) or b"" for key in stored]
    assert not any(name.encode() in value for value in values for name in names)


@contextmanager
def hanging_redis() -> Iterator[str]:
    """A server that takes connections and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"redis://:top-secret@127.0.0.1:{server.getsockname()[1]}/0"


@contextmanager
def closed_redis() -> Iterator[str]:
    yield f"redis://:top-secret@127.0.0.1:{free_port()}/0"


@pytest.mark.parametrize("away", [hanging_redis, closed_redis])
def test_while_redis_is_away_each_process_counts(
    away: Any, pseudonym: Callable[[str, str], str], caplog: pytest.LogCaptureFixture
) -> None:
    with away() as url, caplog.at_level(logging.INFO):
        limit = LoginLimit(5, pseudonym, redis_url=url)
        started = time.monotonic()
        came = [passes(limit, "192.0.2.1", f"name{n}") for n in range(100)]
        assert time.monotonic() - started < 1  # only the first one has waited, half a second
        assert came == [True] * 5 + [False] * 95
    (line,) = caplog.messages
    assert "each process counts by itself" in line
    assert "top-secret" not in line


@pytest.mark.parametrize("away", [hanging_redis, closed_redis])
def test_while_redis_is_away_nobody_logs_in_if_so_configured(
    away: Any, pseudonym: Callable[[str, str], str], caplog: pytest.LogCaptureFixture
) -> None:
    with away() as url, caplog.at_level(logging.INFO):
        limit = LoginLimit(5, pseudonym, redis_url=url, refuses_without_redis=True)
        for _ in range(100):
            with pytest.raises(Unavailable, match="Nobody can log in"):
                passes(limit, "192.0.2.1", "alice")
    (line,) = caplog.messages
    assert "nobody can log in" in line


def test_redis_counts_again_once_it_is_back(
    redis_url: str,
    pseudonym: Callable[[str, str], str],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(rate_limit, "RETRY_AFTER", 0)
    limit = LoginLimit(1, pseudonym, redis_url=redis_url)
    with monkeypatch.context() as patch, caplog.at_level(logging.INFO):

        def fail(*_: Any, **__: Any) -> None:
            raise ConnectionRefusedError(111, "Connection refused")

        patch.setattr(socket, "socket", fail)
        patch.setattr(socket, "getaddrinfo", fail)
        assert [passes(limit, "192.0.2.1", "alice") for _ in range(2)] == [True, False]
    with caplog.at_level(logging.INFO):
        assert [passes(limit, "192.0.2.1", "alice") for _ in range(2)] == [True, False]
    assert [text[:20] for text in caplog.messages] == [
        "Redis doesn't count ",
        "Redis counts failed ",
    ]


def test_the_memory_of_a_process_is_bounded(
    pseudonym: Callable[[str, str], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rate_limit, "MAX_SUBJECTS", 100)
    limit = LoginLimit(1, pseudonym)
    threads = threading.active_count()

    def attempt(number: int) -> bool:
        return passes(limit, f"10.{number >> 8}.{number & 255}.1", f"name{number}")

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(attempt, range(2_000)))
    memory = limit._own.memory
    assert max(map(len, (memory.events, memory.storage, memory.expirations, memory.locks))) <= 200
    wait_until(lambda: threading.active_count() <= threads)
    assert attempt(5_000)
    assert not attempt(5_000)
    assert attempt(0)  # the oldest is forgotten first


def test_the_memory_of_a_process_keeps_failures_only(
    pseudonym: Callable[[str, str], str],
) -> None:
    limit = LoginLimit(1, pseudonym)
    assert passes(limit, "192.0.2.1", "alice", fails=False)
    memory = limit._own.memory
    assert not any((memory.events, memory.storage, memory.expirations))


def test_a_clock_that_is_put_back_keeps_nobody_out(
    pseudonym: Callable[[str, str], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now)
    limit = LoginLimit(1, pseudonym, window=1)
    assert [passes(limit, "192.0.2.1", "alice") for _ in range(2)] == [True, False]
    now -= 86_400
    time.sleep(1.1)
    assert passes(limit, "192.0.2.1", "alice")


@pytest.mark.parametrize(
    "url",
    [
        "redis://host:port/0",
        "redis://[::1/0",
        "redis://:a/b@host/0",
        "redis://host/0?socket_timeout=soon",
        "redis://host/0?protocol=9",
        "rediss://host/0?ssl_cert_reqs=perhaps",
        "redis://host/0?ssl_keyfile=key.pem",
    ],
)
def test_a_url_that_cant_be_read(url: str, pseudonym: Callable[[str, str], str]) -> None:
    with pytest.raises(ConfigurationError, match="login_limit_redis can't be read"):
        LoginLimit(1, pseudonym, redis_url=url)


@pytest.mark.parametrize("option", ["foo=bar", "retry=3", "connection_class=x", "encoding=x"])
def test_unknown_options_in_a_url(option: str, pseudonym: Callable[[str, str], str]) -> None:
    with pytest.raises(ConfigurationError, match=f"has the unknown option {option[:3]}"):
        LoginLimit(1, pseudonym, redis_url=f"redis://host/0?{option}")


def test_options_in_a_url() -> None:
    client = rate_limit.connect(
        "rediss://host/0?ssl_ca_certs=ca.pem&client_name=kimai&socket_timeout=2&health_check_interval=9"
    )
    assert client.get_connection_kwargs()["socket_timeout"] == 2


def test_a_url_of_something_else() -> None:
    with pytest.raises(InvalidSetting, match="must begin with redis://, rediss:// or redis"):
        Settings(login_limit_redis="postgresql://host/0")


def test_without_the_package(
    pseudonym: Callable[[str, str], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("redis", "redis.backoff", "redis.retry"):
        monkeypatch.setitem(__import__("sys").modules, name, None)
    with pytest.raises(RedisMissing, match="The package redis is missing"):
        LoginLimit(1, pseudonym, redis_url=REDIS)
    LoginLimit(1, pseudonym)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff::9", True),
        ("2001:db8:1:2::1", "2001:db8:1:3::1", False),
        ("::ffff:192.0.2.1", "192.0.2.1", True),
        ("fe80::1%eth0", "fe80::2%eth1", True),
        ("192.0.2.1", "192.0.2.2", False),
        ("", "unix", False),
    ],
)
def test_addresses_that_share_a_limit(one: str, other: str, same: bool) -> None:
    assert (network(one) == network(other)) is same


# Through the API


def call_from(address: str, remote: JsonRemote, *credentials: str) -> str:
    """Return the text of the failure; "in" if there is none."""
    request = {"jsonrpc": "2.0", "id": 1, "method": "authenticate", "params": credentials}
    headers = {"X-Forwarded-For": address}
    response = remote.client.post("/core/json.php?types=native", json=request, headers=headers)
    result = response.get_json().get("result") or response.get_json()
    return "in" if result.get("success") else (result["error"].get("msg") or str(result["error"]))


@pytest.fixture
def limited(world: World) -> JsonRemote:
    """The service behind a proxy, with a limit of two."""
    world.set_option("loginTries", 0)
    world.settings = replace(world.settings, login_rate=2, trusted_proxies=1)
    return JsonRemote(world)


def test_the_limit_of_a_network_address(limited: JsonRemote) -> None:
    refused = REFUSED["error"]["msg"]
    assert [call_from("192.0.2.1", limited, f"name{n}", "wrong") for n in range(3)] == [
        refused,
        refused,
        FROM_ADDRESS,
    ]
    assert call_from("192.0.2.1", limited, "ben", PASSWORD) == FROM_ADDRESS
    assert call_from("192.0.2.2", limited, "ben", PASSWORD) == "in"


@pytest.mark.parametrize("name", ["alice", "nobody", "Acme"])
def test_the_limit_of_a_name(limited: JsonRemote, name: str) -> None:
    """It is the same whether the name exists or not, and however it is written."""
    forms = [name, name.upper(), f"{name} ", name.title()]
    texts = [call_from(f"192.0.2.{n}", limited, form, "wrong") for n, form in enumerate(forms)]
    assert texts == [REFUSED["error"]["msg"]] * 2 + [WITH_NAME] * 2


@pytest.mark.parametrize("hidden", ["\u200b", "\u00ad", "\u0001", "\u0332", "\u06de"])
def test_characters_that_a_collation_ignores(limited: JsonRemote, hidden: str) -> None:
    forms = ["alice", f"al{hidden}ice", f"alice{hidden * 900}"]
    texts = [call_from(f"192.0.2.{n}", limited, form, "wrong") for n, form in enumerate(forms)]
    assert texts == [REFUSED["error"]["msg"]] * 2 + [WITH_NAME]


def test_the_limit_of_a_name_longer_than_any(limited: JsonRemote) -> None:
    names = [f"{'x' * 1_000}{n}" for n in range(4)]
    texts = [call_from(f"192.0.2.{n}", limited, name, "wrong") for n, name in enumerate(names)]
    assert texts == [REFUSED["error"]["msg"]] * 2 + [WITH_NAME] * 2


def test_logins_that_succeed_dont_count(limited: JsonRemote) -> None:
    assert [call_from("192.0.2.1", limited, "alice", PASSWORD) for _ in range(5)] == ["in"] * 5
    assert call_from("192.0.2.1", limited, "alice", "wrong") == REFUSED["error"]["msg"]
    assert call_from("192.0.2.1", limited, "alice", PASSWORD) == "in"


def test_threads_share_the_limit_from_the_start(world: World) -> None:
    """Made at the first login, each of several threads could get one of its own."""
    assert "login_limit" in vars(world.service)


def test_correct_logins_at_once(limited: JsonRemote) -> None:
    """Each is checked, though only two may fail, and none waits in a transaction."""
    with ThreadPoolExecutor(12) as pool:
        texts = list(
            pool.map(lambda _: call_from("192.0.2.1", limited, "ben", PASSWORD), range(24))
        )
    assert texts == ["in"] * 24


def test_a_login_that_waits_has_no_transaction(
    limited: JsonRemote, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun: list[Any] = []
    checking, go_on = threading.Barrier(3), threading.Event()

    def matches(*_: Any) -> bool:
        checking.wait()
        go_on.wait()
        return False

    with ThreadPoolExecutor(3) as pool:
        monkeypatch.setattr(PasswordHasher, "matches", matches)
        others = [
            pool.submit(call_from, "192.0.2.1", limited, name, "wrong") for name in ("ben", "acme")
        ]
        checking.wait()
        monkeypatch.setattr(rate_limit, "MAX_WAIT", 0.2)
        with monkeypatch.context() as patch:
            patch.setattr(Database, "execute", lambda *_, **__: begun.append(1))
            text = call_from("192.0.2.1", limited, "alice", PASSWORD)
        go_on.set()
        assert [each.result() for each in others] == [REFUSED["error"]["msg"]] * 2
    assert "Too many logins at once. Please try again." in text
    assert not begun


def test_a_defect_while_a_password_is_checked_is_no_failure(
    limited: JsonRemote, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any) -> None:
        raise ZeroDivisionError

    with monkeypatch.context() as patch:
        patch.setattr(PasswordHasher, "matches", fail)
        for _ in range(5):
            assert "Internal error" in call_from("192.0.2.1", limited, "alice", PASSWORD)
    assert call_from("192.0.2.1", limited, "alice", PASSWORD) == "in"


def test_a_database_that_is_away_is_no_failure(
    limited: JsonRemote, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise Unavailable

    with monkeypatch.context() as patch:
        patch.setattr(Database, "execute", fail)
        for _ in range(5):
            assert "not available" in call_from("192.0.2.1", limited, "alice", PASSWORD)
    assert call_from("192.0.2.1", limited, "alice", PASSWORD) == "in"


def test_no_password_is_checked_past_the_limit(
    limited: JsonRemote, monkeypatch: pytest.MonkeyPatch
) -> None:
    checked: list[str] = []
    original = PasswordHasher.matches

    def matches(self: PasswordHasher, password: str, stored: str | None) -> bool:
        checked.append(password)
        return original(self, password, stored)

    monkeypatch.setattr(PasswordHasher, "matches", matches)
    for _ in range(5):
        call_from("192.0.2.1", limited, "alice", "wrong")
    assert len(checked) == 2


def test_logins_while_redis_is_away(world: World) -> None:
    with closed_redis() as url:
        world.settings = replace(
            world.settings, login_limit_redis=url, login_limit_fallback="refuse"
        )
        remote = JsonRemote(world)
        assert "Nobody can log in at the moment" in call_from("", remote, "alice", PASSWORD)
        assert remote.call("getUsers", world.key("alice"))["success"]
        world.settings = replace(world.settings, login_limit_fallback="process")
        assert call_from("", JsonRemote(world), "alice", PASSWORD) == "in"


# From outside


@pytest.mark.slow
def test_three_servers_of_two_processes_count_together(redis_url: str, tmp_path: Any) -> None:
    tries = 90
    environ = {
        "KIMAI_REMOTE_LOGIN_RATE": "5",
        "KIMAI_REMOTE_LOGIN_LIMIT_REDIS": redis_url,
        "KIMAI_REMOTE_WORKERS": "2",
        "KIMAI_REMOTE_SECRET": secrets.token_hex(16),
        "KIMAI_REMOTE_DATABASE_URL": f"sqlite:///{tmp_path / 'kimai.sqlite3'}",
    }
    with (
        serving(tmp_path, environ=environ) as one,
        serving(tmp_path, environ=environ) as two,
        serving(tmp_path, environ=environ) as three,
        ThreadPoolExecutor(30) as pool,
    ):
        urls = [one.json, two.json, three.json]

        def attempt(number: int) -> str:
            request = {"method": "authenticate", "params": [f"name{number}", "wrong"], "id": 1}
            response = requests.post(urls[number % 3], json=request, timeout=60)
            text: str = response.json()["result"]["error"]["msg"]
            return text

        texts = list(pool.map(attempt, range(tries)))
        assert len(one.workers) == 2
    assert texts.count(REFUSED["error"]["msg"]) == 5
    assert texts.count(FROM_ADDRESS) == tries - 5
