"""The least work that answers a call: the raw driver, msgspec, lxml and joined strings.

A WSGI function that looks up the key with one statement, runs the one or two statements of the
method and writes the result. It checks nothing else, so no server can do with less.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal
from typing import Any

import argon2
import msgspec
import sqlalchemy
from lxml import etree

from kimai_remote.storage.engine import parse
from support.kimai1 import md5

from .data import PROJECT, TASK
from .installations import PREFIX

_ENTRY = """e."timeEntryID", e.start, e."end", e.duration, e.rate, e.budget,
    e.approved, e."projectID", e."activityID", e."userID", c.name AS "customerName",
    p."customerID", a.name AS "activityName", p.name AS "projectName",
    p.comment AS "projectComment", e.location, e."trackingNumber", e."statusID", s.status,
    e.billable, e.description, e.comment, e.cleared, e."commentType", u.alias AS "userAlias",
    u.name AS "userName"
    FROM "{p}timeSheet" e LEFT JOIN "{p}projects" p ON p."projectID" = e."projectID"
    LEFT JOIN "{p}customers" c ON c."customerID" = p."customerID"
    LEFT JOIN "{p}activities" a ON a."activityID" = e."activityID"
    LEFT JOIN "{p}statuses" s ON s."statusID" = e."statusID"
    LEFT JOIN "{p}users" u ON u."userID" = e."userID" """
_OWN_GROUPS = """(SELECT "groupID" FROM "{p}groups_users" WHERE "userID" = ?)"""
_STATEMENTS = {
    "key": """SELECT u."userID", r."ki_timesheet-access", r."ki_expenses-access",
        r."ki_timesheets-showRates", r."ki_timesheets-ownEntry-add"
        FROM "{p}users" u JOIN "{p}globalRoles" r ON r."globalRoleID" = u."globalRoleID"
        WHERE u.apikey = ? AND u.active = 1 AND u.trash = 0""",
    "login": """SELECT password, apikey FROM "{p}users"
        WHERE name = ? AND active = 1 AND trash = 0""",
    "active": """SELECT e."timeEntryID", e."activityID", e."projectID", e.start, e."end",
        e.duration, e.description, p."customerID", c.name AS "customerName",
        p.name AS "projectName", a.name AS "activityName"
        FROM "{p}timeSheet" e LEFT JOIN "{p}projects" p ON p."projectID" = e."projectID"
        LEFT JOIN "{p}customers" c ON c."customerID" = p."customerID"
        LEFT JOIN "{p}activities" a ON a."activityID" = e."activityID"
        WHERE e."userID" = ? AND e."end" = 0 ORDER BY e.start DESC LIMIT 1""",
    "users": f"""SELECT "userID", name FROM "{{p}}users" WHERE trash = 0 AND "userID" IN
        (SELECT "userID" FROM "{{p}}groups_users" WHERE "groupID" IN {_OWN_GROUPS})
        ORDER BY name""",
    "projects": f"""SELECT p."projectID", p."customerID", p.name, p.comment, p.visible, p.filter,
        p.trash, p.budget, p.effort, p.approved, p.internal, c.name AS "customerName",
        c.visible AS "customerVisible"
        FROM "{{p}}projects" p JOIN "{{p}}customers" c ON c."customerID" = p."customerID"
        WHERE p.trash = 0 AND p.visible = 1 AND c.trash = 0 AND c.visible = 1
        AND p."projectID" IN (SELECT "projectID" FROM "{{p}}groups_projects"
        WHERE "groupID" IN {_OWN_GROUPS}) ORDER BY p.name""",
    "assigned": f"""SELECT l."projectID", a."activityID", a.name, a.visible, l.budget, l.approved,
        l.effort FROM "{{p}}activities" a
        LEFT JOIN "{{p}}projects_activities" l ON l."activityID" = a."activityID"
        WHERE a.trash = 0 AND a.visible = 1 AND a."activityID" IN
        (SELECT "activityID" FROM "{{p}}groups_activities" WHERE "groupID" IN {_OWN_GROUPS})
        ORDER BY a.name""",
    "tasks": f"""SELECT a."activityID", a.name, a.visible, l.budget, l.approved, l.effort
        FROM "{{p}}activities" a LEFT JOIN "{{p}}projects_activities" l
        ON l."activityID" = a."activityID" AND l."projectID" = ?
        WHERE a.trash = 0 AND a.visible = 1 AND a."activityID" IN
        (SELECT "activityID" FROM "{{p}}groups_activities" WHERE "groupID" IN {_OWN_GROUPS})
        AND (l."projectID" IS NOT NULL OR a."activityID" NOT IN
        (SELECT "activityID" FROM "{{p}}projects_activities")) ORDER BY a.name""",
    "entries": f"""SELECT {_ENTRY} WHERE e."userID" = ?
        ORDER BY e.start DESC, e."timeEntryID" LIMIT ? OFFSET ?""",
    "entry count": """SELECT count(*) FROM "{p}timeSheet" WHERE "userID" = ?""",
    "expenses": """SELECT e."expenseID", e."timestamp", e.multiplier, e.value, e."projectID",
        e.designation, e."userID", c.name AS "customerName", p."customerID",
        p.name AS "projectName", e.comment, e.refundable, e."commentType", u.name AS "userName",
        e.cleared FROM "{p}expenses" e LEFT JOIN "{p}projects" p ON p."projectID" = e."projectID"
        LEFT JOIN "{p}customers" c ON c."customerID" = p."customerID"
        LEFT JOIN "{p}users" u ON u."userID" = e."userID" WHERE e."userID" = ?
        ORDER BY e."timestamp" DESC, e."expenseID" LIMIT ? OFFSET ?""",
    "expense count": """SELECT count(*) FROM "{p}expenses" WHERE "userID" = ?""",
    "stop": """UPDATE "{p}timeSheet" SET "end" = ?, duration = ? - start
        WHERE "userID" = ? AND "end" = 0""",
    "insert": """INSERT INTO "{p}timeSheet" (start, "end", duration, "userID", "projectID",
        "activityID", rate, "fixedRate", "statusID", description)
        VALUES (?, ?, ?, ?, ?, ?, 60, 0, 1, ?)""",
    "last": """UPDATE "{p}users" SET "lastProject" = ?, "lastActivity" = ?, "lastRecord" = ?
        WHERE "userID" = ?""",
    "delete": """DELETE FROM "{p}timeSheet" WHERE "timeEntryID" = ? AND "userID" = ?""",
}

Rows = tuple[Sequence[str], Sequence[Sequence[Any]]]


class _Connection(threading.local):
    """A connection for each thread, of the driver that the program itself uses."""

    def __init__(self, kind: str, url: str) -> None:
        engine = sqlalchemy.create_engine(parse(url))
        # The pool would take it back.
        self._fairy = engine.raw_connection()
        driver: Any = self._fairy.driver_connection
        if kind == "sqlite":
            driver.isolation_level = None
        elif callable(driver.autocommit):  # of PyMySQL and mysqlclient
            driver.autocommit(True)
        else:
            driver.autocommit = True
        self.cursor: Any = driver.cursor()
        self.begin, self.end = "BEGIN", "COMMIT"
        self._returns_id = kind == "postgresql"
        if kind == "sqlite":
            self.begin = "BEGIN IMMEDIATE"
            for pragma in ("journal_mode=WAL", "synchronous=FULL", "busy_timeout=10000"):
                self.cursor.execute(f"PRAGMA {pragma}").fetchall()
        elif kind == "mariadb":
            self.cursor.execute("SET SESSION sql_mode='ANSI,STRICT_ALL_TABLES'")
        mark = "?" if engine.dialect.paramstyle == "qmark" else "%s"
        self._statements = {
            name: sql.replace("{p}", PREFIX).replace("?", mark) for name, sql in _STATEMENTS.items()
        }
        if self._returns_id:
            self._statements["insert"] += ' RETURNING "timeEntryID"'

    def run(self, statement: str, *parameters: Any) -> Any:
        self.cursor.execute(self._statements[statement], parameters)
        return self.cursor

    def rows(self, statement: str, *parameters: Any) -> Rows:
        cursor = self.run(statement, *parameters)
        return [column[0] for column in cursor.description], cursor.fetchall()

    def insert(self, *parameters: Any) -> int:
        cursor = self.run("insert", *parameters)
        return int(cursor.fetchone()[0] if self._returns_id else cursor.lastrowid)


class LowerBound:
    """The WSGI application."""

    def __init__(self, kind: str, url: str) -> None:
        self._db = _Connection(kind, url)
        self._hasher = argon2.PasswordHasher()
        self._decode = msgspec.json.Decoder().decode
        self._encode = msgspec.json.Encoder(decimal_format="number").encode
        self._methods: dict[str, Callable[..., tuple[Rows, int]]] = {
            name: getattr(self, f"_{name}") for name in METHODS
        }

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        body = environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))
        if environ["PATH_INFO"] == "/core/json.php":
            content, content_type = self._json(body), "application/json"
        else:
            content, content_type = self._soap(body), "text/xml; charset=utf-8"
        start_response(
            "200 OK", [("Content-Type", content_type), ("Content-Length", str(len(content)))]
        )
        return [content]

    def _json(self, body: bytes) -> bytes:
        request = self._decode(body)
        result: Any = self._call(request["method"], request["params"])
        if isinstance(result, tuple):
            (names, rows), total = result
            items = [dict(zip(names, row, strict=True)) for row in rows]
            for item in items:
                if "tasks" in item:
                    names, rows = item["tasks"]
                    item["tasks"] = [dict(zip(names, row, strict=True)) for row in rows]
            result = {"success": True, "items": items, "total": total}
        return self._encode({"jsonrpc": "2.0", "id": request["id"], "result": result})

    def _soap(self, body: bytes) -> bytes:
        call = etree.fromstring(body)[0][0]
        namespace, _, method = call.tag[1:].partition("}")
        is_document = namespace == "urn:kimai-remote"
        parameters = [_document_value(one) if is_document else _rpc_value(one) for one in call]
        result: Any = self._call(method, parameters)
        content = _document(method, result) if is_document else _rpc(method, result)
        return content.encode()

    def _call(self, method: str, parameters: Sequence[Any]) -> Any:
        if method == "getVersion":
            return "1.3.5-1394"
        if method == "authenticate":
            return self._authenticate(*parameters)
        user = self._db.run("key", parameters[0]).fetchone()[0]
        return self._methods[method](user, *parameters[1:])

    def _authenticate(self, name: str, password: str) -> tuple[Rows, int]:
        stored, key = self._db.run("login", name).fetchone()
        if stored.startswith("$argon2"):
            self._hasher.verify(stored, password)
        else:
            assert md5(password) == stored
        return (("apiKey",), [(key,)]), 1

    def _getActiveRecording(self, user: int) -> tuple[Rows, int]:
        return self._db.rows("active", user), 1

    def _getUsers(self, user: int) -> tuple[Rows, int]:
        found = self._db.rows("users", user)
        return found, len(found[1])

    def _getProjects(self, user: int, with_tasks: object = False) -> tuple[Rows, int]:
        names, projects = self._db.rows("projects", user)
        if with_tasks in (False, "false"):
            return (names, projects), len(projects)
        (_, *task_names), tasks = self._db.rows("assigned", user)
        by_project: dict[int | None, list[Any]] = {None: []}
        for project, *task in tasks:
            by_project.setdefault(project, []).append(task)
        with_them = [
            (*project, (task_names, by_project.get(project[0], []) + by_project[None]))
            for project in projects
        ]
        return ([*names, "tasks"], with_them), len(projects)

    def _getTasks(self, user: int, project: Any) -> tuple[Rows, int]:
        found = self._db.rows("tasks", int(project), user)
        return found, len(found[1])

    def _getTimesheet(
        self, user: int, _from: Any, _to: Any, _cleared: Any, start: Any, limit: Any
    ) -> tuple[Rows, int]:
        (total,) = self._db.run("entry count", user).fetchone()
        return self._db.rows("entries", user, int(limit), int(start)), total

    def _getExpenses(
        self,
        user: int,
        _from: Any,
        _to: Any,
        _refundable: Any,
        _cleared: Any,
        start: Any,
        limit: Any,
    ) -> tuple[Rows, int]:
        (total,) = self._db.run("expense count", user).fetchone()
        return self._db.rows("expenses", user, int(limit), int(start)), total

    def _startRecord(self, user: int, project: Any, task: Any) -> tuple[Rows, int]:
        now, db = int(time.time()), self._db
        db.cursor.execute(db.begin)
        db.run("stop", now, now, user)
        entry = db.insert(now, 0, 0, user, int(project), int(task), None)
        db.run("last", PROJECT, TASK, entry, user)
        db.cursor.execute(db.end)
        return (("timeEntryID",), [(entry,)]), 1

    def _stopRecord(self, user: int, _entry: Any) -> tuple[Rows, int]:
        now, db = int(time.time()), self._db
        db.cursor.execute(db.begin)
        db.run("stop", now, now, user)
        db.cursor.execute(db.end)
        return ((), []), 0

    def _setTimesheetRecord(
        self, user: int, record: dict[str, Any], _update: Any
    ) -> tuple[Rows, int]:
        db, start, end = self._db, int(record["start"]), int(record["end"])
        project, task = int(record["projectId"]), int(record["taskId"])
        db.cursor.execute(db.begin)
        entry = db.insert(start, end, end - start, user, project, task, record["description"])
        db.cursor.execute(db.end)
        return (("id",), [(entry,)]), 1

    def _removeTimesheetRecord(self, user: int, entry: Any) -> tuple[Rows, int]:
        db = self._db
        db.cursor.execute(db.begin)
        db.run("delete", int(entry), user)
        db.cursor.execute(db.end)
        return ((), []), 0


METHODS = tuple(
    name.removeprefix("_")
    for name in vars(LowerBound)
    if name.startswith(("_get", "_start", "_stop", "_set", "_remove"))
)


def _document_value(element: Any) -> Any:
    if len(element):
        return {etree.QName(child).localname: child.text for child in element}
    return element.text


def _rpc_value(element: Any) -> Any:
    if len(element):
        return {item[0].text: item[1].text for item in element}
    return element.text


def _escape(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _document(method: str, result: Any) -> str:
    if isinstance(result, str):
        inner = result
    else:
        (names, rows), total = result
        inner = (
            f"<success>true</success><items>{_document_rows('item', names, rows)}</items>"
            f"<total>{total}</total>"
        )
    return (
        '<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"'
        ' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><e:Body>'
        f'<{method}Response xmlns="urn:kimai-remote"><{method}Result>{inner}</{method}Result>'
        f"</{method}Response></e:Body></e:Envelope>"
    )


def _document_rows(tag: str, names: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    parts = []
    for row in rows:
        fields = [
            f"<{name}>{_escape(value)}</{name}>"
            if isinstance(value, str)
            else f'<{name} xsi:nil="true"/>'
            if value is None
            else f"<{name}>{_document_rows('item', *value)}</{name}>"
            if isinstance(value, tuple)
            else f"<{name}>{value}</{name}>"
            for name, value in zip(names, row, strict=True)
        ]
        parts.append(f"<{tag}>{''.join(fields)}</{tag}>")
    return "".join(parts)


_XSI_TYPES = {int: "int", float: "float", Decimal: "string"}


def _rpc(method: str, result: Any) -> str:
    if isinstance(result, str):
        inner = f'<return xsi:type="xsd:string">{result}</return>'
    else:
        (names, rows), total = result
        inner = (
            '<return xsi:type="ns2:Map">'
            + _pair("success", '<value xsi:type="xsd:boolean">true</value>')
            + _pair("items", _rpc_rows(names, rows))
            + _pair("total", f'<value xsi:type="xsd:int">{total}</value>')
            + "</return>"
        )
    return (
        '<SOAP-ENV:Envelope xmlns:SOAP-ENV="http://schemas.xmlsoap.org/soap/envelope/"'
        ' xmlns:ns1="http://time.example.org/core/soap.php"'
        ' xmlns:xsd="http://www.w3.org/2001/XMLSchema"'
        ' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
        ' xmlns:ns2="http://xml.apache.org/xml-soap"'
        ' xmlns:SOAP-ENC="http://schemas.xmlsoap.org/soap/encoding/"'
        ' SOAP-ENV:encodingStyle="http://schemas.xmlsoap.org/soap/encoding/"><SOAP-ENV:Body>'
        f"<ns1:{method}Response>{inner}</ns1:{method}Response></SOAP-ENV:Body></SOAP-ENV:Envelope>"
    )


def _pair(key: str, value: str) -> str:
    return f'<item><key xsi:type="xsd:string">{key}</key>{value}</item>'


def _rpc_rows(names: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    keys = [f'<item><key xsi:type="xsd:string">{name}</key>' for name in names]
    parts = []
    for row in rows:
        fields = [
            f'{key}<value xsi:type="xsd:string">{_escape(value)}</value></item>'
            if isinstance(value, str)
            else f'{key}<value xsi:nil="true"/></item>'
            if value is None
            else f"{key}{_rpc_rows(*value)}</item>"
            if isinstance(value, tuple)
            else f'{key}<value xsi:type="xsd:{_XSI_TYPES[type(value)]}">{value}</value></item>'
            for key, value in zip(keys, row, strict=True)
        ]
        parts.append(f'<item xsi:type="ns2:Map">{"".join(fields)}</item>')
    return (
        f'<value SOAP-ENC:arrayType="ns2:Map[{len(rows)}]" xsi:type="SOAP-ENC:Array">'
        f"{''.join(parts)}</value>"
    )
