"""Looking at all parts of an installation."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from ...config import Settings, load
from ...errors import KimaiRemoteError
from ..commands.config import in_force
from . import configuration, database, machine, network
from .finding import Finding, wrong

_PARTS: dict[str, Callable[[Settings], Iterator[Finding]]] = {
    "Machine": machine.check,
    "Database": database.check,
    "Network": network.check,
}


def examine() -> Iterator[tuple[str, list[Finding]]]:
    """What each part of the installation looks like; no more than the first if the configuration
    can't be read."""
    part = "Configuration"
    try:
        settings = in_force(load())
    except KimaiRemoteError as error:
        yield part, [wrong("settings", str(error))]
        return
    yield part, list(_guarded(configuration.check(settings)))
    for part, check in _PARTS.items():
        yield part, list(_guarded(check(settings.settings)))


def _guarded(findings: Iterator[Finding]) -> Iterator[Finding]:
    """What can't be looked at is a finding too."""
    try:
        yield from findings
    except KimaiRemoteError as error:
        yield wrong("settings", str(error))
    except OSError as error:
        place = error.filename or "a file"
        yield wrong(
            "files",
            f"{place} can't be looked at ({error.strerror})",
            "Run this as the service's user.",
        )
