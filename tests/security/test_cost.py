"""What a request without a key may cost at most, whatever is in it."""

from __future__ import annotations

import gc
import json
import subprocess
import sys
import tracemalloc
from dataclasses import replace
from pathlib import Path

import pytest
from cost import SIZES, send
from shapes import JSON, PLAIN, SERIES, SHAPES, XML, Request

from kimai_remote.app import create_app
from support.world import World

MIB = 1024 * 1024
#: Memory of a request at most: this for each of its bytes, and so many bytes. Argon2 takes 19 MiB.
BYTES_PER_BYTE, BYTES = 4, 32 * MIB
#: Bytes that may stay, in heaps that the next request uses.
KEPT = 32 * MIB
#: Processor time at most, as a multiple of that for one text of the largest size.
TIMES_PLAIN = 10
#: Length of the response at most: this for each byte of the request, and so many bytes. A batch may
#: have five OpenRPC documents, of 60 kB each.
ANSWERED_PER_BYTE, ANSWERED = 2, 320 * 1024
#: One of each kind.
FEW = (
    "empty elements",
    "empty elements, rpc",
    "attributes",
    "default attributes",
    "a namespace and attributes",
    "references to base64",
    "references to a text behind an element",
    "nested lists",
    "decimals",
    "a batch of 100 descriptions",
    "a batch of 100 logins",
    "new encodings",
)


def check_costs(names: tuple[str, ...], sizes: int) -> None:
    program = Path(__file__).with_name("cost.py")
    command = [sys.executable, str(program), str(sizes), "plain", *names]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    costs = [json.loads(line) for line in run.stdout.splitlines()]
    assert {cost["shape"] for cost in costs} == {"plain", *names}
    seconds = TIMES_PLAIN * costs[0]["seconds"]
    too_much = [
        cost
        for cost in costs
        if cost["peak"] > BYTES_PER_BYTE * cost["longest"] + BYTES
        or cost["kept"] > KEPT
        or cost["seconds"] > seconds
        or cost["received"] > ANSWERED_PER_BYTE * cost["longest"] + ANSWERED
        or (cost["shape"] in SERIES and cost["status"] != "200")
    ]
    assert not too_much, f"more than {seconds:.2f} s, or too many bytes"


@pytest.mark.slow
def test_a_request_costs_little() -> None:
    check_costs(FEW, len(SIZES))


@pytest.mark.slow
def test_no_request_costs_much(request: pytest.FixtureRequest) -> None:
    check_costs((*SHAPES, *SERIES), request.config.getoption("sizes"))


def _json_call(method: str, *parameters: object) -> Request:
    document = {"id": 1, "method": method, "params": parameters}
    return Request(JSON, json.dumps(document).encode())


LARGE = 2 * 1000 * 1000


@pytest.mark.parametrize(
    "large",
    [
        pytest.param(PLAIN(LARGE), id="SOAP"),
        pytest.param(Request(XML, b"<a>" + b"x" * LARGE, "text/xml"), id="broken SOAP"),
        pytest.param(_json_call("getTasks", "x" * 30, "y" * LARGE), id="JSON"),
        pytest.param(replace(PLAIN(LARGE), path=f"{XML}?a=b"), id="a query"),
        pytest.param(_json_call("getTasks", ["z"] * 90_000), id="a list in JSON"),
        pytest.param(_json_call("authenticate", "a", "y" * LARGE), id="a login"),
    ],
)
def test_requests_leave_no_cycles(file_world: World, large: Request) -> None:
    """They would stay in memory until Python looks for cycles."""
    application = create_app(file_world.service)
    send(application, large)  # what is loaded once isn't counted
    gc.collect()
    gc.disable()
    tracemalloc.start()
    try:
        for _ in range(3):
            body = bytes(bytearray(large.body))  # each request has one of its own
            send(application, replace(large, body=body))
            del body
        after, _ = tracemalloc.get_traced_memory()
        gc.collect()
        collected, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
        gc.enable()
    assert after - collected < LARGE / 4
