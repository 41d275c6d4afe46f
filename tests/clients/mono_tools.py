"""Mono's generators of proxies, C# compiler and virtual machine."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from clients import tools

SOURCES = tools.HERE / "csharp"
PACKAGES = "apt-get install mono-devel"
#: Assemblies that a program is compiled with.
JSON = ("System.Web.Extensions", "System.Net.Http")
ASMX = ("System.Web.Extensions", "System.Runtime.Serialization", "System.Web.Services")
WCF = ("System.Web.Extensions", "System.Runtime.Serialization", "System.ServiceModel")


def version() -> str:
    return tools.debian_version("mono-devel")


def wsdl(source: str | Path, directory: Path, *options: str) -> None:
    """Generate ``Kimai.cs`` with an ASMX proxy.

    :param source: URL or file of a WSDL.
    """
    program = tools.need("wsdl", PACKAGES)
    tools.run([program, "-nologo", "-out:Kimai.cs", *options, source], cwd=directory)


def svcutil(url: str, directory: Path) -> None:
    """Generate ``Kimai.cs`` with a WCF proxy."""
    program = tools.need("svcutil", PACKAGES)
    tools.run([program, "-noLogo", "-noConfig", "-out:Kimai.cs", url], cwd=directory)


def compiled(sources: Sequence[str], directory: Path, assemblies: Sequence[str]) -> list[str]:
    """Compile a client, with the generated ``Kimai.cs`` if there is one.

    :returns: the command that runs it.
    """
    program = directory / "client.exe"
    tools.run(
        [
            tools.need("mcs", PACKAGES),
            "-nologo",
            f"-out:{program}",
            f"-r:{','.join(assemblies)}",
            SOURCES / "Scenario.cs",
            *(SOURCES / f"{source}.cs" for source in sources),
            *directory.glob("Kimai.cs"),
        ]
    )
    return [tools.need("mono", PACKAGES), str(program)]
