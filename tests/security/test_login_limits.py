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
from contextlib import contextmanager
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest
import requests
from accounts import REFUSED
from limits.storage import memory

from kimai_remote.config import Settings
from kimai_remote.config.settings import InvalidSetting
from kimai_remote.errors import ConfigurationError, TooManyFailures, Unavailable
from kimai_remote.storage.transactions import Database
from kimai_remote.tracking import rate_limit
from kimai_remote.tracking.authentication import ApiKeyDeriver
from kimai_remote.tracking.passwords import PasswordHasher
from kimai_remote.tracking.rate_limit import LoginLimit, RedisMissing, network
from support.remotes import JsonRemote
from support.requirements import missing
from support.server import free_port, serving
from support.world import PASSWORD, World

pytestmark = pytest.mark.one_database

FROM_ADDRESS = "Too many failed logins from your address. Please wait a minute."
WITH_NAME = "Too many failed logins with this name. Please wait a minute."
#: A database of its own, on the Redis of this machine.
REDIS = os.environ.get("KIMAI_REMOTE_TEST_REDIS", "redis://127.0.0.1:6379/15")


@pytest.fixture
def redis_url() -> str:
    storage = rate_limit.connect(REDIS)
    if not storage.check():
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


def passes(limit: LoginLimit, address: str, name: str) -> bool:
    """Return whether an attempt that fails comes through."""
    try:
        limit.reserve(address, name)
    except TooManyFailures:
        return False
    return True


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


def test_what_is_given_back_doesnt_count(make_limit: Callable[..., LoginLimit]) -> None:
    limit = make_limit(2)
    for _ in range(10):
        limit.reserve("192.0.2.1", "alice")()
    assert [passes(limit, "192.0.2.1", "alice") for _ in range(3)] == [True, True, False]


def test_attempts_at_once_are_counted_before_they_pass(
    make_limit: Callable[..., LoginLimit],
) -> None:
    limit = make_limit(5)
    together = threading.Barrier(40)

    def attempt(number: int) -> bool:
        together.wait()
        return passes(limit, "192.0.2.1", f"name{number}")

    with ThreadPoolExecutor(40) as pool:
        assert sum(pool.map(attempt, range(40))) == 5


def test_a_failure_counts_for_a_minute(make_limit: Callable[..., LoginLimit]) -> None:
    limit = make_limit(2, window=1)
    for _ in range(3):
        passes(limit, "192.0.2.1", "alice")
    assert not passes(limit, "192.0.2.1", "alice")
    time.sleep(2.1)
    assert passes(limit, "192.0.2.1", "alice")


def test_nothing_is_given_back_in_the_next_minute(make_limit: Callable[..., LoginLimit]) -> None:
    limit = make_limit(2, window=1)
    give_back = [limit.reserve("192.0.2.1", "alice") for _ in range(2)]
    time.sleep(2.1)
    for each in give_back:
        each()
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


def test_redis_has_neither_names_nor_addresses(
    redis_url: str, pseudonym: Callable[[str, str], str]
) -> None:
    storage = rate_limit.connect(redis_url)
    before = set(storage.get_connection().keys("*"))
    LoginLimit(3, pseudonym, redis_url=redis_url).reserve("192.0.2.1", "alice")
    stored = set(storage.get_connection().keys("*")) - before
    assert len(stored) == 2
    assert all(key.startswith(b"kimai-remote:") for key in stored)
    assert not any(b"alice" in key or b"192.0.2" in key for key in stored)
    assert all(0 < storage.get_connection().ttl(key) <= 120 for key in stored)


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
        assert time.monotonic() - started < 3  # only the first one has waited
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
                limit.reserve("192.0.2.1", "alice")
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
    for number in range(200):
        assert passes(limit, f"10.0.{number}.1", f"name{number}")
    storage: Any = limit._own.storage
    assert len(storage.expirations) <= 100
    assert len(storage.storage) <= 100
    assert len(storage.locks) <= 101
    assert not passes(limit, "10.0.199.1", "another")
    assert passes(limit, "10.0.0.1", "another")  # the oldest is forgotten first


def test_a_clock_that_is_put_back_keeps_nobody_out(
    pseudonym: Callable[[str, str], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    now = time.time()
    clock = SimpleNamespace(time=lambda: now)
    monkeypatch.setattr(memory, "time", clock)
    limit = LoginLimit(1, pseudonym)
    assert [passes(limit, "192.0.2.1", "alice") for _ in range(2)] == [True, False]
    now -= 86_400
    assert [passes(limit, "192.0.2.1", "alice") for _ in range(2)] == [True, False]
    now += 120
    assert passes(limit, "192.0.2.1", "alice")


@pytest.mark.parametrize("url", ["redis://host:port/0", "redis://[::1/0", "redis://:a/b@host/0"])
def test_a_url_that_cant_be_read(url: str, pseudonym: Callable[[str, str], str]) -> None:
    with pytest.raises(ConfigurationError, match="login_limit_redis can't be read"):
        LoginLimit(1, pseudonym, redis_url=url)


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


def test_the_limit_of_a_name_longer_than_any(limited: JsonRemote) -> None:
    names = [f"{'x' * 1_000}{n}" for n in range(4)]
    texts = [call_from(f"192.0.2.{n}", limited, name, "wrong") for n, name in enumerate(names)]
    assert texts == [REFUSED["error"]["msg"]] * 2 + [WITH_NAME] * 2


def test_logins_that_succeed_dont_count(limited: JsonRemote) -> None:
    assert [call_from("192.0.2.1", limited, "alice", PASSWORD) for _ in range(5)] == ["in"] * 5
    assert call_from("192.0.2.1", limited, "alice", "wrong") == REFUSED["error"]["msg"]
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
