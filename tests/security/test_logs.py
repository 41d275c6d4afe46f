"""The logs of a server process: their content, and no secret in it."""

from __future__ import annotations

import contextlib
import json
import re
import sqlite3
import stat
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from support.processes import DEADLINE
from support.server import Server, serving

SECRET = "the-server-secret-0123456789"
SALT = "the-salt-of-kimai"
PASSWORD = "demo-clara"
TOKEN = "the-token-of-metrics-987"
TYPED = "Tr0ub4dor-typed-wrong"
#: The members of each line in JSON.
HEAD = {"time", "level", "logger", "process"}
TEXT = "a text of an entry that is nobody's business"


@dataclass
class Logged:
    """A server after calls of all sorts, and its output."""

    server: Server
    audit: Path
    key: str
    failed: list[tuple[str, str]]
    is_json: bool

    @property
    def events(self) -> list[dict[str, Any]]:
        lines = self.audit.read_text().splitlines()
        if self.is_json:
            return [
                {name: value for name, value in json.loads(line).items() if name not in HEAD}
                for line in lines
            ]
        return [json.loads(line.partition(" audit ")[2]) for line in lines]

    @property
    def lines(self) -> list[str]:
        """The log without the table of accounts that is printed at the start."""
        return self.server.output.partition("┘\n")[2].splitlines()

    @property
    def calls(self) -> list[dict[str, Any]]:
        """The lines of the access log."""
        if self.is_json:
            records = [json.loads(line) for line in self.lines]
            return [line for line in records if line["logger"] == "kimai_remote.access"]
        return [
            json.loads(line.partition(" access ")[2]) for line in self.lines if " access {" in line
        ]

    def of(self, event: str) -> list[dict[str, Any]]:
        return [record for record in self.events if record["event"] == event]


def send(url: str, body: bytes) -> tuple[str, str]:
    """Return the request ID and the response."""
    request = urllib.request.Request(url, body, {"Content-Type": "text/xml"})
    try:
        with urllib.request.urlopen(request, timeout=DEADLINE) as response:
            return response.headers["X-Request-Id"], response.read().decode()
    except urllib.error.HTTPError as error:
        return error.headers["X-Request-Id"], error.read().decode()


def call(server: Server, method: str, *params: Any) -> Any:
    return json.loads(send(server.json, json_call(method, *params))[1])


def json_call(method: str, *params: Any) -> bytes:
    return json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}).encode()


def soap(method: str, **values: str) -> bytes:
    inner = "".join(f"<u:{name}>{value}</u:{name}>" for name, value in values.items())
    return (
        '<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/" '
        f'xmlns:u="urn:kimai-remote"><e:Body><u:{method}>{inner}</u:{method}></e:Body></e:Envelope>'
    ).encode()


@pytest.fixture(scope="module", params=["text", pytest.param("json", marks=pytest.mark.slow)])
def logged(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Logged]:
    directory = tmp_path_factory.mktemp("logs")
    audit = directory / "audit.log"
    environ = {
        "KIMAI_REMOTE_AUDIT_LOG": str(audit),
        "KIMAI_REMOTE_SECRET": SECRET,
        "KIMAI_REMOTE_PASSWORD_SALT": SALT,
        "KIMAI_REMOTE_LOGIN_RATE": "5",
        "KIMAI_REMOTE_LOG_FORMAT": request.param,
        "KIMAI_REMOTE_ACCESS_LOG": "yes",
        "KIMAI_REMOTE_METRICS_TOKEN": TOKEN,
    }
    with serving(directory, "--demo", environ=environ) as server:
        key = call(server, "authenticate", "clara", PASSWORD)["result"]["items"][0]["apiKey"]
        exercise(server, key)
        failed = break_database(server, directory, key)
        yield Logged(server, audit, key, failed, request.param == "json")


def exercise(server: Server, key: str) -> None:
    """Every method, well and badly, over both protocols."""
    call(server, "authenticate", "clara", TYPED)
    call(server, "authenticate", TYPED, "clara")
    call(server, "authenticate", key, "clara")
    send(server.soap, soap("authenticate", username="clara", password=TYPED))
    send(server.soap, soap("authenticate", username="clara", password=PASSWORD, more=TYPED))
    send(server.soap, soap("getUsers", apiKey=key))
    send(server.soap, soap("getTasks", apiKey=key, projectId=key))
    send(server.soap, b"<a>" + key.encode() + b"</b>")
    send(server.json, b'["' + key.encode() + b'"')
    call(server, "startRecord", key, 1, 11)
    call(server, "updateActiveRecording", key, {"description": TEXT, "comment": key})
    call(server, "stopRecord", key)
    saved = call(
        server,
        "setTimesheetRecord",
        key,
        {
            "projectId": 1,
            "taskId": 11,
            "start": "2020-05-04 8:00",
            "end": "2020-05-04 9:00",
            "description": TEXT,
        },
        False,
    )
    entry_id = saved["result"]["items"][0]["id"]
    call(server, "removeTimesheetRecord", key, entry_id)
    call(server, "getTimesheetRecord", key, 1)
    call(server, "removeTimesheetRecord", key, 1)
    call(server, "getUsers", key[:-1] + "x")
    call(server, "setExpenseRecord", key, {"projectId": 1, "date": key}, False)
    call(server, "getTimesheet", key, key)
    call(server, key)
    call(server, "getUsers\n2026 access {}", TYPED)
    send(server.soap, soap(TYPED, apiKey=key))
    for token in (TOKEN, TYPED):
        read_metrics(server, token)
    for _ in range(6):
        call(server, "authenticate", "nobody\n2026 audit {}\x1b[31m\u2028", TYPED)


def read_metrics(server: Server, token: str) -> None:
    headers = {"Authorization": f"Bearer {token}", "X-Forwarded-For": "192.0.2.1"}
    with contextlib.suppress(urllib.error.HTTPError):
        urllib.request.urlopen(urllib.request.Request(f"{server.url}/metrics", headers=headers))


def break_database(server: Server, directory: Path, key: str) -> list[tuple[str, str]]:
    """Take tables away, so that statements with keys and passwords in them fail, and store what
    can't be read.

    :returns: request id and answer of what the database doesn't serve, and of what is a defect.
    """
    (path,) = (directory / "data").glob("*.sqlite3")
    responses = []
    for table in ("kimai_users", "kimai_remote_keys", "kimai_configuration"):
        with sqlite3.connect(path) as database:
            database.execute("PRAGMA foreign_keys=OFF")
            database.execute(f'ALTER TABLE "{table}" RENAME TO taken')
        responses.append(send(server.soap, soap("getUsers", apiKey=key)))
        call(server, "authenticate", "clara", PASSWORD)
        call(server, "startRecord", key, 1, 11)
        with sqlite3.connect(path) as database:
            database.execute(f'ALTER TABLE taken RENAME TO "{table}"')
    with sqlite3.connect(path) as database:
        database.execute('UPDATE "kimai_timeSheet" SET "end" = ?', ["no number " + TEXT])
    return [responses[0], send(server.json, json_call("getTimesheet", key))]


def test_no_secret_is_in_any_log(logged: Logged) -> None:
    database = next(logged.audit.parent.glob("data/*.sqlite3"))
    with sqlite3.connect(database) as connection:
        hashes = [row[0] for row in connection.execute("SELECT password FROM kimai_users")]
        hashes += [
            row[0]
            for row in connection.execute(
                "SELECT keyHash FROM kimai_remote_keys WHERE keyHash IS NOT NULL"
            )
        ]
    assert len(hashes) > 4
    for log in (logged.audit, logged.server.log):
        text = log.read_text() if log == logged.audit else "\n".join(logged.lines)
        assert len(text) > 500
        for secret in (logged.key, PASSWORD, TYPED, SECRET, SALT, TEXT, TOKEN, *hashes):
            assert secret not in text


def test_errors_have_the_request_id_of_the_response(logged: Logged) -> None:
    (refused, unavailable), (broken, internal) = logged.failed
    assert "The database is not available at the moment." in unavailable
    assert f"The administrator finds it in the log as {broken}." in internal
    output = logged.server.output
    assert "no such table" in output
    assert f"getUsers was not served in request {refused}" in output
    told = f"getTimesheet failed in request {broken}"
    if logged.is_json:
        (line,) = (json.loads(line) for line in logged.lines if told in line)
        assert line["exception"].startswith("Traceback")
        assert (line["level"], line["logger"]) == ("error", "kimai_remote.api.execution")
    else:
        assert f"{told}\nTraceback" in output
    for response in (unavailable, internal):
        assert not re.search("no such table|Traceback|SELECT|TypeError|[.]py", response)
    assert all(re.fullmatch("[0-9a-f]{16}", number) for number in (refused, broken))


def test_audit_of_logins(logged: Logged) -> None:
    login, *_ = logged.of("login")
    assert login == {
        "event": "login",
        "user": "clara",
        "from": "127.0.0.1",
        "request": login["request"],
    }
    reasons = [record["reason"] for record in logged.of("login refused")]
    assert {"wrong password", "unknown name", "too many failures from this address"} == set(reasons)
    assert {record.get("user") for record in logged.of("login refused")} == {"clara", None}


def test_audit_of_changes(logged: Logged) -> None:
    changes = {record["method"]: record for record in logged.of("changed")}
    assert set(changes) == {
        "startRecord",
        "updateActiveRecording",
        "stopRecord",
        "setTimesheetRecord",
        "removeTimesheetRecord",
    }
    created = changes["setTimesheetRecord"]
    assert created["user"] == "clara"
    assert created["what"] == {
        "doUpdate": False,
        "record": {"fields": ["description", "end", "projectId", "start", "taskId"]},
    }
    assert changes["removeTimesheetRecord"]["what"] == {"id": created["new"]}
    assert changes["startRecord"]["what"] == {"projectId": 1, "activityId": 11}
    assert changes["startRecord"]["new"] > 0


def test_audit_of_refusals(logged: Logged) -> None:
    refused = [(record.get("user"), record["method"]) for record in logged.of("refused")]
    assert (None, "getUsers") in refused
    assert ("clara", "getTimesheetRecord") in refused
    assert ("clara", "removeTimesheetRecord") in refused


def test_audit_is_a_line_of_ascii_an_event(logged: Logged) -> None:
    for line in logged.audit.read_bytes().splitlines():
        if logged.is_json:
            assert re.fullmatch(rb"\{[ -~]+\}", line)
            continue
        assert re.fullmatch(rb"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} audit \{[ -~]+\}", line)
    for record in logged.events:
        assert record["from"] == "127.0.0.1"
        assert re.fullmatch("[0-9a-f]{16}", record["request"])


def test_files_are_their_owners_alone(logged: Logged) -> None:
    files = [logged.audit, *(logged.audit.parent / "data").iterdir()]
    assert len(files) >= 2
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}


def test_each_line_of_the_log_is_one(logged: Logged) -> None:
    """In JSON an object; else one that begins with the time, or a line of a traceback."""
    traceback = r"Traceback \(most recent call last\):|  .*"
    for line in logged.lines:
        assert re.fullmatch(r"[ -~]*", line)
        if logged.is_json:
            record = json.loads(line)
            assert set(record) >= HEAD
            assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", record["time"])
        elif not line.startswith(("Console  ", "SOAP  ", "JSON-RPC  ", "Stop with")):
            assert re.match(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} |" + traceback, line)


def test_a_line_for_each_call(logged: Logged) -> None:
    first, refused, *_ = logged.calls
    assert first["method"] == "authenticate"
    assert first["user"] == "clara"
    assert (first["protocol"], first["outcome"]) == ("json-rpc", "success")
    assert 1 < first["ms"] < 20_000
    assert first["from"] == "127.0.0.1"
    assert re.fullmatch("[0-9a-f]{16}", first["request"])
    assert (refused["outcome"], refused.get("user")) == ("refused", None)
    (started,) = (
        record
        for record in logged.calls
        if (record["method"], record["outcome"]) == ("startRecord", "success")
    )
    assert started["user"] == "clara"
    (changed,) = (record for record in logged.of("changed") if record["method"] == "startRecord")
    assert changed["request"] == started["request"]
    outcomes = {record["outcome"] for record in logged.calls}
    assert outcomes == {"success", "failure", "refused", "invalid", "unavailable", "fault"}
    methods = {record["method"] for record in logged.calls}
    assert {"unknown", "malformed"} <= methods
    assert all(re.fullmatch(r"\w+", method) for method in methods)
