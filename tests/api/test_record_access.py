"""Time entries and expenses alike: IDs, and who may read, change and remove a record."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from caller import DENIED, UNKNOWN, Caller

from kimai_remote.storage import models as m
from support.world import World


@dataclass(frozen=True)
class RecordType:
    """A type of records with the methods to get, set and remove one.

    :ivar name: as in the names of the methods.
    :ivar cleared: the field of a record that tells whether it is cleared.
    """

    name: str
    model: type[m.TimeEntry | m.Expense]
    add: Callable[..., int]
    cleared: str

    def get(self, caller: Caller, record_id: int) -> dict[str, Any]:
        return caller.item(f"get{self.name}Record", record_id)

    def change(self, caller: Caller, record_id: int, **fields: object) -> None:
        caller.does(f"set{self.name}Record", {"id": record_id, **fields}, True)

    def remove(self, caller: Caller, record_id: int) -> None:
        caller.does(f"remove{self.name}Record", record_id)

    def refusals(self, caller: Caller, record_id: int) -> list[str]:
        """Expect that changing and removing a record fail; return the texts of the errors."""
        change = {"id": record_id, "comment": "x", self.cleared: False}
        return [
            caller.refusal(f"set{self.name}Record", change, True),
            caller.refusal(f"remove{self.name}Record", record_id),
        ]


@pytest.fixture(params=["Timesheet", "Expense"])
def record_type(request: pytest.FixtureRequest, world: World) -> RecordType:
    if request.param == "Timesheet":
        return RecordType("Timesheet", m.TimeEntry, world.add_entry, "flagCleared")
    return RecordType("Expense", m.Expense, world.add_expense, "cleared")


@pytest.mark.parametrize("record_id", [999_999, 0, -1, 2**31 - 1])
def test_unknown_ids(alice: Caller, record_type: RecordType, record_id: int) -> None:
    record_type.add()
    assert alice.refusal(f"get{record_type.name}Record", record_id) == UNKNOWN
    missing = "Performed an update, but missing id property."
    expected = [UNKNOWN if record_id else missing, UNKNOWN]
    assert record_type.refusals(alice, record_id) == expected


@pytest.mark.parametrize("record_id", ["x", 2**31, "1.5"])
def test_ids_of_the_wrong_type(
    alice: Caller, record_type: RecordType, record_id: str | int
) -> None:
    alice.rejection(f"get{record_type.name}Record", record_id)
    alice.rejection(f"remove{record_type.name}Record", record_id)


def test_who_may_read(
    alice: Caller, ben: Caller, oscar: Caller, root: Caller, world: World, record_type: RecordType
) -> None:
    of_alice, of_ben = record_type.add("alice"), record_type.add("ben")
    for reader in (alice, ben, root):
        assert record_type.get(reader, of_alice)["userID"] == world.alice
    for stranger, record_id in ((alice, of_ben), (oscar, of_alice)):
        assert stranger.refusal(f"get{record_type.name}Record", record_id) == UNKNOWN


def test_who_may_change_and_remove(
    alice: Caller, ben: Caller, oscar: Caller, root: Caller, world: World, record_type: RecordType
) -> None:
    of_alice, of_ben = record_type.add("alice"), record_type.add("ben")
    for stranger, record_id in ((alice, of_ben), (oscar, of_alice)):
        assert record_type.refusals(stranger, record_id) == [UNKNOWN, UNKNOWN]
    for editor in (ben, root):
        record_type.change(editor, of_alice, comment=f"by {editor.name}")
        record = record_type.get(alice, of_alice)
        assert (record["comment"], record["userID"]) == (f"by {editor.name}", world.alice)
    record_type.remove(ben, of_alice)
    record_type.remove(root, of_ben)
    assert not world.exists(record_type.model, of_alice)
    assert not world.exists(record_type.model, of_ben)


def test_a_leader_leads_only_while_the_group_exists(
    ben: Caller, world: World, record_type: RecordType
) -> None:
    record_id = record_type.add("alice")
    world.change(m.Group, world.blue, trash=1)
    assert record_type.refusals(ben, record_id) == [UNKNOWN, UNKNOWN]


def test_changing_cleared_records_takes_the_right_to_records_of_others(
    alice: Caller, ben: Caller, record_type: RecordType
) -> None:
    record_id = record_type.add(cleared=1)
    assert record_type.refusals(alice, record_id) == [DENIED, DENIED]
    record_type.change(ben, record_id, comment="billed", **{record_type.cleared: False})
    record = record_type.get(alice, record_id)
    assert (record["comment"], record["cleared"]) == ("billed", False)
    record_type.remove(alice, record_id)
