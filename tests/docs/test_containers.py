"""The Dockerfile and the compose files, as far as they can be tested without containers."""

from __future__ import annotations

import fnmatch
import json
import os
import re
import subprocess
import sys
import sysconfig
from pathlib import Path
from typing import Any

import pytest
import yaml

from clients import tools
from docs.proxies import DEPLOY, replaced
from kimai_remote.config import PREFIX, Settings, load
from support import server as servers
from support.server import ROOT, free_port

DOCKERFILE = DEPLOY / "Dockerfile"


def instructions() -> list[tuple[str, str]]:
    """Each instruction with what follows it, continued lines joined."""
    lines = re.sub(r"^\s*#.*\n", "", DOCKERFILE.read_text(), flags=re.M)
    lines = re.sub(r"\\\n\s*", "", lines)
    pairs = [line.split(None, 1) for line in lines.splitlines() if line.strip()]
    return [(name, rest) for name, rest in pairs]


def value(name: str) -> str:
    """What the last instruction of a name says: it is the one of the final stage."""
    return [rest for instruction, rest in instructions() if instruction == name][-1]


def copied() -> list[str]:
    """What is copied from the folder that the image is built from."""
    names = []
    for name, rest in instructions():
        if name == "COPY" and not rest.startswith("--from"):
            names += rest.split()[:-1]
    return names


def ignored(name: str) -> bool:
    """Whether .dockerignore keeps a file or folder at the top out: the last rule counts."""
    rules = [line for line in (ROOT / ".dockerignore").read_text().split() if line[0] != "#"]
    matching = [rule for rule in rules if fnmatch.fnmatch(name, rule.lstrip("!"))]
    return bool(matching) and not matching[-1].startswith("!")


def test_what_is_copied_is_there() -> None:
    assert copied() == ["pyproject.toml", "README.md", "LICENSE", "src"]
    for name in copied():
        assert (ROOT / name).exists()
        assert not ignored(name)
    for name in (".git", "tests", ".venv", "kimai-data"):
        assert ignored(name)


def test_it_runs_as_nobody_in_particular() -> None:
    assert value("USER") == "kimai-remote"
    assert value("STOPSIGNAL") == "SIGTERM"
    assert f"KIMAI_REMOTE_DATA_DIR={value('VOLUME')}" in value("ENV")


@pytest.mark.clients
def test_what_the_image_is_made_of_serves(tmp_path: Path) -> None:
    """The steps of the first stage in a plain virtualenv, then the image's command in it, with its
    settings, asked by its health check. What others have made comes from the tests' virtualenv."""
    source, home, data = tmp_path / "src", tmp_path / "venv", tmp_path / "data"
    source.mkdir()
    for name in copied():
        tools.run(["cp", "-r", ROOT / name, source])
    # The first Python on the path must not be that of a virtualenv.
    build = {"PATH": f"{Path(sys.base_prefix) / 'bin'}:{os.environ['PATH']}"}
    for step in re.findall(r"^RUN (.*)$", DOCKERFILE.read_text().split("FROM")[1], re.M):
        # Not in the environment: what builds the package has needs of its own.
        here = replaced(step, ("/opt/kimai-remote", str(home)))
        here = here.replace(" install ", " install --no-deps ")
        tools.run(["sh", "-ec", here], cwd=source, environ=build)
    port = free_port()
    environ = dict(setting.split("=", 1) for setting in value("ENV").split())
    environ |= {
        "PATH": environ["PATH"].replace("/opt/kimai-remote", str(home)),
        "KIMAI_REMOTE_DATA_DIR": str(data),
        "KIMAI_REMOTE_PORT": str(port),
        "KIMAI_REMOTE_HOST": "127.0.0.1",
        "PYTHONPATH": sysconfig.get_path("purelib"),
    }
    environ["PATH"] = environ["PATH"].replace("$PATH", os.environ["PATH"])
    command = [*json.loads(value("ENTRYPOINT")), *json.loads(value("CMD"))]
    command[0] = str(home / "bin" / command[0])
    clean = {name: text for name, text in os.environ.items() if "KIMAI_REMOTE_" not in name}
    log = tmp_path / "log"
    server = servers.Server(command, clean | environ, f"http://127.0.0.1:{port}", log)
    check = json.loads(value("HEALTHCHECK").split("CMD", 1)[1])
    check[0] = str(home / "bin" / check[0])
    check[-1] = replaced(check[-1], (":8000/", f":{port}/"))
    try:
        server.start()
        assert subprocess.run(check, capture_output=True, check=False).returncode == 0
    finally:
        server.stop()
    assert subprocess.run(check, capture_output=True, check=False).returncode != 0


#: The compose files: one server, and the set-ups with several machines.
COMPOSE = sorted(DEPLOY.rglob("compose.yaml"))


@pytest.fixture(params=COMPOSE, ids=lambda path: path.parent.name)
def compose_file(request: pytest.FixtureRequest) -> Path:
    return request.param


def parsed(compose_file: Path) -> dict[str, Any]:
    return yaml.safe_load(compose_file.read_text())


def source(folder: Path, text: str, volumes: set[str]) -> Path | None:
    """The file or folder that a volume is of; None for a named volume, or a file of the user's."""
    name = text.partition(":")[0]
    return None if name in volumes or name.startswith("$") else folder / name


def test_compose_names_what_is_there(compose_file: Path) -> None:
    folder, file = compose_file.parent, parsed(compose_file)
    services = file["services"]
    for name, service in services.items():
        build = service.get("build", {})
        if "dockerfile" in build:
            assert (folder / build["context"] / build["dockerfile"]).exists()
        assert build or "image" in service
        assert set(service.get("secrets", [])) <= set(file["secrets"])
        assert set(service.get("depends_on", {})) <= set(services)
        for volume in service.get("volumes", []):
            path = source(folder, volume, set(file["volumes"]))
            assert path is None or path.exists(), volume
        # Whoever waits for a healthy service waits for one that says so.
        waits = service.get("depends_on", {})
        for other in waits if isinstance(waits, dict) else ():
            assert "healthcheck" in services[other] or "build" in services[other]
        shared = service.get("network_mode", "").removeprefix("service:")
        assert not shared or shared in services
        assert ("ports" in service) == (name == "proxy"), "only the proxy may be reached"


def test_compose_reads_the_secrets(compose_file: Path, tmp_path: Path) -> None:
    """The script that turns the files into settings, run with a program that shows them."""
    services = parsed(compose_file)["services"]
    api = services.get("api") or services["api1"]
    secrets = tmp_path / "secrets"
    secrets.mkdir()
    (secrets / "database_password").write_text("abc123\n")
    (secrets / "server_secret").write_text("0123456789abcdef\n")
    program = tmp_path / "kimai-remote"
    program.write_text(
        '#!/bin/sh\necho "$@"; env | grep -E "^KIMAI_REMOTE_(SECRET|DATABASE_URL)" | sort\n'
    )
    program.chmod(0o755)
    command = [part.replace("$$", "$") for part in [*api["entrypoint"], *api["command"]]]
    command = [part.replace("/run/secrets", str(secrets)) for part in command]
    clean = {"PATH": f"{tmp_path}:{os.environ['PATH']}", **api["environment"]}
    shown = subprocess.run(command, env=clean, capture_output=True, check=True, text=True).stdout
    urls = {
        "deploy": "postgresql://kimai:abc123@database/kimai",
        "galera": "mariadb://kimai:abc123@db1/kimai",
        "patroni": "postgresql://kimai:abc123@127.0.0.1:6432/kimai",
    }
    assert shown.splitlines() == [
        "serve",
        f"KIMAI_REMOTE_DATABASE_URL={urls[compose_file.parent.name]}",
        "KIMAI_REMOTE_SECRET=0123456789abcdef",
    ]


@pytest.mark.parametrize(
    "path", [DOCKERFILE, *COMPOSE], ids=lambda path: f"{path.parent.name}-{path.name}"
)
def test_settings_that_there_are(path: Path) -> None:
    """Names and values."""
    known = {f"{PREFIX}{name.upper()}": name for name in Settings.info()}
    others = {f"{PREFIX}{name}" for name in ("SITE", "UPSTREAM", "SECRETS", "CERTIFICATE")}
    names = re.findall(rf"{PREFIX}\w+(?=[=:])", path.read_text())
    assert names
    assert set(names) <= known.keys() | others
    if path in COMPOSE:
        for service in parsed(path)["services"].values():
            environ = service.get("environment", {})
            load({name: text for name, text in environ.items() if name in known})
