"""Checks of this machine: programs, files, limits and time."""

from __future__ import annotations

import importlib.metadata
import os
import platform
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from sqlalchemy.exc import NoSuchModuleError

from ... import __version__
from ...config import PREFIX, Settings
from ...storage import dialects, engine
from .finding import Finding, right, warning, wrong

#: Open files that a process should be able to have; each connection needs one.
MIN_FILES = 1024


def check(settings: Settings) -> Iterator[Finding]:
    yield right("program", f"kimai-remote {__version__} on Python {platform.python_version()}")
    yield _driver(settings)
    yield _time_zone(settings)
    yield from _audit_log(settings)
    yield from _open_files()


def _driver(settings: Settings) -> Finding:
    about, url = "database driver", engine.parse(settings.url)
    dialect = dialects.for_url(url)
    if not dialect.has_server:
        return right(about, f"{dialect.name}: no driver is needed")
    try:
        module = url.get_dialect().import_dbapi().__name__
    except (ImportError, NoSuchModuleError) as error:
        install = f"pip install 'kimai-remote[{dialect.extra}]'"
        return wrong(about, f"the driver for {url.drivername} is missing ({error})", install)
    packages = importlib.metadata.packages_distributions()[module]
    return right(
        about, ", ".join(f"{name} {importlib.metadata.version(name)}" for name in set(packages))
    )


def _time_zone(settings: Settings) -> Finding:
    now = datetime.now(ZoneInfo(settings.timezone))
    return right("time zone", f"{settings.timezone}, now {now:%Y-%m-%d %H:%M}")


def _audit_log(settings: Settings) -> Iterator[Finding]:
    about = "audit log"
    if not settings.audit_log:
        yield right(about, "in the normal log")
        return
    path = Path(settings.audit_log)
    asked = path if path.exists() else path.absolute().parent
    if path.is_dir() or not os.access(asked, os.W_OK):
        yield wrong(about, f"{path} can't be written", f"Set {PREFIX}AUDIT_LOG to another file.")
    else:
        yield right(about, str(path))


def _open_files() -> Iterator[Finding]:
    try:
        import resource  # not on Windows
    except ImportError:
        return
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    about = "open files"
    if most != resource.RLIM_INFINITY and most < MIN_FILES:
        yield warning(
            about,
            f"a process can have {most}, and each connection needs one",
            "Raise the limit (ulimit -n, or LimitNOFILE).",
        )
    else:
        text = "any number" if most == resource.RLIM_INFINITY else f"{most:,}"
        yield right(about, f"a process can have {text}")
