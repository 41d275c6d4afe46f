"""The files in wsdl/ are up to date."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from kimai_remote.protocols import contracts
from support.live_server import LiveServer
from support.raw_http import get
from support.server import ROOT

NAMES = (
    "kimai-remote.wsdl",
    "kimai-remote-soap12.wsdl",
    "kimai-remote-rpc.wsdl",
    "smd.json",
    "openrpc.json",
    "openrpc-native.json",
)
COMMAND = "python -m kimai_remote.protocols.contracts"


@pytest.mark.parametrize("name", NAMES)
def test_the_file_is_up_to_date(name: str) -> None:
    written = (ROOT / "wsdl" / name).read_bytes()
    assert written == contracts.contracts()[name], f"run {COMMAND}"


def test_there_are_no_other_files() -> None:
    assert sorted(path.name for path in (ROOT / "wsdl").iterdir()) == sorted(NAMES)


@pytest.mark.parametrize("seed", ["0", "1"])
def test_the_command_writes_the_same_each_time(tmp_path: Path, seed: str) -> None:
    """Spyne keeps types in sets, so a run's hash seed could change the order."""
    subprocess.run(
        [sys.executable, "-m", "kimai_remote.protocols.contracts", str(tmp_path)],
        check=True,
        env=os.environ | {"PYTHONHASHSEED": seed},
        stdout=subprocess.DEVNULL,
    )
    for name in NAMES:
        assert (tmp_path / name).read_bytes() == (ROOT / "wsdl" / name).read_bytes()


@pytest.mark.parametrize(
    ("name", "target"),
    [
        ("kimai-remote.wsdl", "/core/soap.php?wsdl"),
        ("kimai-remote-soap12.wsdl", "/core/soap.php?wsdl&soap=1.2"),
        ("kimai-remote-rpc.wsdl", "/core/soap.php?wsdl&style=rpc"),
        ("smd.json", "/core/json.php"),
        ("openrpc.json", "/core/json.php?openrpc"),
        ("openrpc-native.json", "/core/json.php?openrpc&types=native"),
    ],
)
def test_the_server_serves_the_file(live_server: LiveServer, name: str, target: str) -> None:
    written = (ROOT / "wsdl" / name).read_text()
    written = written.replace("http://127.0.0.1:8000", live_server.server.url)
    served = get(live_server.server, target).text
    if name.endswith(".json"):  # the file has line breaks
        assert json.loads(served) == json.loads(written)
    else:
        assert served == written
