"""What a request without a key may cost at most, whatever is in it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from shapes import SERIES, SHAPES

MIB = 1024 * 1024
#: Memory of a request at most: this for each of its bytes, and so many bytes. Argon2 takes 19 MiB.
BYTES_PER_BYTE, BYTES = 8, 32 * MIB
#: Bytes that may stay, in heaps that the next request uses.
KEPT = 32 * MIB
#: Processor time at most, as a multiple of that for one text of the largest size.
TIMES_PLAIN = 25
#: Length of the response at most: this for each byte of the request, and so many bytes.
ANSWERED_PER_BYTE, ANSWERED = 2, 256 * 1024
#: One of each kind.
FEW = (
    "empty elements",
    "empty elements, rpc",
    "attributes",
    "default attributes",
    "a namespace and attributes",
    "references to base64",
    "nested lists",
    "decimals",
    "a batch of 100 descriptions",
    "a batch of 100 logins",
    "new encodings",
)


def check_costs(names: tuple[str, ...]) -> None:
    command = [sys.executable, str(Path(__file__).with_name("cost.py")), "plain", *names]
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


def test_a_request_costs_little() -> None:
    check_costs(FEW)


@pytest.mark.slow
def test_no_request_costs_much() -> None:
    check_costs((*SHAPES, *SERIES))
