"""The installations of one comparison: the lower bound, Spyne, this checkout and another one."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from support.server import ROOT

from . import data, installations
from .client import Call, Scenario
from .installations import Checkout, Installation, Store

THIS, BASELINE = "this", "baseline"
#: In Granian as it is, and behind this program's adapter to it.
LOWER_BOUND, BEHIND_ADAPTER = "bound", "bound+adapter"
SPYNE = {"SOAP doc": "spyne_soap", "Spyne JSON": "spyne_json"}


def checkouts(baseline: Path | None) -> dict[str, Checkout]:
    """Return this checkout, and the baseline if there is one, by name."""
    found = {THIS: Checkout(ROOT)}
    if baseline is not None:
        found[BASELINE] = Checkout(baseline.resolve())
    return found


@contextmanager
def installed(
    name: str,
    checkout: Checkout,
    kind: str,
    directory: Path,
    fill: Callable[[Store], None],
    **settings: str,
) -> Iterator[Installation]:
    """An installation of a checkout, with a database that it made and ``fill`` filled; not yet
    started."""
    own = directory / name.replace(" ", "-")
    own.mkdir()
    with installations.store(kind, name.replace(" ", "_"), own) as store:
        installation = installations.of_checkout(name, checkout, store, own, settings)
        if kind == "adopted":
            fill(store)
            installation.cli("db", "upgrade")
        else:
            installation.start()  # creates the schema
            installation.stop()
            _empty(store)
            fill(store)
            installation.cli("db", "recount")
        store.analyze()
        yield installation


def _empty(store: Store) -> None:
    """Remove what the first start inserted."""
    store.run(*(f'DELETE FROM "{{p}}{name}"' for name in ("groups_users", "users", "groups")))


@contextmanager
def running(installation: Installation) -> Iterator[Installation]:
    installation.start()
    try:
        yield installation
    finally:
        installation.stop()


@contextmanager
def small(
    kind: str,
    directory: Path,
    baseline: Path | None,
    fill: Callable[[Store], None] | None = None,
    *,
    spyne: bool = True,
) -> Iterator[dict[str, Installation]]:
    """All installations on one kind of database, with the small data, by name.

    :param fill: adds to the data.
    """
    with ExitStack() as stack:
        found: dict[str, Installation] = {}

        def filled(kimai_keys: bool) -> Callable[[Store], None]:
            def work(store: Store) -> None:
                data.fill_small(store, kimai_keys=kimai_keys)
                if fill is not None:
                    fill(store)

            return work

        programs = checkouts(baseline)
        # The lower bound has a database that this checkout made, with a key of Kimai's.
        bound = stack.enter_context(
            installed("bound", programs[THIS], kind, directory, filled(True))
        )
        for name, program in (
            (LOWER_BOUND, "lower_bound"),
            (BEHIND_ADAPTER, "lower_bound_behind_adapter"),
        ):
            one = installations.of_reference(name, program, bound.store, bound.directory)
            found[name] = stack.enter_context(running(one))
            one.keys = data.KIMAI_KEYS
        for name, checkout in programs.items():
            one = stack.enter_context(
                installed(name, checkout, kind, directory, filled(kind == "adopted"))
            )
            stack.enter_context(running(one))
            one.keys = {who: log_in(one, who) for who in data.KIMAI_KEYS}
            found[name] = one
        if spyne:
            this = found[THIS]
            for program in SPYNE.values():
                one = installations.of_reference(program, program, this.store, this.directory)
                found[program] = stack.enter_context(running(one))
                one.keys = this.keys
        yield found


def log_in(installation: Installation, name: str) -> str:
    """Return the API key that an installation gives to a user or customer."""
    installation.client.reconnect()
    body = Scenario("JSON", "", [login(installation, name)]).check(installation.client)
    key: str = json.loads(body)["result"]["items"][0]["apiKey"]
    return key


def login(installation: Installation, name: str) -> Call:
    secret = data.password(installation.store)
    return Call("authenticate", {"username": name, "password": secret}, needs_key=False)
