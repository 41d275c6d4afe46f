"""Collections of all calls over JSON, for Postman and Bruno, in ``docs/integrators``.

Both have the same calls, in an order in which they can be run one after the other, and the same
checks of each response.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from docs import example_calls
from docs.example_calls import SAVED, Variable
from kimai_remote.protocols.discovery import Method, methods, title
from kimai_remote.protocols.rendering import record_type_of
from support.server import ROOT

FOLDER = ROOT / "docs" / "integrators"
POSTMAN = FOLDER / "kimai-remote.postman_collection.json"
BRUNO = FOLDER / "bruno"

#: The variables, with the values of a server with demo data. Calls set those that are empty.
VARIABLES = {
    "url": "http://127.0.0.1:8000/core/json.php",
    "user": "anna",
    "password": "demo-anna",
    "apiKey": "",
    "projectId": "1",
    "taskId": "11",
    **{name: "" for _, name in SAVED.values() if name != "apiKey"},
}
#: Those that are numbers in requests.
_NUMBERS = {name for name in VARIABLES if name.endswith("Id")}
_ABOUT = f"""\
All methods of {title()}, in an order in which they can be run one after the other.

Set the variables url, user, password, projectId and taskId. The other ones are set by the calls.
With ?types=native in the url, responses have numbers and booleans instead of strings.

A run records for a moment, and stops what the user was recording before."""


def files() -> dict[Path, str]:
    """Return the content of each file."""
    calls = list(_calls())
    return {POSTMAN: _postman(calls), **_bruno(calls)}


def _calls() -> Iterator[tuple[Method, str, list[str]]]:
    """Return each method, the body of its request, and checks of its ``body``, in JavaScript."""
    described = {method.name: method for method in methods()}
    recordings = example_calls.record()
    for name in example_calls.CALLS:
        method = described[name]
        params = example_calls.filled(example_calls.call_of(name), _placeholder)
        request = {"jsonrpc": "2.0", "id": 1, "method": name, "params": params}
        body = json.dumps(request, indent=2, ensure_ascii=False)
        for variable in _NUMBERS:
            body = body.replace(f'"{{{{{variable}}}}}"', f"{{{{{variable}}}}}")
        yield method, body, _checks(method, recordings[name].response["result"])


def _placeholder(variable: Variable) -> str:
    if variable.name not in VARIABLES:
        raise LookupError(f"{variable.name} is no variable of the collections")
    return f"{{{{{variable.name}}}}}"


def _checks(method: Method, result: Any) -> list[str]:
    """Return statements that fail if a response isn't what the method promises.

    :param result: of a recorded call.
    """
    checks = ['expect(body.jsonrpc).to.equal("2.0");', "expect(body.id).to.equal(1);"]
    checks.append('expect(body).to.not.have.property("error");')
    if not isinstance(result, dict):
        return [*checks, 'expect(body.result).to.be.a("string").that.is.not.empty;']
    checks.append("expect(body.result.success).to.equal(true);")
    checks.append('expect(body.result.items).to.be.an("array");')
    checks.append("expect(Number(body.result.total)).to.be.at.least(body.result.items.length);")
    # What another server has in its catalog, nobody knows; the rest was made by the calls before.
    if result["items"] and method.tag != "catalog":
        checks.append("expect(body.result.items).to.not.be.empty;")
    if not result["items"]:
        return checks
    record = record_type_of(method.result)
    members = record.get_flat_type_info(record).items()
    fields = [name for name, member in members if member.Attributes.min_occurs]
    return [
        *checks,
        f"const fields = {json.dumps(fields)};",
        "for (const item of body.result.items) expect(item).to.include.all.keys(fields);",
    ]


# Postman -----------------------------------------------------------------------------------------


def _postman(calls: list[tuple[Method, str, list[str]]]) -> str:
    collection = {
        "info": {
            "_postman_id": str(uuid5(NAMESPACE_URL, "kimai-remote")),
            "name": title(),
            "description": _ABOUT,
            "schema": "https://schema.getpostman.com/json/collection/v2.1.0/collection.json",
        },
        "item": [_postman_item(*call) for call in calls],
        "variable": [{"key": name, "value": value} for name, value in VARIABLES.items()],
    }
    return json.dumps(collection, indent=2, ensure_ascii=False) + "\n"


def _postman_item(method: Method, body: str, checks: list[str]) -> dict[str, Any]:
    script = [
        'pm.test("HTTP status 200", () => pm.response.to.have.status(200));',
        "const body = pm.response.json();",
        f'pm.test("{method.name} as described", () => {{',
        *(f"  {line.replace('expect(', 'pm.expect(')}" for line in checks),
        "});",
    ]
    if method.name in SAVED:
        field, variable = SAVED[method.name]
        script.append(
            f'pm.collectionVariables.set("{variable}", body.result?.items?.[0]?.{field});'
        )
    return {
        "name": method.name,
        "event": [{"listen": "test", "script": {"type": "text/javascript", "exec": script}}],
        "request": {
            "method": "POST",
            "header": [{"key": "Content-Type", "value": "application/json"}],
            "body": {"mode": "raw", "raw": body, "options": {"raw": {"language": "json"}}},
            "url": "{{url}}",
            "description": method.doc,
        },
        "response": [],
    }


# Bruno -------------------------------------------------------------------------------------------


def _bruno(calls: list[tuple[Method, str, list[str]]]) -> dict[Path, str]:
    about = {"version": "1", "name": title(), "type": "collection"}
    variables = [f"{name}: {value}".rstrip() for name, value in VARIABLES.items()]
    contents = {
        BRUNO / "bruno.json": json.dumps(about, indent=2) + "\n",
        BRUNO / "collection.bru": _block("docs", _ABOUT.splitlines()),
        BRUNO / "environments" / "demo.bru": _block("vars", variables),
    }
    for number, (method, body, checks) in enumerate(calls, 1):
        contents[BRUNO / f"{method.name}.bru"] = _bruno_request(number, method, body, checks)
    return contents


def _bruno_request(number: int, method: Method, body: str, checks: list[str]) -> str:
    script = [
        f'test("{method.name} as described", () => {{',
        "  const body = res.getBody();",
        *(f"  {line}" for line in checks),
        "});",
    ]
    blocks = [
        _block("meta", [f"name: {method.name}", "type: http", f"seq: {number}"]),
        _block("post", ["url: {{url}}", "body: json", "auth: none"]),
        _block("body:json", body.splitlines()),
        _block("assert", ["res.status: eq 200"]),
        _block("tests", script),
        _block("docs", [method.doc]),
    ]
    if method.name in SAVED:
        field, variable = SAVED[method.name]
        saved = [f'bru.setVar("{variable}", res.getBody().result?.items?.[0]?.{field});']
        blocks.insert(3, _block("script:post-response", saved))
    return "\n".join(blocks)


def _block(name: str, lines: list[str]) -> str:
    return "\n".join([f"{name} {{", *(f"  {line}".rstrip() for line in lines), "}", ""])
