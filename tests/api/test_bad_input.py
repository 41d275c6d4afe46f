"""Bad input gets a clear error, and nothing is stored."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from caller import Caller

from support.world import World

SPAN = "Invalid from/to, make sure there is at least a second difference."
NO_DATE = "Invalid date, make sure there is a valid date property."
TOO_LONG = "x" * 65_536
UMLAUTS = "ä" * 32_768

#: Values that stand for the ID of what has this name in the test data. A field that is None is left
#: out of the record.
NAMES = ("red_project", "trashed", "portal", "red_task", "trashed_task", "design")

#: Fields and a text of the error.
Cases = list[tuple[dict[str, Any], str]]

TIME_ENTRY: Cases = [
    ({"projectId": None}, "Invalid projectId."),
    ({"projectId": 0}, "Invalid projectId."),
    ({"projectId": 999_999}, "Invalid projectId."),
    ({"projectId": -1}, "Invalid projectId."),
    ({"projectId": "red_project"}, "Invalid projectId."),
    ({"projectId": "trashed"}, "Invalid projectId."),
    ({"taskId": None}, "Invalid taskId."),
    ({"taskId": 0}, "Invalid taskId."),
    ({"taskId": 999_999}, "Invalid project or task"),
    ({"taskId": -1}, "Invalid project or task"),
    ({"taskId": "red_task"}, "Invalid project or task"),
    ({"taskId": "trashed_task"}, "Invalid project or task"),
    ({"projectId": "portal", "taskId": "design"}, "Invalid project or task"),
    ({"start": None}, SPAN),
    ({"end": None}, SPAN),
    ({"start": "0"}, SPAN),
    ({"end": ""}, SPAN),
    ({"end": "2026-03-01 09:59:59"}, SPAN),
    ({"end": "2026-03-01 10:00"}, SPAN),
    ({"start": "soon"}, "Invalid start 'soon'"),
    ({"end": "2026-02-30"}, "Invalid end '2026-02-30'"),
    ({"end": "2038-01-19 03:14:08"}, "Invalid end '2038-01-19 03:14:08'"),
    ({"start": "1969-12-31"}, "Invalid start '1969-12-31'"),
    ({"end": "9" * 400}, "Invalid end '999"),
]

TIME_ENTRY_FIELDS: Cases = [
    ({"location": "x" * 51}, "location is too long: 51 characters, at most 50 fit."),
    ({"location": "☕" * 51}, "location is too long: 51 characters, at most 50 fit."),
    ({"trackingNumber": "x" * 31}, "trackingNumber is too long: 31 characters, at most 30 fit."),
    ({"description": TOO_LONG}, "description is too long: 65536 bytes, at most 65535 fit."),
    ({"comment": UMLAUTS}, "comment is too long: 65536 bytes, at most 65535 fit."),
    ({"commentType": 3}, "commentType must be between 0 and 2."),
    ({"commentType": -1}, "commentType must be between 0 and 2."),
    ({"flagBillable": 101}, "flagBillable must be between 0 and 100."),
    ({"flagBillable": -1}, "flagBillable must be between 0 and 100."),
    ({"budget": Decimal("100000000")}, "budget must be between 0 and 99999999.99."),
    ({"approved": Decimal("-0.01")}, "approved must be between 0 and 99999999.99."),
    ({"rate": Decimal("99999999.991")}, "rate must be between 0 and 99999999.99."),
    ({"fixedRate": Decimal("-5")}, "fixedRate must be between 0 and 99999999.99."),
    ({"statusId": 99}, "Invalid statusId 99."),
    ({"statusId": -1}, "Invalid statusId -1."),
    ({"statusId": 70_000}, "Invalid statusId 70000."),
]

EXPENSE: Cases = [
    ({"projectId": None}, "Invalid projectId."),
    ({"projectId": "red_project"}, "Invalid projectId."),
    ({"projectId": "trashed"}, "Invalid projectId."),
    ({"projectId": 999_999}, "Invalid projectId."),
    ({"date": None}, NO_DATE),
    ({"date": "0"}, NO_DATE),
    ({"date": ""}, NO_DATE),
    ({"date": "soon"}, "Invalid date 'soon'"),
    ({"date": "2038-02-01"}, "Invalid date '2038-02-01'"),
]

EXPENSE_FIELDS: Cases = [
    ({"designation": TOO_LONG}, "designation is too long: 65536 bytes, at most 65535 fit."),
    ({"comment": UMLAUTS}, "comment is too long: 65536 bytes, at most 65535 fit."),
    ({"commentType": 3}, "commentType must be between 0 and 2."),
    ({"multiplier": Decimal("1e8")}, "multiplier must be between -99999999.99 and 99999999.99."),
    ({"value": Decimal("-1e8")}, "value must be between -99999999.99 and 99999999.99."),
]

RECORDING: Cases = [
    ({"projectID": "red_project"}, "Invalid project or task"),
    ({"projectID": "trashed"}, "Invalid project or task"),
    ({"projectID": 999_999}, "Invalid project or task"),
    ({"activityID": "red_task"}, "Invalid project or task"),
    ({"activityID": -1}, "Invalid project or task"),
    ({"projectID": "portal", "activityID": "design"}, "Invalid project or task"),
    ({"description": "stored?", "end": "soon"}, "Invalid end 'soon'"),
    ({"description": "stored?", "start": "soon"}, "Invalid start 'soon'"),
    ({"activityID": "design", "comment": TOO_LONG}, "comment is too long: 65536 bytes"),
    ({"end": "2026-03-02 07:30:10"}, SPAN),
]

#: By type of record: the method, its parameter ``doUpdate``, and fields that make a record invalid.
WRITES: dict[str, tuple[str, bool | None, Cases]] = {
    "new time entry": ("setTimesheetRecord", False, TIME_ENTRY + TIME_ENTRY_FIELDS),
    "time entry": ("setTimesheetRecord", True, TIME_ENTRY_FIELDS),
    "new expense": ("setExpenseRecord", False, EXPENSE + EXPENSE_FIELDS),
    "expense": ("setExpenseRecord", True, EXPENSE_FIELDS),
    "recording": ("updateActiveRecording", None, RECORDING),
}
CASES = [
    pytest.param(record_type, fields, text, id=f"{record_type} {index}")
    for record_type, (_, _, cases) in WRITES.items()
    for index, (fields, text) in enumerate(cases)
]

WRONG_TYPES: dict[str, list[dict[str, Any]]] = {
    "new time entry": [
        {"projectId": "shop"},
        {"projectId": "1.5"},
        {"projectId": 2**31},
        {"projectId": -(2**31) - 1},
        {"budget": "much"},
        {"budget": "NaN"},
        {"budget": "Infinity"},
        {"rate": "1,5"},
        {"commentType": "0x1"},
        {"flagBillable": "50%"},
    ],
    "new expense": [{"projectId": "shop"}, {"value": "12 €"}, {"multiplier": "1e"}],
    "recording": [{"activityID": "coding!"}, {"timeEntryID": 2**40}],
}
WRONG = [
    pytest.param(record_type, fields, id=f"{record_type} {index}")
    for record_type, cases in WRONG_TYPES.items()
    for index, fields in enumerate(cases)
]


def parameters(world: World, record_type: str, fields: dict[str, Any]) -> tuple[Any, ...]:
    """The parameters after the key: a good record with these fields replaced."""
    method, update, _ = WRITES[record_type]
    good = {
        "new time entry": {
            "projectId": world.shop,
            "taskId": world.coding,
            "start": "2026-03-01 10:00",
            "end": "2026-03-01 11:00",
            "description": "stored?",
        },
        "time entry": {"id": world.entry_id, "description": "stored?", "taskId": world.meeting},
        "new expense": {"projectId": world.shop, "date": "2026-03-01", "designation": "stored?"},
        "expense": {"id": world.expense_id, "designation": "stored?", "projectId": world.portal},
        "recording": {},
    }[record_type]
    record = good | {
        name: world.ids[value] if value in NAMES else value for name, value in fields.items()
    }
    record = {name: value for name, value in record.items() if value is not None}
    return (method, record) if update is None else (method, record, update)


@pytest.fixture
def filled_world(world: World) -> World:
    """The world with a finished time entry, an expense and a running recording of alice's."""
    world.ids["entry_id"] = world.add_entry()
    world.ids["expense_id"] = world.add_expense()
    world.add_entry(start=world.now - 7200, end=0)
    return world


@pytest.mark.parametrize(("record_type", "fields", "text"), CASES)
def test_records_that_are_refused(
    alice: Caller, filled_world: World, record_type: str, fields: dict[str, Any], text: str
) -> None:
    assert text in alice.refusal(*parameters(filled_world, record_type, fields))


@pytest.mark.parametrize(("record_type", "fields"), WRONG)
def test_values_of_the_wrong_type(
    alice: Caller, filled_world: World, record_type: str, fields: dict[str, Any]
) -> None:
    (name,) = fields
    assert name in alice.rejection(*parameters(filled_world, record_type, fields))


@pytest.mark.parametrize("record_type", WRITES)
def test_the_record_without_invalid_fields_is_accepted(
    alice: Caller, filled_world: World, record_type: str
) -> None:
    fields = {"comment": "good"}
    before = filled_world.snapshot()
    response = alice.call(*parameters(filled_world, record_type, fields))
    assert response["success"] is True
    assert filled_world.snapshot() != before


@pytest.mark.parametrize(
    ("method", "update"),
    [
        ("setTimesheetRecord", [False]),
        ("setTimesheetRecord", [True]),
        ("setExpenseRecord", [False]),
        ("setExpenseRecord", [True]),
        ("updateActiveRecording", []),
    ],
)
def test_an_empty_record(
    alice: Caller, filled_world: World, method: str, update: list[bool]
) -> None:
    assert alice.refusal(method, {}, *update) == "Invalid record"


@pytest.mark.parametrize("method", ["setTimesheetRecord", "setExpenseRecord"])
def test_an_update_without_an_id(alice: Caller, filled_world: World, method: str) -> None:
    expected = "Performed an update, but missing id property."
    assert alice.refusal(method, {"comment": "x"}, True) == expected


@pytest.mark.parametrize(
    ("record_type", "name"),
    [
        ("new time entry", "description"),
        ("new time entry", "comment"),
        ("new time entry", "location"),
        ("new time entry", "trackingNumber"),
        ("new time entry", "start"),
        ("time entry", "description"),
        ("new expense", "designation"),
        ("expense", "comment"),
        ("recording", "description"),
    ],
)
def test_a_nul_character(
    json_alice: Caller, filled_world: World, record_type: str, name: str
) -> None:
    """Not over SOAP, since XML can't carry one."""
    text = json_alice.refusal(*parameters(filled_world, record_type, {name: "before\0after"}))
    assert text == f"{name} contains a NUL character."


@pytest.mark.parametrize("record", ["text", 5, True, [1, 2]])
@pytest.mark.parametrize(
    "method", ["setTimesheetRecord", "setExpenseRecord", "updateActiveRecording"]
)
def test_a_record_that_is_not_an_object(
    json_alice: Caller, filled_world: World, method: str, record: object
) -> None:
    """Not over SOAP, since zeep can't send this."""
    assert "record must be an object" in json_alice.rejection(method, record)


@pytest.mark.parametrize("parameters", [("x", 1), (2**31, 1), (1, "1.5")])
def test_invalid_ids(alice: Caller, filled_world: World, parameters: tuple[Any, ...]) -> None:
    alice.rejection("startRecord", *parameters)
    alice.rejection("stopRecord", parameters[0] if parameters[0] != 1 else parameters[1])
