"""Programs that client tests need besides Python, which skip or fail if one is missing.

A missing tool skips the test and says what to install. With ``KIMAI_REMOTE_TEST_ALL`` set, as
``.ci/run`` does, it fails instead.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

import pytest

from support import requirements

HERE = Path(__file__).parent
#: Longest that one client may take, compiling included.
TIMEOUT = 600
#: What gets Qt's SOAP library with its code generator, and what builds with it.
KDSOAP = "apt-get install libkdsoap-dev g++ make"


def missing(what: str, install: str) -> NoReturn:
    """Skip the test, or fail it where nothing may skip.

    :param what: the program, library or module that isn't here.
    :param install: the command that gets it.
    """
    requirements.missing(f"{what} isn't installed; get it with: {install}")


def need(program: str, install: str) -> str:
    """The path of a program."""
    path = shutil.which(program)
    return path or missing(program, install)


def need_php(extension: str) -> str:
    """The path of PHP, where it has this extension."""
    php = need("php", f"apt-get install php-cli php-{extension}")
    if extension not in run([php, "-m"]).lower().split():
        missing(f"PHP's {extension} extension", f"apt-get install php-{extension}")
    return php


def need_perl(module: str) -> str:
    """The path of Perl, where it has this module."""
    perl = need("perl", "apt-get install perl")
    if subprocess.run([perl, f"-M{module}", "-e1"], capture_output=True, check=False).returncode:
        package = module.lower().replace("::", "-")
        missing(f"Perl's {module}", f"apt-get install lib{package}-perl")
    return perl


def perl_version(module: str) -> str:
    """The version of a Perl module."""
    return run([need_perl(module), f"-M{module}", "-e", f"print {module}->VERSION"])


def debian_version(package: str) -> str:
    """The version of the program in a Debian package, without Debian's own revision."""
    query = need("dpkg-query", "apt-get install dpkg")
    whole = run([query, "--show", "--showformat=${source:Upstream-Version}", package])
    return whole.partition("+")[0]


def node_version(project: Path, package: str) -> str:
    """The version of a package that a project of Node's has installed."""
    manifest = project / "node_modules" / package / "package.json"
    return str(json.loads(manifest.read_text("utf-8"))["version"])


def need_ruby(library: str, package: str) -> str:
    """The path of Ruby, where it has this library.

    :param package: the Debian package that has it.
    """
    ruby = need("ruby", "apt-get install ruby")
    if subprocess.run([ruby, f"-r{library}", "-e1"], capture_output=True, check=False).returncode:
        missing(f"Ruby's {library}", f"apt-get install {package}")
    return ruby


def savon() -> list[str | Path]:
    """The command that runs a Ruby program with what stands in for the gem savon."""
    need_ruby("gyoku", "ruby-gyoku")
    return [need_ruby("nori", "ruby-nori"), "-I", HERE / "ruby" / "standin"]


def run(
    command: Sequence[str | Path],
    *,
    stdin: str | None = None,
    cwd: Path | None = None,
    environ: dict[str, str] | None = None,
) -> str:
    """Run a program that has to succeed; return its standard output.

    Text goes in and out as UTF-8, whatever the machine's locale is.
    """
    result = subprocess.run(
        list(map(str, command)),
        input=stdin,
        cwd=cwd,
        env={**os.environ, "LC_ALL": "C.UTF-8", **(environ or {})},
        capture_output=True,
        encoding="utf-8",
        timeout=TIMEOUT,
        check=False,
    )
    if result.returncode:
        pytest.fail(
            f"{command[0]} ended with {result.returncode}\n{result.stdout}\n{result.stderr}",
            pytrace=False,
        )
    return result.stdout


def report(command: Sequence[str | Path], **options: Any) -> Any:
    """Run a client that prints one JSON value (see :mod:`clients.scenario`); that value."""
    output = run(command, **options)
    try:
        return json.loads(output)
    except ValueError:
        pytest.fail(f"{command[0]} printed no JSON report but:\n{output}", pytrace=False)


def node_packages(cache: pytest.Cache, folder: str = "node") -> Path:
    """The folder ``node_modules`` with the packages of the ``package.json`` in a folder here.

    They are installed once into pytest's cache, again when ``package.json`` changes.
    """
    npm = need("npm", "apt-get install nodejs npm")
    manifest = (HERE / folder / "package.json").read_bytes()
    home = cache.mkdir("kimai-remote-node")
    installed = home / hashlib.sha256(manifest).hexdigest()[:16]
    if not installed.exists():
        # Renamed when complete, so that an interrupted or parallel run leaves nothing half done.
        with tempfile.TemporaryDirectory(dir=home) as name:
            fresh = Path(name) / "packages"
            fresh.mkdir()
            (fresh / "package.json").write_bytes(manifest)
            run([npm, "install", "--no-audit", "--no-fund"], cwd=fresh)
            if not installed.exists():
                fresh.rename(installed)
    return installed / "node_modules"


def node_project(cache: pytest.Cache, directory: Path) -> Path:
    """A folder with the programs of ``node/`` and the packages that they need.

    :param directory: an empty folder of the test's.
    """
    need("node", "apt-get install nodejs npm")
    packages = node_packages(cache)
    project = directory / "node"
    shutil.copytree(HERE / "node", project)
    (project / "node_modules").symlink_to(packages)
    return project
