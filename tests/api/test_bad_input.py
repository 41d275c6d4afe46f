"""Bad input of any kind: a clear error, and nothing is stored."""

from __future__ import annotations

from decimal import Decimal

import pytest

SPAN = "Invalid from/to, make sure there is at least a second difference."
NO_DATE = "Invalid date, make sure there is a valid date property."
TOO_LONG = "x" * 65_536
UMLAUTS = "ä" * 32_768

#: Fields of a record that must be refused, and what the text says; None removes a field, a text
#: among ``NAMES`` stands for the number of that name in the world.
NAMES = ("red_project", "trashed", "portal", "red_task", "trashed_task", "design")

TIME_ENTRY = [
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

TIME_ENTRY_FIELDS = [
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

EXPENSE = [
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

EXPENSE_FIELDS = [
    ({"designation": TOO_LONG}, "designation is too long: 65536 bytes, at most 65535 fit."),
    ({"comment": UMLAUTS}, "comment is too long: 65536 bytes, at most 65535 fit."),
    ({"commentType": 3}, "commentType must be between 0 and 2."),
    ({"multiplier": Decimal("1e8")}, "multiplier must be between -99999999.99 and 99999999.99."),
    ({"value": Decimal("-1e8")}, "value must be between -99999999.99 and 99999999.99."),
]

RECORDING = [
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

#: By method: a record that is good, whether it is an update, and fields that spoil it.
WRITES = {
    "new time entry": ("setTimesheetRecord", False, TIME_ENTRY + TIME_ENTRY_FIELDS),
    "time entry": ("setTimesheetRecord", True, TIME_ENTRY_FIELDS),
    "new expense": ("setExpenseRecord", False, EXPENSE + EXPENSE_FIELDS),
    "expense": ("setExpenseRecord", True, EXPENSE_FIELDS),
    "recording": ("updateActiveRecording", None, RECORDING),
}
CASES = [
    pytest.param(kind, fields, text, id=f"{kind} {number}")
    for kind, (_, _, cases) in WRITES.items()
    for number, (fields, text) in enumerate(cases)
]

WRONG_TYPES = {
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
    pytest.param(kind, fields, id=f"{kind} {number}")
    for kind, cases in WRONG_TYPES.items()
    for number, fields in enumerate(cases)
]


def parameters(world, kind, fields):
    """The parameters after the key: a good record spoilt by these fields."""
    method, update, _ = WRITES[kind]
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
    }[kind]
    record = good | {
        name: world.ids[value] if value in NAMES else value for name, value in fields.items()
    }
    record = {name: value for name, value in record.items() if value is not None}
    return (method, record) if update is None else (method, record, update)


@pytest.fixture
def stocked(world):
    """The world with a finished time entry, an expense and a running recording of alice's."""
    world.ids["entry_id"] = world.add_entry()
    world.ids["expense_id"] = world.add_expense()
    world.add_entry(start=world.now - 7200, end=0)
    return world


@pytest.mark.parametrize(("kind", "fields", "text"), CASES)
def test_records_that_are_refused(alice, stocked, kind, fields, text):
    assert text in alice.refusal(*parameters(stocked, kind, fields))


@pytest.mark.parametrize(("kind", "fields"), WRONG)
def test_values_of_the_wrong_type(alice, stocked, kind, fields):
    (name,) = fields
    assert name in alice.rejection(*parameters(stocked, kind, fields))


@pytest.mark.parametrize("kind", WRITES)
def test_the_record_that_the_tables_spoil_is_good(alice, stocked, kind):
    fields = {"comment": "good"}
    before = stocked.snapshot()
    answer = alice.call(*parameters(stocked, kind, fields))
    assert answer["success"] is True
    assert stocked.snapshot() != before


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
def test_an_empty_record(alice, stocked, method, update):
    assert alice.refusal(method, {}, *update) == "Invalid record"


@pytest.mark.parametrize("method", ["setTimesheetRecord", "setExpenseRecord"])
def test_an_update_without_a_number(alice, stocked, method):
    expected = "Performed an update, but missing id property."
    assert alice.refusal(method, {"comment": "x"}, True) == expected


@pytest.mark.parametrize(
    ("kind", "name"),
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
def test_a_nul_character(json_alice, stocked, kind, name):
    """Not over SOAP, since XML can't carry one."""
    text = json_alice.refusal(*parameters(stocked, kind, {name: "before\0after"}))
    assert text == f"{name} contains a NUL character."


@pytest.mark.parametrize("record", ["text", 5, True, [1, 2]])
@pytest.mark.parametrize(
    "method", ["setTimesheetRecord", "setExpenseRecord", "updateActiveRecording"]
)
def test_a_record_that_is_none(json_alice, stocked, method, record):
    """Not over SOAP, where zeep sends no such thing."""
    assert "record must be an object" in json_alice.rejection(method, record)


@pytest.mark.parametrize("parameters", [("x", 1), (2**31, 1), (1, "1.5")])
def test_numbers_that_are_none(alice, stocked, parameters):
    alice.rejection("startRecord", *parameters)
    alice.rejection("stopRecord", parameters[0] if parameters[0] != 1 else parameters[1])
