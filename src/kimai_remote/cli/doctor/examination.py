"""Checks of all parts of an installation."""

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


def examine(
    progress: Callable[[str, int, int | None], None],
) -> Iterator[tuple[str, list[Finding]]]:
    """Return the findings of each part; only those of the configuration if it can't be read.

    :param progress: called with each part before it is checked, 0 and None.
    """
    part = "Configuration"
    try:
        settings = in_force(load())
    except KimaiRemoteError as error:
        yield part, [wrong("settings", str(error))]
        return
    yield part, list(_guarded(configuration.check(settings)))
    for part, check in _PARTS.items():
        progress(f"Checking: {part.lower()}", 0, None)
        yield part, list(_guarded(check(settings.settings)))


def _guarded(findings: Iterator[Finding]) -> Iterator[Finding]:
    """Yield findings; an error that ends a check becomes one too."""
    try:
        yield from findings
    except KimaiRemoteError as error:
        yield wrong("settings", str(error))
    except OSError as error:
        file = error.filename or "a file"
        yield wrong(
            "files",
            f"{file} can't be read ({error.strerror})",
            "Run this as the user of the service.",
        )
