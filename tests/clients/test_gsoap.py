"""C++ made by gSOAP from the live WSDL, with every response validated against the schema."""

from __future__ import annotations

from pathlib import Path

import pytest

from clients import scenario, toolkits, tools
from clients.conftest import Scene

SOURCES = tools.HERE / "gsoap"
PACKAGES = "apt-get install gsoap libgsoap-dev g++"


@pytest.mark.clients
def test_gsoap_client(scene: Scene, toolkit_run: toolkits.Run, tmp_path: Path) -> None:
    program = built(f"{scene.server.soap}?wsdl", tmp_path)
    known = scenario.facts(scene).values()
    report = tools.report([program, scene.server.soap, *known])
    version = tools.debian_version("gsoap")
    toolkit_run("gSOAP", "C++", version, scenario.DOCUMENT, report)


def built(wsdl: str, directory: Path) -> Path:
    """The client program, compiled with a proxy that gSOAP generates from a WSDL."""
    tools.run([tools.need("wsdl2h", PACKAGES), "-o", "kimai.h", wsdl], cwd=directory)
    # -C -1: client only, SOAP 1.1; -j: a proxy class; -x: no sample messages.
    soapcpp2 = tools.need("soapcpp2", PACKAGES)
    tools.run([soapcpp2, "-C", "-1", "-j", "-x", "-w", "kimai.h"], cwd=directory)
    program = directory / "client"
    sources = [SOURCES / "client.cpp", *directory.glob("soap*.cpp")]
    tools.run(
        [
            tools.need("g++", PACKAGES),
            "-O0",
            "-I",
            directory,
            "-I",
            SOURCES,
            "-o",
            program,
            *sources,
            "-lgsoap++",
        ],
        cwd=directory,
    )
    return program
