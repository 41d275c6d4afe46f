"""The configuration: its file, its sources, the data directory and the server secret."""

from __future__ import annotations

import os
import stat
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from ...config import PREFIX, Configuration, Settings
from ...config.loading import holds_secrets
from ...errors import ConfigurationError
from ...server.bootstrap import existing_secret
from .finding import Finding, right, warning, wrong


def check(found: Configuration) -> Iterator[Finding]:
    yield from _file(found)
    yield _sources(found)
    yield from _data_directory(found.settings)
    yield _secret(found.settings)


def _file(found: Configuration) -> Iterator[Finding]:
    about = "configuration file"
    if found.file is None:
        yield right(about, "none is used")
        return
    held = {
        name: getattr(found.settings, name)
        for name, source in found.sources.items()
        if source.kind == "file"
    }
    mode = found.file.stat().st_mode
    if os.name == "posix" and mode & 0o020:
        yield warning(
            about,
            f"the group of {found.file} may change it",
            f"chmod g-w {found.file}",
        )
    elif os.name == "posix" and mode & 0o040 and holds_secrets(held):
        group = _group(found.file)
        yield right(about, f"{found.file}; the group {group} may read the secrets in it")
    else:
        yield right(about, f"{found.file}, {len(held)} settings")


def _group(path: Path) -> str:
    try:
        return path.group()
    except (KeyError, NotImplementedError):
        return str(path.stat().st_gid)


def _sources(found: Configuration) -> Finding:
    counts = Counter(source.kind for source in found.sources.values() if source.kind != "default")
    if not counts:
        return right("settings", "all are defaults")
    told = ", ".join(f"{number} from the {kind}" for kind, number in sorted(counts.items()))
    return right("settings", f"{told}; 'kimai-remote config explain' shows them")


def _data_directory(settings: Settings) -> Iterator[Finding]:
    about, path = "data directory", settings.data_dir
    if settings.database_url and settings.secret:
        return  # nothing is kept there
    if not path.exists():
        yield warning(about, f"{path} isn't there yet", "'kimai-remote serve' makes it.")
    elif not path.is_dir():
        yield wrong(about, f"{path} is no directory", f"Set {PREFIX}DATA_DIR to another place.")
    elif not os.access(path, os.W_OK | os.X_OK):
        yield wrong(
            about,
            f"{path} can't be written by this user",
            "Run this as the service's user, or give the directory to it.",
        )
    elif os.name == "posix" and stat.S_IMODE(path.stat().st_mode) & 0o022:
        yield warning(about, f"other users may change what is in {path}", f"chmod go-w {path}")
    else:
        yield right(about, str(path))


def _secret(settings: Settings) -> Finding:
    about, path = "server secret", settings.data_dir / "secret"
    if not settings.secret and not path.exists():
        return warning(
            about,
            f"{path} isn't there yet",
            "'kimai-remote serve' makes it; bring the old one if there was one, else all API keys "
            "change.",
        )
    try:
        existing_secret(settings)
    except ConfigurationError as error:
        return wrong(about, str(error))
    return right(about, "from the settings" if settings.secret else str(path))
