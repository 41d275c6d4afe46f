"""The scenario that every third-party client runs, and the expected results.

A client program is called with the URL as its first argument and prints a report: one JSON object
on standard output, with one member for each step, named as the step. A member's value is what the
client's library decoded, unchanged except for this:

* a successful result is ``{"success": true, "items": [record, …], "total": n}``. The list is
  a plain list of plain objects. SOAP toolkits that wrap it (``items.User`` or ``items.item``) are
  unwrapped, the list of ``tasks`` in a project as well; no items is ``[]``;
* a failed result is ``{"success": false, "error": {"msg": "…"}}``; members that are null
  (``items``, ``total``, or ``error`` of a success) may be there or not;
* ``getVersion`` is a plain string;
* a SOAP fault or JSON-RPC error is ``{"fault": {"code": …, "message": "…"}}``.

Values keep the type that the client's language gives them: a number, a boolean, a string, or null.
Decimals may be a string where the language has no exact numbers. Fields that aren't in a result
may be missing or null. :func:`check` compares them as the dialect has them (:class:`Dialect`).

A client gets the calls in one of two ways:

* Programs in languages with dynamic calls read the steps as JSON from standard input
  (:func:`program`): ``[{"name": …, "method": …, "params": {…}}, …]``. ``params`` are in the API's
  order without gaps, so they can be passed by name or, in that order, by position; the fields of
  a record are in the contract's order. A string ``"$step.field"``, also inside a record, stands
  for that field of the first item of that earlier step's result.
* Programs in typed languages have the calls written out, in the order of :func:`steps`, and get
  the values of :func:`facts` as further arguments, in order. They may leave fields out of the
  report's records (``complete=False``), but none that :func:`steps` expects. Where the language
  can't send the word ``twelve`` as an integer, the step ``fault`` leaves the API key out.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any

from kimai_remote.api import records as t
from kimai_remote.api.service import RemoteApi

if TYPE_CHECKING:
    from clients.conftest import Scene

WRONG_LOGIN = "Unknown user or no permissions."
NONE_ACTIVE = "No active recording."
UNKNOWN_ID = "Invalid ID"


@dataclass(frozen=True)
class Dialect:
    """A protocol, and how values look on the wire and in the client's language.

    :param name: of the protocol, as the table of toolkits has it.
    :param values: ``native`` (numbers and booleans), ``strings`` (Kimai 1's: everything that comes
        from the database is a string, flags are "0" and "1"), or ``untyped`` (the client's language
        can't tell, any spelling of the value is right).
    :param is_xml: XML can't carry control characters; U+FFFD is in their place.
    :param has_nulls: numbers and flags can be null in the client's classes; else null is 0 there.
    """

    name: str
    values: str
    is_xml: bool
    has_nulls: bool = True

    @property
    def untyped(self) -> Dialect:
        """The same for clients whose language or library doesn't know the types."""
        return replace(self, values="untyped")

    @property
    def without_nulls(self) -> Dialect:
        """The same for clients whose numbers and flags can't be null."""
        return replace(self, has_nulls=False)


DOCUMENT = Dialect("SOAP document/literal", "native", is_xml=True)
ENCODED = Dialect("SOAP rpc/encoded", "strings", is_xml=True)
SOAP_12 = Dialect("SOAP 1.2", "native", is_xml=True)
#: As Kimai 1 spoke it.
JSON = Dialect("JSON-RPC", "strings", is_xml=False)
#: With ``?types=native``.
JSON_NATIVE = Dialect("JSON-RPC, native types", "native", is_xml=False)
DIALECTS = (DOCUMENT, ENCODED, SOAP_12, JSON, JSON_NATIVE)


@dataclass(frozen=True)
class Computed:
    """A value that no database has: it isn't a string in Kimai's dialects."""

    value: Any


@dataclass(frozen=True)
class Recent:
    """Unix seconds at most three minutes from now: the server's clock while the test runs."""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, int) and abs(other - time.time()) < 180


@dataclass(frozen=True)
class AnyNumber:
    """The ID of a new record."""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, int) and other > 0


@dataclass(frozen=True)
class Success:
    """Records in order, each with at least these fields."""

    items: list[dict[str, Any]] = field(default_factory=list)
    total: int | None = None


@dataclass(frozen=True)
class Failure:
    msg: str


@dataclass(frozen=True)
class Text:
    """A plain text of this pattern."""

    pattern: str


@dataclass(frozen=True)
class Refusal:
    """A SOAP fault or JSON-RPC error about the request."""


@dataclass(frozen=True)
class Step:
    """One call and its expected result."""

    name: str
    method: str
    params: dict[str, Any]
    expected: Success | Failure | Text | Refusal


def facts(scene: Scene) -> dict[str, str]:
    """Return the values for a client with hard-coded calls, in the order of its arguments.

    ``project``, ``task`` and ``other_task`` are numbers; ``entry`` and ``expense`` are those of the
    scene; ``from`` and ``to`` are a period with two time entries and the expense in it; ``start``
    and ``end`` are those of the time entry to create; ``text`` is the awkward one.
    """
    from clients.conftest import AWKWARD

    world = scene.world
    return {
        "user": scene.user,
        "password": scene.password,
        "project": str(world.shop),
        "task": str(world.coding),
        "other_task": str(world.meeting),
        "entry": str(scene.entry),
        "expense": str(scene.expense),
        "from": str(world.now - 100_000),
        "to": str(world.now),
        "start": str(world.now - 20_000),
        "end": str(world.now - 15_500),
        "text": AWKWARD,
    }


def steps(scene: Scene, *, absent_is_zero: bool = False) -> list[Step]:
    """All steps in order.

    :param absent_is_zero: the client sends 0 for an integer that isn't given. No project has this
        ID, so getTasks responds with the tasks that are assigned to no project, as Kimai did.
    """
    from clients.conftest import AWKWARD, CONTROL

    world = scene.world
    known = facts(scene)
    start, end = int(known["start"]), int(known["end"])
    period = {"from": int(known["from"]), "to": int(known["to"])}
    key = {"apiKey": "$authenticate.apiKey"}
    found: list[Step] = []

    def step(name: str, method: str, params: dict[str, Any], expected: Any) -> None:
        found.append(Step(name, method, params, expected))

    step(
        "wrongPassword",
        "authenticate",
        {"username": scene.user, "password": "wrong"},
        Failure(WRONG_LOGIN),
    )
    step(
        "authenticate",
        "authenticate",
        {"username": scene.user, "password": scene.password},
        Success([{"apiKey": world.key(scene.user)}]),
    )
    step("wrongKey", "getUsers", {"apiKey": "nobody's"}, Failure(WRONG_LOGIN))
    step("getVersion", "getVersion", {}, Text(r"1\.3\.5-1394"))
    step("getUsers", "getUsers", key, Success([{"userID": world.alice, "name": "alice"}]))
    acme = {"customerID": world.acme, "name": "Acme", "contact": "Eve", "visible": True}
    step("getCustomers", "getCustomers", key, Success([acme]))

    design = {
        "activityID": world.design,
        "name": "Design",
        "visible": True,
        "budget": Decimal("500.00"),
        "approved": None,
        "effort": Decimal("8.00"),
    }
    coding, meeting = (
        {"activityID": world.ids[name], "name": name.title(), "visible": True}
        for name in ("coding", "meeting")
    )
    unlimited = {"budget": None, "approved": None, "effort": None}
    common = [coding | unlimited, meeting | unlimited]
    project = {
        "customerID": world.acme,
        "customerName": "Acme",
        "customerVisible": True,
        "visible": True,
        "trash": False,
        "filter": False,
        "internal": False,
        "effort": None,
    }
    internal, portal, shop = (
        project | {"projectID": world.ids[name], "name": name.title(), "comment": f"About {name}"}
        for name in ("internal", "portal", "shop")
    )
    internal["internal"] = True
    portal["comment"] = AWKWARD
    step(
        "getProjects",
        "getProjects",
        {**key, "includeTasks": True},
        Success(
            [
                internal | {"tasks": common},
                portal | {"tasks": common},
                shop | {"tasks": [coding | unlimited, design, meeting | unlimited]},
            ]
        ),
    )
    step("getProjectsOnly", "getProjects", key, Success([internal, portal, shop]))
    step(
        "getTasks",
        "getTasks",
        key,
        Success(
            [coding, meeting]
            if absent_is_zero
            else [coding, {"activityID": world.design, "name": "Design"}, meeting]
        ),
    )
    step(
        "getTasksOfProject",
        "getTasks",
        {**key, "projectId": world.shop},
        Success([coding | unlimited, design, meeting | unlimited]),
    )

    step("noneActive", "getActiveRecording", key, Failure(NONE_ACTIVE))
    step(
        "startRecord",
        "startRecord",
        {**key, "projectId": world.shop, "activityId": world.coding},
        Success([{"timeEntryID": Computed(AnyNumber())}]),
    )
    running = {
        "timeEntryID": "$startRecord.timeEntryID",
        "projectID": world.shop,
        "activityID": world.coding,
        "start": Recent(),
        "end": 0,
        "duration": 0,
        "description": None,
        "servertime": Computed(Recent()),
        "customerID": world.acme,
        "customerName": "Acme",
        "projectName": "Shop",
        "activityName": "Coding",
    }
    step("getActiveRecording", "getActiveRecording", key, Success([running]))
    step(
        "updateActiveRecording",
        "updateActiveRecording",
        {**key, "record": {"activityID": world.meeting, "description": AWKWARD}},
        Success(),
    )
    changed = {"activityID": world.meeting, "activityName": "Meeting", "description": AWKWARD}
    step("updatedRecording", "getActiveRecording", key, Success([running | changed]))
    # A running entry has no duration and no wage yet.
    nothing_yet = dict.fromkeys(("duration", "formattedDuration", "wage_decimal", "wage"))
    step(
        "runningInTimesheet",
        "getTimesheet",
        {**key, "from": 0, "to": 0, "cleared": -1, "start": 0, "limit": 1},
        Success([{"timeEntryID": "$startRecord.timeEntryID", "end": 0, **nothing_yet}], total=3),
    )
    step("stopRecord", "stopRecord", {**key, "entryId": "$startRecord.timeEntryID"}, Success())
    step("stopped", "getActiveRecording", key, Failure(NONE_ACTIVE))

    awkward = {
        "timeEntryID": scene.entry,
        "start": world.now - 7200,
        "end": world.now - 1800,
        "rate": Decimal("85.50"),
        "projectID": world.shop,
        "activityID": world.coding,
        "userID": world.alice,
        "customerID": world.acme,
        "customerName": "Acme",
        "projectName": "Shop",
        "activityName": "Coding",
        "description": AWKWARD,
        "comment": CONTROL,
        "cleared": False,
        "commentType": 0,
        "statusID": 1,
        "location": None,
    }
    step(
        "getTimesheet",
        "getTimesheet",
        {**key, **period, "cleared": -1, "start": 0, "limit": 1},
        Success(
            [
                awkward
                | {
                    "duration": Computed(5400),
                    "formattedDuration": "1:30",
                    "wage": "128.25",
                    "wage_decimal": Computed(Decimal("128.25")),
                    "projectComment": "About shop",
                    "budget": None,
                    "approved": None,
                    "status": "open",
                    "userAlias": "Alice",
                    "userName": "alice",
                }
            ],
            total=2,
        ),
    )
    step(
        "getTimesheetRecord",
        "getTimesheetRecord",
        {**key, "id": scene.entry},
        Success([awkward | {"duration": 5400, "fixedRate": Decimal("0.00")}]),
    )

    created = {"timeEntryID": "$createEntry.id"}
    step(
        "createEntry",
        "setTimesheetRecord",
        {
            **key,
            "record": {
                "projectId": world.shop,
                "taskId": world.coding,
                "start": start,
                "end": end,
                "location": "Zürich 🏔",
                "description": AWKWARD,
                "flagBillable": 50,
                "budget": "42.25",
            },
            "doUpdate": False,
        },
        Success([{"id": Computed(AnyNumber())}]),
    )
    whole = created | {
        "start": start,
        "end": end,
        "duration": 4500,
        "projectID": world.shop,
        "activityID": world.coding,
        "userID": world.alice,
        "description": AWKWARD,
        "location": "Zürich 🏔",
        "rate": Decimal("60.00"),
        "budget": Decimal("42.25"),
        "billable": 50,
        "cleared": False,
    }
    step("createdEntry", "getTimesheetRecord", {**key, "id": "$createEntry.id"}, Success([whole]))
    step(
        "updateEntry",
        "setTimesheetRecord",
        {
            **key,
            "record": {"id": "$createEntry.id", "taskId": world.meeting, "comment": AWKWARD},
            "doUpdate": True,
        },
        Success(),
    )
    step(
        "updatedEntry",
        "getTimesheetRecord",
        {**key, "id": "$createEntry.id"},
        Success([whole | {"activityID": world.meeting, "comment": AWKWARD}]),
    )
    step(
        "removeTimesheetRecord",
        "removeTimesheetRecord",
        {**key, "id": "$createEntry.id"},
        Success(),
    )
    step(
        "removedEntry", "getTimesheetRecord", {**key, "id": "$createEntry.id"}, Failure(UNKNOWN_ID)
    )

    expense = {
        "expenseID": scene.expense,
        "timestamp": world.now - 3600,
        "designation": AWKWARD,
        "value": Decimal("19.99"),
        "multiplier": Decimal("3.00"),
        "projectID": world.shop,
        "userID": world.alice,
        "customerName": "Acme",
        "customerID": world.acme,
        "projectName": "Shop",
        "refundable": False,
        "cleared": False,
    }
    step(
        "getExpenses",
        "getExpenses",
        {**key, **period, "refundable": -1, "cleared": -1, "start": 0, "limit": 10},
        Success([expense | {"userName": "alice"}]),
    )
    step("getExpenseRecord", "getExpenseRecord", {**key, "id": scene.expense}, Success([expense]))
    step("noExpenses", "getExpenses", {**key, "from": 86_400, "to": 172_800}, Success([]))
    step(
        "createExpense",
        "setExpenseRecord",
        {
            **key,
            "record": {
                "projectId": world.shop,
                "date": start,
                "designation": AWKWARD,
                "refundable": True,
                "multiplier": "1.50",
                "value": "7.35",
            },
            "doUpdate": False,
        },
        Success([{"id": Computed(AnyNumber())}]),
    )
    bought = {
        "expenseID": "$createExpense.id",
        "timestamp": start,
        "designation": AWKWARD,
        "refundable": True,
        "multiplier": Decimal("1.50"),
        "value": Decimal("7.35"),
        "cleared": False,
        "userID": world.alice,
    }
    step(
        "createdExpense", "getExpenseRecord", {**key, "id": "$createExpense.id"}, Success([bought])
    )
    step(
        "updateExpense",
        "setExpenseRecord",
        {
            **key,
            "record": {"id": "$createExpense.id", "comment": AWKWARD, "value": "-8.05"},
            "doUpdate": True,
        },
        Success(),
    )
    step(
        "updatedExpense",
        "getExpenseRecord",
        {**key, "id": "$createExpense.id"},
        Success([bought | {"comment": AWKWARD, "value": Decimal("-8.05")}]),
    )
    step(
        "removeExpenseRecord", "removeExpenseRecord", {**key, "id": "$createExpense.id"}, Success()
    )
    step(
        "removedExpense",
        "getExpenseRecord",
        {**key, "id": "$createExpense.id"},
        Failure(UNKNOWN_ID),
    )

    step("fault", "getTimesheetRecord", {**key, "id": "twelve"}, Refusal())
    return found


def program(scene: Scene) -> str:
    """The steps as the JSON that clients with dynamic calls read."""
    return json.dumps(
        [{"name": s.name, "method": s.method, "params": s.params} for s in steps(scene)]
    )


def check(report: Any, scene: Scene, dialect: Dialect, **options: bool) -> None:
    """Compare a client's report with the expected results, as :func:`problems` does."""
    found = problems(report, scene, dialect, **options)
    assert not found, "\n".join(line for lines in found.values() for line in lines)


def problems(
    report: Any,
    scene: Scene,
    dialect: Dialect,
    *,
    complete: bool = True,
    absent_is_zero: bool = False,
) -> dict[str, list[str]]:
    """Return what is wrong in a client's report, by step; steps that pass aren't there.

    :param complete: each record has to have every field of its type, and no other.
    :param absent_is_zero: see :func:`steps`.
    """
    expected = steps(scene, absent_is_zero=absent_is_zero)
    assert {step.method for step in expected} == set(RemoteApi.public_methods)
    assert list(report) == [step.name for step in expected]
    found: dict[str, list[str]] = {}
    for step in expected:
        checker = _Checker(report, dialect, complete, [], step)
        checker.check(report[step.name])
        if checker.problems:
            found[step.name] = checker.problems
    return found


@dataclass
class _Checker:
    """Compare the result of one step."""

    report: dict[str, Any]
    dialect: Dialect
    complete: bool
    problems: list[str]
    step: Step

    def check(self, answer: Any) -> None:
        match self.step.expected:
            case Success(items, total):
                if not isinstance(answer, dict) or not self._flag(answer, True):
                    self._say("", answer, "a success")
                    return
                self._value("total", answer.get("total"), len(items) if total is None else total)
                self._records("items", answer.get("items"), items, _item_type(self.step.method))
            case Failure(msg):
                if (
                    not isinstance(answer, dict)
                    or not self._flag(answer, False)
                    or answer.get("error") != {"msg": msg}
                ):
                    self._say("", answer, f"a failure with the text {msg!r}")
            case Text(pattern):
                if not isinstance(answer, str) or not re.fullmatch(pattern, answer):
                    self._say("", answer, f"a text of the pattern {pattern}")
            case Refusal():
                self._refusal(answer)

    def _flag(self, answer: dict[str, Any], wanted: bool) -> bool:
        try:
            return _bool(answer.get("success"), self._plain) is wanted
        except ValueError:
            return False

    def _refusal(self, answer: Any) -> None:
        fault = answer.get("fault") if isinstance(answer, dict) else None
        if not isinstance(fault, dict):
            self._say("", answer, "a fault")
            return
        code, message = str(fault.get("code")), str(fault.get("message"))
        # SOAP's code is a qualified name; some toolkits strip the prefix, others the dot.
        wanted = "Sender" if self.dialect.name == SOAP_12.name else "Client"
        if not (code == "-32602" or re.search(rf"(^|[:}}]){wanted}\b", code)):
            self._say("fault.code", code, f"{wanted} or -32602")
        if "twelve" not in message and "apiKey" not in message:
            self._say("fault.message", message, "a text that names the wrong value")

    def _records(self, where: str, found: Any, expected: list[dict[str, Any]], kind: Any) -> None:
        if not isinstance(found, list) or len(found) != len(expected):
            self._say(where, found, f"a list of {len(expected)} records")
            return
        types = kind.get_flat_type_info(kind)
        for place, (record, wanted) in enumerate(zip(found, expected, strict=True)):
            here = f"{where}[{place}]"
            if not isinstance(record, dict):
                self._say(here, record, "an object")
                continue
            unknown = set(record) - set(types)
            optional = {name for name, of in types.items() if of.Attributes.min_occurs == 0}
            absent = set(types) - set(record) - optional
            if self.complete and (unknown or absent):
                self._say(here, sorted(record), f"no {sorted(unknown)} but {sorted(absent)}")
            for name, value in wanted.items():
                if isinstance(value, list):
                    self._records(f"{here}.{name}", record.get(name), value, t.Task)
                elif name not in record and name not in optional and not self._is_left_out(value):
                    self._say(f"{here}.{name}", "nothing", repr(value))
                else:
                    self._value(f"{here}.{name}", record.get(name), value)
            for name in optional - set(wanted):
                if record.get(name) is not None:
                    self._say(f"{here}.{name}", record[name], "nothing")

    def _is_left_out(self, value: Any) -> bool:
        return value is None and not self.complete

    @property
    def _plain(self) -> str:
        """How values look that no database has."""
        return "untyped" if self.dialect.values == "untyped" else "native"

    def _value(self, where: str, found: Any, expected: Any) -> None:
        # Kimai's database counted the records of these lists.
        counted = self.step.method in ("getTimesheet", "getExpenses") and expected != 0
        values = self._plain if where == "total" and not counted else self.dialect.values
        if isinstance(expected, Computed):
            values, expected = self._plain, expected.value
        if isinstance(expected, str) and expected.startswith("$"):
            step, name = expected[1:].split(".")
            try:
                expected = int(self.report[step]["items"][0][name])
            except (KeyError, IndexError, TypeError, ValueError):
                self._say(where, found, f"{expected}, which isn't there")
                return
        if isinstance(expected, str):
            if self.dialect.is_xml:
                expected = expected.replace("\x07", "\ufffd")
            right = found == expected
        elif expected is None:
            right = found is None or (found == 0 and not self.dialect.has_nulls)
        else:
            if isinstance(expected, Decimal) and values == "native" and self.dialect.is_xml:
                values = "untyped"  # xs:decimal is a string in many languages, to keep the cents
            try:
                right = expected == _reader(expected)(found, values)
            except ValueError:
                right = False
        if not right:
            self._say(where, found, f"{expected!r} ({values})")

    def _say(self, where: str, found: Any, wanted: str) -> None:
        self.problems.append(f"{self.step.name}.{where}: {found!r} instead of {wanted}")


def _item_type(method: str) -> Any:
    ((_, result),) = RemoteApi.public_methods[method].out_message._type_info.items()
    ((_, item),) = result._type_info["items"]._type_info.items()
    return item


def _reader(expected: Any) -> Callable[[Any, str], Any]:
    if isinstance(expected, bool):
        return _bool
    return _decimal if isinstance(expected, Decimal) else _int


def _bool(found: Any, values: str) -> bool:
    spellings: dict[str, tuple[Any, Any]] = {"native": (False, True), "strings": ("0", "1")}
    if values in spellings:
        for value, spelling in zip((False, True), spellings[values], strict=True):
            if type(found) is type(spelling) and found == spelling:
                return value
    elif str(found).lower() in ("0", "false", "1", "true"):
        return str(found).lower() in ("1", "true")
    raise ValueError(found)


def _int(found: Any, values: str) -> int:
    right = {"native": (int,), "strings": (str,), "untyped": (int, str)}[values]
    if isinstance(found, bool) or not isinstance(found, right):
        raise ValueError(found)  # noqa: TRY004 (one error for every wrong value)
    return int(found)


def _decimal(found: Any, values: str) -> Decimal:
    right = {"native": (int, float), "strings": (str,), "untyped": (int, float, str)}[values]
    if isinstance(found, bool) or not isinstance(found, right):
        raise ValueError(found)  # noqa: TRY004 (one error for every wrong value)
    if values == "strings" and not re.fullmatch(r"-?\d+\.\d\d", found):
        raise ValueError(found)
    try:
        return Decimal(str(found))
    except InvalidOperation:
        raise ValueError(found) from None
