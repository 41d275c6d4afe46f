"""The collections of calls, run by newman (Postman) and by Bruno's command line."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from clients import tools
from docs.call_collections import BRUNO, POSTMAN
from kimai_remote.api.service import RemoteApi
from support.server import Server

pytestmark = pytest.mark.toolkits


@dataclass
class Run:
    """What a program reported of a collection that it ran."""

    requests: int
    #: The names of the calls with a check that failed.
    failed: set[str]


@pytest.fixture(scope="module")
def programs(request: pytest.FixtureRequest) -> Path:
    """The folder with both programs."""
    return tools.node_packages(request.config.cache, "collections") / ".bin"


def newman(programs: Path, directory: Path, variables: dict[str, str]) -> Run:
    report = directory / "report.json"
    options = [f"--env-var={name}={value}" for name, value in variables.items()]
    reporter = ["--reporters", "json", "--reporter-json-export", report]
    _run([programs / "newman", "run", POSTMAN, *options, *reporter])
    run = json.loads(report.read_text("utf-8"))["run"]
    assert run["stats"]["assertions"]["total"] == 2 * run["stats"]["requests"]["total"]
    failed = {failure["source"]["name"] for failure in run["failures"]}
    return Run(run["stats"]["requests"]["total"], failed)


def bruno(programs: Path, directory: Path, variables: dict[str, str]) -> Run:
    # It keeps files of its own in the folder of a collection.
    collection = shutil.copytree(BRUNO, directory / "collection")
    report = directory / "report.json"
    options = [f"--env-var={name}={value}" for name, value in variables.items()]
    command = [programs / "bru", "run", "--env", "demo", *options, "--reporter-json", report]
    _run(command, collection)
    (run,) = json.loads(report.read_text("utf-8"))
    failed = set()
    for result in run["results"]:
        checks = result["testResults"] + result["assertionResults"]
        assert len(checks) == 2
        if {check["status"] for check in checks} != {"pass"}:
            failed.add(result["name"])
    return Run(run["summary"]["totalRequests"], failed)


def _run(command: list[str | Path], directory: Path | None = None) -> None:
    """Run a program that says by its status whether a check failed."""
    subprocess.run(command, cwd=directory, timeout=tools.TIMEOUT, check=False, capture_output=True)


Runner = Callable[[Path, Path, dict[str, str]], Run]
runners = pytest.mark.parametrize("runner", [newman, bruno])


@runners
@pytest.mark.parametrize("query", ["", "?types=native"])
def test_every_call_is_as_described(
    demo_server: Server, programs: Path, tmp_path: Path, runner: Runner, query: str
) -> None:
    run = runner(programs, tmp_path, {"url": f"{demo_server.json}{query}"})
    assert run == Run(len(RemoteApi.public_methods), set())


@runners
def test_checks_find_what_fails(
    demo_server: Server, programs: Path, tmp_path: Path, runner: Runner
) -> None:
    """With a wrong password, all that needs a key fails."""
    run = runner(programs, tmp_path, {"url": demo_server.json, "password": "wrong"})
    assert run.failed == set(RemoteApi.public_methods) - {"getVersion"}
