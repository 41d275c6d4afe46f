"""Users, customers, projects, activities and groups, on each database."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from threading import Barrier

import pytest

from kimai_remote.errors import NotFound, Refused
from kimai_remote.storage import models as m
from kimai_remote.tracking.admin import accounts, assignments, editing, queries
from kimai_remote.tracking.admin.entities import (
    ACTIVITY,
    CUSTOMER,
    GLOBAL_ROLE,
    GROUP,
    PROJECT,
    USER,
    find,
)


@pytest.fixture
def customer(do):
    def add(name, **fields):
        return do(accounts.add_customer, {"name": name, **fields}, default_timezone="Europe/Vienna")

    return add


def test_found_by_number_or_name(world, do):
    for given in (str(world.shop), f"id:{world.shop}", "Shop"):
        assert do(find, PROJECT, given).projectID == world.shop
    for given in ("shop", "SHOP", " Shop", "Shöp", "999", "id:Shop", "99999999999", "", "²"):
        with pytest.raises(NotFound):
            do(find, PROJECT, given)


def test_names_are_compared_by_their_characters(world, do):
    """Some databases take é for e, others capitals for small letters."""
    do(editing.add, ACTIVITY, {"name": "Café"})
    do(editing.add, ACTIVITY, {"name": "Cafe"})
    do(editing.add, ACTIVITY, {"name": "cafe"})
    assert do(find, ACTIVITY, "Cafe").name == "Cafe"
    assert do(find, ACTIVITY, "Café").name == "Café"
    with pytest.raises(NotFound, match=r"Did you mean '(C|c)af(é|e)'"):
        do(find, ACTIVITY, "Cafè")


def test_ambiguous_names_are_refused_with_the_candidates(world, do):
    second = do(editing.add, PROJECT, {"name": "Shop"}, customerID=world.rival).projectID
    with pytest.raises(Refused) as error:
        do(find, PROJECT, "Shop")
    for part in (f"{world.shop} 'Shop' of customer 'Acme'", f"{second} 'Shop' of customer 'Rival'"):
        assert part in str(error.value)
    assert do(find, PROJECT, f"id:{second}").projectID == second


def test_a_name_that_is_anothers_number(world, do):
    other = do(editing.add, PROJECT, {"name": str(world.shop)}, customerID=world.acme)
    with pytest.raises(Refused, match="Use an ID, as in id:"):
        do(find, PROJECT, str(world.shop))
    assert do(find, PROJECT, f"id:{world.shop}").projectID == world.shop
    assert do(find, PROJECT, f"id:{other.projectID}").name == str(world.shop)


def test_trash_keeps_the_row_and_restore_brings_it_back(world, do):
    world.add_entry()
    do(editing.set_trash, PROJECT, "Shop", trash=True)
    assert [p["name"] for p in do(queries.listing, PROJECT, trash="only")] == ["Shop", "Trashed"]
    assert "Shop" not in [p["name"] for p in do(queries.listing, PROJECT)]
    with pytest.raises(NotFound, match="is in the trash"):
        do(editing.set_trash, PROJECT, "Shop", trash=True)
    assert do(find, PROJECT, "Shop").projectID == world.shop  # no other one has the name
    second = do(editing.add, PROJECT, {"name": "Shop"}, customerID=world.acme)
    assert do(find, PROJECT, "Shop").projectID == second.projectID
    do(editing.set_trash, PROJECT, f"id:{world.shop}", trash=False)
    with pytest.raises(NotFound, match="isn't in the trash"):
        do(editing.set_trash, PROJECT, f"id:{world.shop}", trash=False)
    assert len(world.execute(m.TimeEntry.__table__.select())) == 1


def test_a_project_is_not_restored_before_its_customer(world, do):
    for kind, name in ((PROJECT, "Shop"), (CUSTOMER, "Acme")):
        do(editing.set_trash, kind, name, trash=True)
    with pytest.raises(Refused, match="Restore its customer 'Acme'"):
        do(editing.set_trash, PROJECT, "Shop", trash=False)
    for kind, name in ((CUSTOMER, "Acme"), (PROJECT, "Shop")):
        do(editing.set_trash, kind, name, trash=False)


def test_every_text_of_a_new_customer_can_be_read_by_kimai(world, do, customer):
    number = customer("New").customerID
    (row,) = world.execute(m.Customer.__table__.select().where(m.Customer.customerID == number))
    values = row._mapping
    assert values["timezone"] == "Europe/Vienna"
    assert values["secure"] == "0"
    assert (values["password"], values["passwordResetHash"]) == (None, None)
    unset = {name for name, value in values.items() if value is None}
    assert unset == {"password", "passwordResetHash"}


def test_all_fields_of_a_customer(do, customer):
    fields = {
        "comment": "Two\nlines\tand a tab",
        "company": "Acme AG",
        "vat": "ATU1",
        "contact": "Eve ☕",
        "street": "Road 1",
        "zipcode": "1010",
        "city": "Wien",
        "country": "at",
        "phone": "1",
        "fax": "2",
        "mobile": "3",
        "mail": "a@example.com",
        "homepage": "https://example.com",
        "timezone": "Asia/Tokyo",
        "visible": False,
        "filter": 2,
    }
    number = customer("Whole", **fields).customerID
    stored = do(queries.show, CUSTOMER, f"id:{number}")
    assert {name: stored[name] for name in fields} == {**fields, "country": "AT"}
    do(editing.edit, CUSTOMER, "Whole", {"city": "", "visible": True})
    stored = do(queries.show, CUSTOMER, "Whole")
    assert (stored["city"], stored["visible"], stored["country"]) == ("", True, "AT")


def test_all_fields_of_a_project(world, do):
    money = {"budget": "48000", "effort": "400.5", "approved": "0.01"}
    fields = {"comment": "c", "visible": False, "filter": 1, "internal": True, **money}
    do(editing.add, PROJECT, {"name": "Whole", **fields}, customerID=world.acme)
    stored = do(queries.show, PROJECT, "Whole")
    assert {name: stored[name] for name in fields} == {
        **fields,
        **{name: Decimal(value) for name, value in money.items()},
    }
    assert (stored["customerID"], stored["customerName"]) == (world.acme, "Acme")
    do(editing.edit, PROJECT, "Whole", {"budget": "", "effort": " "}, customerID=world.rival)
    stored = do(queries.show, PROJECT, "Whole")
    assert (stored["budget"], stored["effort"], stored["customerName"]) == (None, None, "Rival")


def test_a_user_and_the_time_zone(world, do):
    user = do(
        accounts.add_user,
        {"name": "dora", "alias": "Dora", "mail": "d@example.com"},
        timezone="Europe/Berlin",
        role="Admin",
        groups=["blue", "red"],
        membership_role="Groupleader",
    )
    stored = do(queries.show, USER, "dora")
    assert stored["timezone"] == "Europe/Berlin"
    assert (stored["globalRole"], stored["active"], stored["hasPassword"]) == ("Admin", True, False)
    assert [(g["name"], g["membershipRole"]) for g in stored["groups"]] == [
        ("blue", "Groupleader"),
        ("red", "Groupleader"),
    ]
    do(accounts.edit_user, "dora", {"active": False}, timezone="Asia/Tokyo", role="User")
    stored = do(queries.show, USER, f"id:{user.userID}")
    assert (stored["timezone"], stored["globalRole"], stored["active"]) == (
        "Asia/Tokyo",
        "User",
        False,
    )
    do(accounts.edit_user, "dora", {}, timezone="")
    do(accounts.edit_user, "dora", {}, timezone="")
    assert do(queries.show, USER, "dora")["timezone"] is None


def test_nobody_is_shown_a_secret(world, do):
    world.change(m.User, world.alice, apikey="legacy", passwordResetHash="reset")
    text = repr([do(queries.show, USER, "alice"), do(queries.listing, USER, trash="all")])
    text += repr(do(queries.listing, CUSTOMER, trash="all"))
    for secret in ("argon2", "legacy", "reset"):
        assert secret not in text


@pytest.mark.parametrize("name", ["alice", "gone", "Acme"])
def test_names_to_log_in_by_belong_to_one(do, name):
    with pytest.raises(Refused, match=f"'{name}'"):
        do(accounts.add_user, {"name": name})


def test_a_customer_named_like_a_user(do, customer):
    with pytest.raises(Refused, match="There is already a user named 'alice'"):
        customer("alice")
    customer("gone")  # is in the trash
    with pytest.raises(Refused, match="There is already a customer named 'Acme'"):
        customer("Acme")
    with pytest.raises(Refused, match="There is already a user named 'alice'"):
        do(editing.edit, CUSTOMER, "Acme", {"name": "alice"})
    with pytest.raises(Refused, match="There is already a customer named 'gone'"):
        do(editing.set_trash, USER, "gone", trash=False)


def test_same_names(world, do):
    for kind, name in ((ACTIVITY, "Coding"), (GROUP, "blue")):
        with pytest.raises(Refused, match="already"):
            do(editing.add, kind, {"name": name})
    do(editing.add, ACTIVITY, {"name": "Coding"}, same_name=True)
    with pytest.raises(Refused, match="already"):
        do(editing.add, GROUP, {"name": "blue"}, same_name=True)
    do(editing.add, PROJECT, {"name": "Shop"}, customerID=world.rival)
    with pytest.raises(Refused, match="This customer already has a project named 'Shop'"):
        do(editing.edit, PROJECT, f"id:{world.shop}", {}, customerID=world.rival)
    do(editing.edit, PROJECT, f"id:{world.shop}", {"name": "Shop", "comment": "x"})


def test_two_that_are_added_at_once_get_no_name_twice(world):
    """Groups have no unique name in the database."""
    begin = Barrier(4)

    def add(kind, fields):
        begin.wait()
        try:
            world.database.run(lambda session: editing.add(session, kind, fields), writes=True)
        except Refused:
            return False
        return True

    with ThreadPoolExecutor(4) as pool:
        added = list(pool.map(lambda _: add(GROUP, {"name": "Twins"}), range(4)))
    assert sorted(added) == [False, False, False, True]


def test_memberships(world, do):
    with pytest.raises(NotFound, match="There is no membership role 'Boss'"):
        do(lambda s: assignments.join(s, find(s, USER, "oscar"), "blue", "Boss"))
    do(lambda s: assignments.join(s, find(s, USER, "oscar"), "blue"))
    do(lambda s: assignments.join(s, find(s, USER, "oscar"), "red", "Groupleader"))
    do(lambda s: assignments.join(s, find(s, USER, "oscar"), "red"))  # keeps the role
    groups = do(queries.show, USER, "oscar")["groups"]
    assert [(g["name"], g["membershipRole"]) for g in groups] == [
        ("blue", "User"),
        ("red", "Groupleader"),
    ]
    do(lambda s: assignments.unassign(s, USER, find(s, USER, "oscar"), "blue"))
    with pytest.raises(NotFound, match=r"The user 'oscar' \(ID \d+\) isn't in the group 'blue'"):
        do(lambda s: assignments.unassign(s, USER, find(s, USER, "oscar"), "blue"))
    do(editing.set_trash, GROUP, "blue", trash=True)
    with pytest.raises(NotFound, match="in the trash"):
        do(lambda s: assignments.join(s, find(s, USER, "oscar"), "blue"))


def test_activities_of_projects(world, do):
    coding = lambda s: find(s, ACTIVITY, "Coding")  # noqa: E731
    do(lambda s: assignments.assign_to_project(s, coding(s), "Shop", {"budget": "50"}))
    do(lambda s: assignments.assign_to_project(s, coding(s), "Shop", {"effort": "8"}))
    (planned,) = do(queries.show, ACTIVITY, "Coding")["projects"]
    assert planned == {
        "projectID": world.shop,
        "name": "Shop",
        "budget": Decimal(50),
        "effort": Decimal(8),
        "approved": None,
    }
    names = [row["name"] for row in do(queries.show, PROJECT, "Shop")["activities"]]
    assert names == ["Coding", "Design"]
    with pytest.raises(Refused, match="budget must be between"):
        do(lambda s: assignments.assign_to_project(s, coding(s), "Shop", {"budget": "-1"}))
    do(lambda s: assignments.unassign_from_project(s, coding(s), "Shop"))
    with pytest.raises(NotFound):
        do(lambda s: assignments.unassign_from_project(s, coding(s), "Shop"))


def test_lists(world, do):
    names = lambda *a, **b: [row["name"] for row in do(queries.listing, *a, **b)]  # noqa: E731
    assert names(USER) == ["alice", "ben", "idle", "oscar", "root"]
    assert names(USER, group="red") == ["oscar"]
    assert names(USER, trash="only") == ["gone"]
    assert len(names(USER, trash="all")) == 6
    assert names(PROJECT, customer="Rival") == ["Red_Project"]
    assert names(ACTIVITY, project="Shop") == ["Design"]
    assert names(GROUP) == ["blue", "red"]
    (coding,) = (row for row in do(queries.listing, ACTIVITY) if row["name"] == "Coding")
    assert coding["groups"] == ["blue", "red"]
    group = do(queries.show, GROUP, "red")
    assert [user["name"] for user in group["users"]] == ["oscar"]
    assert [project["name"] for project in group["projects"]] == ["Red_Project"]


HOSTILE = [
    ({"name": "x" * 256}, "name is too long: 256 characters, at most 255 fit"),
    ({"name": ""}, "must not be empty"),
    ({"name": " \t "}, "must not be empty"),
    ({"name": "a\0b"}, r"control character U\+0000"),
    ({"name": "a\x1b[31mb"}, r"control character U\+001B"),
    ({"name": "a\nb"}, r"control character U\+000A"),
    ({"name": "a\u2028b"}, r"control character U\+2028"),
    ({"name": "a\udce9b"}, "isn't valid UTF-8"),
    ({"name": "n", "comment": "a\0b"}, r"comment contains the control character U\+0000"),
    ({"name": "n", "comment": "é" * 32_768}, "comment is too long: 65536 bytes"),
    ({"name": "n", "filter": 128}, "filter must be between 0 and 127"),
    ({"name": "n", "filter": -1}, "filter must be between 0 and 127"),
    *(
        ({"name": "n", "budget": amount}, text)
        for amount, text in {
            "-0.01": "must be between 0 and 99999999.99",
            "100000000": "must be between 0 and 99999999.99",
            "1e400": "must be between 0 and 99999999.99",
            "1.005": "more than two decimals",
            "1,5": "must be an amount such as",
            "1_000": "must be an amount such as",
            "١٢": "must be an amount such as",
            "NaN": "must be an amount such as",
            "-Infinity": "must be an amount such as",
            "abc": "must be an amount such as",
            "1" * 5000: "must be between",
        }.items()
    ),
]


@pytest.mark.parametrize(("fields", "text"), HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_fields(world, do, fields, text):
    before = world.snapshot()
    with pytest.raises(Refused, match=text):
        do(editing.add, PROJECT, fields, customerID=world.acme)
    with pytest.raises(Refused, match=text):
        do(editing.edit, PROJECT, "Shop", fields)
    assert world.snapshot() == before


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({"country": "DEU"}, "two letters"),
        ({"country": "D1"}, "two letters"),
        ({"mail": "nobody"}, "must be an email address"),
        ({"mail": "a b@c"}, "must be an email address"),
        ({"timezone": "Europe/Berln"}, "Did you mean 'Europe/Berlin'"),
        ({"timezone": "../../etc/passwd"}, "must be a name such as"),
        ({"timezone": "x" * 5000}, "must be a name such as"),
        ({"vat": "x" * 256}, "vat is too long"),
    ],
)
def test_hostile_fields_of_a_customer(world, do, fields, text):
    with pytest.raises(Refused, match=text):
        do(editing.edit, CUSTOMER, "Acme", fields)


def test_names_as_long_as_the_columns(do):
    for kind in (USER, GROUP, ACTIVITY):
        longest = "é" * kind.name_column.type.length
        if kind is USER:
            do(accounts.add_user, {"name": longest})
        else:
            do(editing.add, kind, {"name": longest})
        assert do(find, kind, longest).name == longest


def test_unknown_roles(do):
    with pytest.raises(NotFound, match=r"There is no global role 'Amin'\. Did you mean 'Admin'"):
        do(accounts.add_user, {"name": "dora"}, role="Amin")
    assert do(find, GLOBAL_ROLE, "Admin").globalRoleID == 1
