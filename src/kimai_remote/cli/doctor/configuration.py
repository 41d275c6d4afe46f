"""Checks of the configuration: file, sources, data directory and server secret."""

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


def check(configuration: Configuration) -> Iterator[Finding]:
    yield from _file(configuration)
    yield _sources(configuration)
    yield from _data_directory(configuration.settings)
    yield _secret(configuration.settings)


def _file(configuration: Configuration) -> Iterator[Finding]:
    about = "configuration file"
    if configuration.file is None:
        yield right(about, "none is used")
        return
    held = {
        name: getattr(configuration.settings, name)
        for name, source in configuration.sources.items()
        if source.type == "file"
    }
    mode = configuration.file.stat().st_mode
    if os.name == "posix" and mode & 0o020:
        yield warning(
            about,
            f"the group of {configuration.file} can change it",
            f"chmod g-w {configuration.file}",
        )
    elif os.name == "posix" and mode & 0o040 and holds_secrets(held):
        group = _group(configuration.file)
        yield right(about, f"{configuration.file}; the group {group} can read the secrets in it")
    else:
        yield right(about, f"{configuration.file}, {len(held)} settings")


def _group(path: Path) -> str:
    try:
        return path.group()
    except (KeyError, NotImplementedError):
        return str(path.stat().st_gid)


def _sources(configuration: Configuration) -> Finding:
    counts = Counter(
        source.type for source in configuration.sources.values() if source.type != "default"
    )
    if not counts:
        return right("settings", "all have their defaults")
    sources = ", ".join(f"{total} from the {origin}" for origin, total in sorted(counts.items()))
    return right("settings", f"{sources}; 'kimai-remote config explain' shows them")


def _data_directory(settings: Settings) -> Iterator[Finding]:
    about, path = "data directory", settings.data_dir
    if settings.database_url and settings.secret:
        return  # nothing is kept there
    if not path.exists():
        yield warning(about, f"{path} doesn't exist yet", "'kimai-remote serve' creates it.")
    elif not path.is_dir():
        yield wrong(about, f"{path} is not a directory", f"Set {PREFIX}DATA_DIR to another path.")
    elif not os.access(path, os.W_OK | os.X_OK):
        yield wrong(
            about,
            f"this user can't write to {path}",
            "Run this as the user of the service, or change the owner of the directory.",
        )
    elif os.name == "posix" and stat.S_IMODE(path.stat().st_mode) & 0o022:
        yield warning(about, f"other users can change files in {path}", f"chmod go-w {path}")
    else:
        yield right(about, str(path))


def _secret(settings: Settings) -> Finding:
    about, path = "server secret", settings.data_dir / "secret"
    if not settings.secret and not path.exists():
        return warning(
            about,
            f"{path} doesn't exist yet",
            "'kimai-remote serve' creates it. Restore the old one if there was one; otherwise all "
            "API keys change.",
        )
    try:
        existing_secret(settings)
    except ConfigurationError as error:
        return wrong(about, str(error))
    return right(about, "from the settings" if settings.secret else str(path))
