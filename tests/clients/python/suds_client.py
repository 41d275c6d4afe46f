"""The scenario by suds-community, from the live WSDL."""

import sys
from typing import Any
from xml.sax.saxutils import escape

import steps
import suds
from suds.client import Client
from suds.sax.text import Raw
from suds.sudsobject import asdict

client = Client(sys.argv[1], cache=None)
RECORD_TYPES = {
    "updateActiveRecording": "ActiveRecordingChange",
    "setTimesheetRecord": "TimeEntryInput",
    "setExpenseRecord": "ExpenseInput",
}


def call(method: str, params: dict[str, Any]) -> Any:
    if "record" in params:
        record = client.factory.create(RECORD_TYPES[method])
        for name, value in params["record"].items():
            setattr(record, name, escaped(value))
        params = params | {"record": record}
    try:
        answer = getattr(client.service, method)(**params)
    except suds.WebFault as error:
        raise steps.Fault(error.fault.faultcode, error.fault.faultstring) from None
    return plain(answer) if isinstance(answer, suds.sudsobject.Object) else str(answer)


def escaped(value: Any) -> Any:
    """Suds takes a text with ``&amp;`` in it for one that is escaped already, so this does it."""
    return Raw(escape(value)) if isinstance(value, str) else value


def plain(value: Any) -> Any:
    """Convert suds objects to dicts, its strings to str, and unwrap lists."""
    if isinstance(value, list):
        return [plain(item) for item in value]
    if isinstance(value, str):
        return str(value)
    if not isinstance(value, suds.sudsobject.Object):
        return value
    members = {name: plain(member) for name, member in asdict(value).items()}
    for name in members.keys() & {"items", "tasks"}:
        members[name] = next(iter(members[name].values()), []) if members[name] else []
    return members


steps.run(call)
