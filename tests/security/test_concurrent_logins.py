"""Logins at the same time: no lock is held while a password is checked."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from accounts import REFUSED, kimai_hash, password_changed
from sqlalchemy import select

from kimai_remote.storage import models as m
from kimai_remote.tracking.passwords import PasswordHasher
from support.remotes import JsonRemote
from support.world import PASSWORD, World

#: Seconds in which a call that waits for nothing ends, on a slow machine too.
SOON = 5


@dataclass
class Gate:
    """Password checks of one thread wait here, until it is opened."""

    reached: threading.Event = field(default_factory=threading.Event)
    opened: threading.Event = field(default_factory=threading.Event)


@contextmanager
def waiting_checks(
    monkeypatch: pytest.MonkeyPatch, method: str = "_verify"
) -> Iterator[Callable[..., tuple[Gate, Future[Any]]]]:
    """Yield a function that starts a call in a thread whose password check waits at a gate."""
    gates: dict[int, Gate] = {}
    original = getattr(PasswordHasher, method)

    def waiting(self: PasswordHasher, *arguments: Any) -> Any:
        result = original(self, *arguments)
        gate = gates.pop(threading.get_ident(), None)
        if gate is not None:
            gate.reached.set()
            assert gate.opened.wait(60)
        return result

    monkeypatch.setattr(PasswordHasher, method, waiting)
    opened: list[Gate] = []
    with ThreadPoolExecutor() as pool:

        def start(call: Callable[..., Any], *arguments: Any) -> tuple[Gate, Future[Any]]:
            gate = Gate()
            opened.append(gate)

            def run() -> Any:
                gates[threading.get_ident()] = gate
                return call(*arguments)

            future = pool.submit(run)
            assert gate.reached.wait(SOON)
            return gate, future

        try:
            yield start
        finally:
            for gate in opened:
                gate.opened.set()


def soon(call: Callable[..., Any], *arguments: Any) -> Any:
    """Return the result of a call; raise TimeoutError if it waits for another one."""
    pool = ThreadPoolExecutor(1)
    try:
        return pool.submit(call, *arguments).result(SOON)
    finally:
        pool.shutdown(wait=False)


@pytest.mark.parametrize("password", [PASSWORD, "wrong"])
def test_a_password_check_delays_no_other_call(
    world: World, monkeypatch: pytest.MonkeyPatch, password: str
) -> None:
    """Not those of the same user either: from the delay, one could tell that the name exists."""
    remote = JsonRemote(world)
    with waiting_checks(monkeypatch) as start:
        gate, waiting = start(remote.call, "authenticate", "alice", password)
        calls: list[tuple[Any, ...]] = [
            ("authenticate", "alice", PASSWORD),
            ("authenticate", "nobody", "wrong"),
            ("startRecord", world.key("alice"), world.shop, world.coding),
            ("startRecord", world.key("ben"), world.shop, world.coding),
        ]
        results = [soon(remote.call, *call)["success"] for call in calls]
        assert results == [True, False, True, True]
        gate.opened.set()
        assert waiting.result(SOON)["success"] is (password == PASSWORD)


def test_a_new_hash_is_made_outside_of_any_lock(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    password_changed(world, "alice", kimai_hash(PASSWORD))
    remote = JsonRemote(world)
    with waiting_checks(monkeypatch, "hash") as start:
        gate, waiting = start(remote.call, "authenticate", "alice", PASSWORD)
        call = ("startRecord", world.key("alice"), world.shop, world.coding)
        assert soon(remote.call, *call)["success"]
        gate.opened.set()
        assert waiting.result(SOON)["success"]


def test_a_password_found_during_a_ban_is_not_told(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The ban counts as it is after the password check, whatever it was before."""
    remote = JsonRemote(world)
    with waiting_checks(monkeypatch) as start:
        gate, waiting = start(remote.call, "authenticate", "alice", PASSWORD)
        for _ in range(3):
            assert soon(remote.call, "authenticate", "alice", "wrong") == REFUSED
        gate.opened.set()
        assert waiting.result(SOON) == REFUSED


@pytest.mark.parametrize("change", [{"active": 0}, {"trash": 1}])
def test_an_account_closed_meanwhile_is_closed(
    world: World, monkeypatch: pytest.MonkeyPatch, change: dict[str, int]
) -> None:
    remote = JsonRemote(world)
    with waiting_checks(monkeypatch) as start:
        gate, waiting = start(remote.call, "authenticate", "alice", PASSWORD)
        soon(lambda: world.change(m.User, world.alice, **change))
        gate.opened.set()
        assert waiting.result(SOON) == REFUSED


@pytest.mark.parametrize(("changed_to", "success"), [("another", False), (PASSWORD, True)])
def test_a_password_changed_meanwhile_is_checked_again(
    world: World, monkeypatch: pytest.MonkeyPatch, changed_to: str, success: bool
) -> None:
    remote = JsonRemote(world)
    stored = PasswordHasher().hash(changed_to)
    with waiting_checks(monkeypatch) as start:
        gate, waiting = start(remote.call, "authenticate", "alice", PASSWORD)
        soon(password_changed, world, "alice", stored)
        gate.opened.set()
        assert waiting.result(SOON)["success"] is success


def test_a_new_hash_never_replaces_a_changed_password(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    password_changed(world, "alice", kimai_hash(PASSWORD))
    remote = JsonRemote(world)
    with waiting_checks(monkeypatch, "hash") as start:
        gate, waiting = start(remote.call, "authenticate", "alice", PASSWORD)
        soon(password_changed, world, "alice", "changed")
        gate.opened.set()
        assert waiting.result(SOON)["success"]
    query = select(m.User.password).where(m.User.userID == world.alice)
    assert world.execute(query) == [("changed",)]


def test_of_many_guesses_at_once_only_as_many_as_allowed_are_answered(world: World) -> None:
    """All are checked before the first is counted, as if each had a server of its own."""
    remote, guesses = JsonRemote(world), 12
    together = threading.Barrier(guesses)
    original = PasswordHasher.matches
    matched: list[bool] = []

    def matches(self: PasswordHasher, password: str, stored: str | None) -> bool:
        result = original(self, password, stored)
        together.wait(60)
        return result

    with pytest.MonkeyPatch.context() as patch, ThreadPoolExecutor(guesses) as pool:
        patch.setattr(PasswordHasher, "matches", matches)
        passwords = ["wrong"] * (guesses - 1) + [PASSWORD]
        results = pool.map(lambda each: remote.call("authenticate", "alice", each), passwords)
        matched = [result["success"] for result in results]
    assert sum(matched) <= 1
    ((failures,),) = world.execute(select(m.User.ban).where(m.User.userID == world.alice))
    assert failures == 3
    assert remote.call("authenticate", "alice", PASSWORD) == REFUSED
