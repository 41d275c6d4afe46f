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
    program = built(f"{scene.server.soap}?wsdl", tmp_path, "-1")
    known = scenario.facts(scene).values()
    report = tools.report([program, scene.server.soap, *known])
    version = tools.debian_version("gsoap")
    toolkit_run("gSOAP", "C++", version, scenario.DOCUMENT, report)


@pytest.mark.clients
def test_gsoap_client_in_soap_12(scene: Scene, toolkit_run: toolkits.Run, tmp_path: Path) -> None:
    wsdl = f"{scene.server.soap}?wsdl&soap=1.2"
    program = built(wsdl, tmp_path, "-2", "-DKIMAI_SOAP_12")
    known = scenario.facts(scene).values()
    report = tools.report([program, scene.server.soap, *known])
    version = tools.debian_version("gsoap")
    why = "document/literal"
    toolkit_run("gSOAP", "C++", version, scenario.SOAP_12, report, why=why)


def built(wsdl: str, directory: Path, version: str, *options: str) -> Path:
    """The client program, compiled with a proxy that gSOAP generates from a WSDL.

    :param version: ``-1`` for SOAP 1.1, ``-2`` for SOAP 1.2.
    :param options: for the compiler.
    """
    tools.run([tools.need("wsdl2h", PACKAGES), "-o", "kimai.h", wsdl], cwd=directory)
    # -C: client only; -j: a proxy class; -x: no sample messages.
    soapcpp2 = tools.need("soapcpp2", PACKAGES)
    tools.run([soapcpp2, "-C", version, "-j", "-x", "-w", "kimai.h"], cwd=directory)
    program = directory / "client"
    sources = [SOURCES / "client.cpp", *directory.glob("soap*.cpp")]
    tools.run(
        [
            tools.need("g++", PACKAGES),
            "-O0",
            *options,
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
