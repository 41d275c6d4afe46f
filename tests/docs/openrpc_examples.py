"""The recorded calls in OpenRPC: ``src/kimai_remote/protocols/openrpc_examples.json``."""

from __future__ import annotations

import json
from typing import Any

from docs import example_calls
from docs.example_calls import Recording
from support.server import ROOT

PAGE = ROOT / "src" / "kimai_remote" / "protocols" / "openrpc_examples.json"


def page() -> str:
    """The whole file."""
    forms = {"strings": _examples(""), "native": _examples("?types=native")}
    return json.dumps(forms, indent=1, ensure_ascii=False) + "\n"


def _examples(query: str) -> dict[str, list[dict[str, Any]]]:
    """Return the calls of each method by its name: one that succeeds, and one that fails."""
    failures = example_calls.record_failures(query)
    return {
        method: [
            _example("success", recording),
            *([_example("failure", failures[method])] if method in failures else []),
        ]
        for method, recording in example_calls.record(query).items()
    }


def _example(name: str, recording: Recording) -> dict[str, Any]:
    params, result = recording.request["params"], recording.response["result"]
    return {"name": name, "params": params, "result": result}
