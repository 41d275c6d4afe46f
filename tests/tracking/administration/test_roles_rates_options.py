"""Roles, statuses, rates, options and accounts, on each database."""

from __future__ import annotations

from decimal import Decimal

import pytest

from kimai_remote.errors import NotFound, Refused
from kimai_remote.storage import models as m
from kimai_remote.storage.rights import GLOBAL_RIGHTS
from kimai_remote.tracking import authentication
from kimai_remote.tracking.admin import accounts, kimai_options, rate_tables, roles, statuses
from kimai_remote.tracking.admin.entities import CUSTOMER, GLOBAL_ROLE, MEMBERSHIP_ROLE, USER
from kimai_remote.tracking.context import Options


@pytest.mark.parametrize("kind", [GLOBAL_ROLE, MEMBERSHIP_ROLE])
def test_roles(world, do, kind):
    right, other = roles.RIGHTS[kind][0], roles.RIGHTS[kind][-1]
    new = do(roles.add, kind, "Controller")
    assert (new["name"], new["rights"], new["users"]) == ("Controller", [], 0)
    assert do(roles.set_rights, kind, "Controller", [right, other], granted=True)["rights"] == [
        right,
        other,
    ]
    changed = do(roles.set_rights, kind, "Controller", [right], granted=False)
    assert changed["rights"] == [other]
    copy = do(roles.add, kind, "Copy", "Controller")
    assert copy["rights"] == [other]
    with pytest.raises(Refused, match="already"):
        do(roles.add, kind, "Copy")
    with pytest.raises(Refused, match="already"):
        do(roles.rename, kind, "Copy", "Controller")
    assert do(roles.rename, kind, "Copy", "Copied")["name"] == "Copied"
    assert do(roles.remove, kind, "Copied")["name"] == "Copied"
    with pytest.raises(NotFound):
        do(roles.show, kind, "Copied")


def test_patterns_of_rights(world, do):
    do(roles.add, GLOBAL_ROLE, "All")
    assert do(roles.set_rights, GLOBAL_ROLE, "All", ["*"], granted=True)["rights"] == list(
        GLOBAL_RIGHTS
    )
    left = do(roles.set_rights, GLOBAL_ROLE, "All", ["core-*", "ki_*"], granted=False)["rights"]
    assert left == [r for r in GLOBAL_RIGHTS if not r.startswith(("core-", "ki_"))]
    for wrong, text in {
        "ki_timesheet-acces": "Did you mean 'ki_timesheet-access'",
        "core-user-view": "It is a right of a membership role",
        "xyz*": "There is no right 'xyz",
    }.items():
        with pytest.raises(NotFound, match=text):
            do(roles.set_rights, GLOBAL_ROLE, "All", [wrong], granted=True)


def test_a_role_that_somebody_has_stays(world, do):
    do(roles.add, GLOBAL_ROLE, "Guest")
    do(accounts.edit_user, "gone", {}, role="Guest")
    with pytest.raises(Refused, match="1 user has the global role 'Guest'"):
        do(roles.remove, GLOBAL_ROLE, "Guest")
    with pytest.raises(Refused, match="have the membership role 'User'"):
        do(roles.remove, MEMBERSHIP_ROLE, "User")


def test_statuses(world, do):
    assert [row["status"] for row in do(statuses.listing)] == ["open", "review", "closed"]
    new = do(statuses.add, "billed")
    assert new == {"statusID": 4, "status": "billed", "entries": 0, "default": False}
    with pytest.raises(Refused, match="already"):
        do(statuses.add, "billed")
    assert do(statuses.rename, "billed", "invoiced")["status"] == "invoiced"
    world.add_entry(statusID=4)
    with pytest.raises(Refused, match="1 time entry has the status 'invoiced'"):
        do(statuses.remove, "invoiced")
    world.execute(m.TimeEntry.__table__.delete())
    do(kimai_options.change, "defaultStatusID", "invoiced")
    with pytest.raises(Refused, match="New time entries get the status"):
        do(statuses.remove, "4")
    do(kimai_options.change, "defaultStatusID", "1")
    assert do(statuses.remove, "4")["statusID"] == 4
    assert len(do(statuses.listing)) == 3


def test_rates(world, do):
    assert do(rate_tables.listing, rate_tables.HOURLY) == [
        {
            "rate": Decimal(60),
            "userID": None,
            "userName": None,
            "projectID": None,
            "projectName": None,
            "activityID": None,
            "activityName": None,
        }
    ]
    with pytest.raises(Refused, match="already"):
        do(rate_tables.add, rate_tables.HOURLY, {}, "70")
    do(rate_tables.add, rate_tables.HOURLY, {"user": "alice", "project": "Shop"}, "85.50")
    do(rate_tables.add, rate_tables.HOURLY, {"project": "Shop"}, "70")
    with pytest.raises(Refused, match="already"):
        do(rate_tables.add, rate_tables.HOURLY, {"project": "Shop"}, "70")
    found = [
        (row["userName"], row["projectName"]) for row in do(rate_tables.listing, rate_tables.HOURLY)
    ]
    assert found == [("alice", "Shop"), (None, "Shop"), (None, None)]
    whole = {"user": "alice", "project": "Shop", "activity": "Coding"}
    assert do(rate_tables.applicable, rate_tables.HOURLY, whole)["rate"] == Decimal("85.50")
    assert do(rate_tables.applicable, rate_tables.HOURLY, {**whole, "user": "ben"})["rate"] == 70
    assert do(rate_tables.applicable, rate_tables.HOURLY, {"user": "ben"})["rate"] == 60
    do(rate_tables.edit, rate_tables.HOURLY, {"project": "Shop"}, "0")
    assert do(rate_tables.applicable, rate_tables.HOURLY, {**whole, "user": "ben"})["rate"] == 0
    do(rate_tables.remove, rate_tables.HOURLY, {"project": "Shop"})
    for change in (rate_tables.remove, rate_tables.check_exists):
        with pytest.raises(NotFound):
            do(change, rate_tables.HOURLY, {"project": "Shop"})
    with pytest.raises(NotFound):
        do(rate_tables.edit, rate_tables.HOURLY, {"project": "Shop"}, "5")


def test_fixed_rates(do):
    assert do(rate_tables.listing, rate_tables.FIXED) == []
    with pytest.raises(NotFound, match="No rate applies"):
        do(rate_tables.applicable, rate_tables.FIXED, {"activity": "Coding"})
    do(rate_tables.add, rate_tables.FIXED, {"activity": "Coding"}, "180")
    do(rate_tables.add, rate_tables.FIXED, {"project": "Shop"}, "90")
    both = {"activity": "Coding", "project": "Shop"}
    assert do(rate_tables.applicable, rate_tables.FIXED, both)["rate"] == 180
    assert do(rate_tables.applicable, rate_tables.FIXED, {"project": "Shop"})["rate"] == 90


@pytest.mark.parametrize("amount", ["-1", "100000000", "x", "", "1.234", "NaN"])
def test_no_rate(do, amount):
    for table in (rate_tables.HOURLY, rate_tables.FIXED):
        with pytest.raises(Refused, match="rate"):
            do(rate_tables.add, table, {"project": "Shop"}, amount)


@pytest.mark.parametrize(
    ("name", "value", "stored"),
    [
        ("roundPrecision", "0", "0"),
        ("roundPrecision", " 015 ", "15"),
        ("allowRoundDown", "0", "0"),
        ("roundingMethod", "closest", "closest"),
        ("defaultStatusID", "review", "2"),
        ("defaultStatusID", "3", "3"),
        ("editLimit", "-", "-"),
        ("editLimit", "86400", "86400"),
        ("loginTries", "0", "0"),
        ("loginBanTime", "2147483647", "2147483647"),
        ("durationWithSeconds", "1", "1"),
    ],
)
def test_options(do, name, value, stored):
    before = do(kimai_options.get, name)["value"]
    record = do(kimai_options.change, name, value)
    assert (record["value"], record["before"]) == (stored, before)
    assert do(kimai_options.get, name)["value"] == stored
    assert do(kimai_options.unset, name)["before"] == stored
    assert do(kimai_options.get, name)["stored"] is False


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        ("roundPrecision", "-1", "roundPrecision must be whole minutes from 0 to 1440"),
        ("roundPrecision", "1.5", "whole minutes"),
        ("roundPrecision", "9" * 5000, "whole minutes"),
        ("roundPrecision", "²", "whole minutes"),
        ("roundPrecision", "", "whole minutes"),
        ("roundingMethod", "closer", "must be default, closest or ceil.*Did you mean 'closest'"),
        ("defaultStatusID", "9", "There is no status '9'"),
        ("editLimit", "1h", "'-' for no limit, or whole seconds"),
        ("loginTries", "1001", "whole number from 0 to 1000"),
        ("loginBanTime", "2147483648", "whole seconds"),
        ("durationWithSeconds", "yes", "a number from 0 to 1"),
        ("language", "de", "only Kimai's PHP does"),
        ("roundPrecison", "5", "Did you mean 'roundPrecision'"),
        ("revision", "1", "can't be changed"),
        ("version", "1", "can't be changed"),
    ],
)
def test_options_that_are_refused(world, do, name, value, text):
    before = world.snapshot()
    with pytest.raises(Refused, match=text):
        do(kimai_options.change, name, value)
    assert world.snapshot() == before


def test_an_option_that_another_one_replaces(do):
    do(kimai_options.change, "roundingMethod", "closest")
    with pytest.raises(Refused, match="no effect while roundingMethod is set"):
        do(kimai_options.change, "allowRoundDown", "0")
    do(kimai_options.unset, "roundingMethod")
    assert do(kimai_options.change, "allowRoundDown", "0")["value"] == "0"


def test_options_of_kimai(do):
    assert do(kimai_options.change, "language", "de", force=True)["value"] == "de"
    do(kimai_options.change, "my_option", "é☕", force=True)
    assert do(kimai_options.get, "my_option")["value"] == "é☕"
    for name, value in {"": "x", "a\nb": "x", "x" * 256: "x", "ok": "x" * 256, "nul": "\0"}.items():
        with pytest.raises(Refused):
            do(kimai_options.change, name, value, force=True)
    with pytest.raises(Refused, match="can't be changed"):
        do(kimai_options.change, "revision", "1", force=True)
    with pytest.raises(NotFound, match="Did you mean 'my_option'"):
        do(kimai_options.unset, "my_optoin")
    assert do(kimai_options.unset, "my_option")["value"] is None


def test_what_is_listed_is_what_counts(do):
    """The defaults that are shown are those that Options assumes."""
    for name in kimai_options.KNOWN:
        if do(kimai_options.get, name)["stored"]:
            do(kimai_options.unset, name)
    rows = [row for row in do(kimai_options.listing) if row["read"]]
    values = {row["option"]: row["value"] for row in rows if row["value"] is not None}
    assert Options.of(values) == do(Options.load) == Options()


def test_passwords_and_bans(world, do):
    world.change(m.User, world.alice, passwordResetHash="mailed", ban=3, banTime=world.now)
    do(accounts.set_password, USER, "alice", "a hash")
    do(accounts.unban, USER, "alice")
    (row,) = world.execute(m.User.__table__.select().where(m.User.userID == world.alice))
    assert (row.password, row.passwordResetHash, row.ban, row.banTime) == ("a hash", None, 0, 0)
    do(accounts.set_password, USER, "alice", None)
    with pytest.raises(NotFound, match="has no password"):
        do(accounts.set_password, USER, "alice", None)
    world.add(m.RemoteKey(kind="customer", ownerID=world.acme, failures=3, failedAt=world.now))
    do(accounts.unban, CUSTOMER, "Acme")
    (key,) = world.execute(m.RemoteKey.__table__.select().where(m.RemoteKey.kind == "customer"))
    assert (key.failures, key.failedAt) == (0, 0)
    do(accounts.unban, CUSTOMER, "Rival")  # who never failed


@pytest.mark.parametrize(
    ("password", "text"),
    [
        ("", "0 characters"),
        ("seven77", "7 characters; use 8 or more"),
        ("x" * 201, "more than 200"),
        ("12345678\n", "control character"),
        ("1234567\0", "control character"),
        ("1234567\udce9", "valid UTF-8"),
        ("Alexander", "is the account's name"),
        ("aaaaaaaaa", "one character repeated"),
    ],
)
def test_passwords_that_are_refused(password, text):
    with pytest.raises(Refused, match=text):
        accounts.check_password(password, "alexander")
    accounts.check_password("pässwörd", "alexander")


def test_keys(world, do):
    assert do(authentication.key_state, "user", world.alice) == {
        "generation": 0,
        "given": True,
        "created": world.now - 3600,
        "kimaiKey": False,
    }
    world.change(m.User, world.alice, apikey="legacy")
    assert do(authentication.key_state, "user", world.alice)["kimaiKey"] is True
    do(authentication.revoke, "user", world.alice)
    do(authentication.revoke, "user", world.alice)
    assert do(authentication.key_state, "user", world.alice) == {
        "generation": 2,
        "given": False,
        "created": None,
        "kimaiKey": False,
    }
    assert do(authentication.key_state, "customer", world.acme)["generation"] == 0
