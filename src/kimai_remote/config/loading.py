"""Loading of settings from command line, environment and one TOML file, with their provenance."""

from __future__ import annotations

import dataclasses
import difflib
import os
import re
import tomllib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from ..errors import ConfigurationError
from .settings import PREFIX, InvalidSetting, Settings

#: The configuration file where none is named, in the current directory.
USUAL_FILE = Path("kimai-remote.toml")
#: Names the configuration file; what the option ``--config`` sets.
FILE_VARIABLE = f"{PREFIX}CONFIG"
#: Variables that begin with this are those of the tests of this package.
_TESTS = f"{PREFIX}TEST_"
_FIELDS = {each.name: each for each in dataclasses.fields(Settings)}
#: What may follow the prefix in the name of a variable.
_VARIABLES = ("CONFIG", *(name.upper() for name in _FIELDS))


@dataclass(frozen=True, slots=True)
class Source:
    """Provenance of a value.

    :param type: ``default``, ``file``, ``autoconf``, ``environment`` or ``command line``.
    :param location: path of the file, name of the variable or of the option.
    """

    type: str
    location: str = ""

    def __str__(self) -> str:
        return self.location or self.type


class UnknownSetting(ConfigurationError):
    """The name of a setting that doesn't exist.

    :param text: where the name stands, as a sentence.
    :param suggestion: a similar name that exists; empty if there is none.
    """

    def __init__(self, text: str, suggestion: str = "") -> None:
        super().__init__(f"{text} Did you mean {suggestion}?" if suggestion else text)
        self.suggestion = suggestion


@dataclass(frozen=True, slots=True)
class Configuration:
    """The settings, and where each came from."""

    settings: Settings
    sources: Mapping[str, Source]
    #: The configuration file, where there is one.
    file: Path | None


def load(environ: Mapping[str, str] | None = None, **overrides: Any) -> Configuration:
    """Read the settings: an option wins over the environment, that over the file.

    :param overrides: from the command line; None means that the option wasn't given.
    :raises ConfigurationError: naming the variable, or the file and the name in it.
    """
    environ = os.environ if environ is None else environ
    values: dict[str, Any] = {}
    sources = dict.fromkeys(_FIELDS, Source("default"))

    def use(more: Mapping[str, Any], source: Callable[[str], Source]) -> None:
        values.update(more)
        sources.update((name, source(name)) for name in more)

    file = _file(environ)
    if file is not None:
        use(_of_file(file), lambda _: Source("file", str(file)))
    use(_of_environment(environ), lambda name: Source("environment", PREFIX + name.upper()))
    given = {name: value for name, value in overrides.items() if value is not None}
    use(given, lambda name: Source("command line", _option(name)))
    try:
        return Configuration(Settings(**values), sources, file)
    except InvalidSetting as error:
        raise ConfigurationError(f"{_title(error, sources)} {error.problem}.") from None


def load_settings(environ: Mapping[str, str] | None = None, **overrides: Any) -> Settings:
    """Return :func:`load`'s settings alone."""
    return load(environ, **overrides).settings


def _title(error: InvalidSetting, sources: Mapping[str, Source]) -> str:
    """A setting as whoever has to change it knows it."""
    source = sources[error.name]
    if source.type == "file":
        return f"{source.location}: {error.name}"
    return source.location or f"{PREFIX}{error.name.upper()}"


def _option(name: str) -> str:
    return f"--{name.replace('_', '-')}"


# The environment ---------------------------------------------------------------------------------


def _of_environment(environ: Mapping[str, str]) -> dict[str, Any]:
    values = {}
    known = {PREFIX + name.upper(): name for name in _FIELDS}
    for variable in sorted(environ):
        if not variable.upper().startswith(PREFIX) or variable.startswith(_TESTS):
            continue
        if variable in known:
            name = known[variable]
            values[name] = _of_text(variable, _type_of(name), environ[variable])
        elif variable != FILE_VARIABLE:
            suggestion = similar(variable.upper().removeprefix(PREFIX), _VARIABLES)
            raise UnknownSetting(
                f"There is no setting {variable}.", f"{PREFIX}{suggestion}" if suggestion else ""
            )
    return values


def _of_text(variable: str, value_type: type, text: str) -> Any:
    try:
        if value_type is bool:
            return _BOOLEANS[text.strip().lower()]
        if value_type is int and not _NUMBER.fullmatch(text.strip()):
            raise ValueError
        return value_type(text)
    except KeyError:
        raise ConfigurationError(f"{variable} must be yes or no, not {text!r}.") from None
    except ValueError:
        raise ConfigurationError(f"{variable} must be a whole number, not {text!r}.") from None


#: Python would take 1_000 and digits of other scripts too.
_NUMBER = re.compile(r"-?[0-9]{1,18}")
_BOOLEANS = {
    "1": True,
    "true": True,
    "yes": True,
    "on": True,
    "0": False,
    "false": False,
    "no": False,
    "off": False,
    "": False,
}


# The file ----------------------------------------------------------------------------------------


def _file(environ: Mapping[str, str]) -> Path | None:
    named = environ.get(FILE_VARIABLE)
    if named:
        return Path(named)
    return USUAL_FILE if USUAL_FILE.is_file() else None


def _of_file(file: Path) -> dict[str, Any]:
    content = _read(file)
    values = {}
    for name, value in content.items():
        if name not in _FIELDS:
            raise _unknown_in_file(file, name, value)
        values[name] = _placed(name, _of_toml(file, name, value), file.parent)
    _check_access(file, values)
    return values


def _read(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_bytes().decode("utf-8-sig"))
    except OSError as error:
        raise ConfigurationError(
            f"The configuration file {file} can't be read ({error.strerror})."
        ) from None
    except UnicodeDecodeError:
        raise ConfigurationError(f"{file} isn't a text in UTF-8, as TOML must be.") from None
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise ConfigurationError(f"{file} isn't TOML: {error}.") from None


_EXPECTED: dict[type, str] = {
    bool: "must be true or false",
    int: "must be a whole number",
    str: 'must be a text in quotes, such as "…"',
}
_ACTUAL: dict[type, str] = {
    bool: "a boolean",
    int: "a whole number",
    float: "a number",
    str: "a text",
    list: "a list",
    dict: "a table",
}


def _of_toml(file: Path, name: str, value: Any) -> Any:
    value_type = _type_of(name)
    written = value_type if value_type in (bool, int) else str
    if type(value) is not written:
        # The value isn't shown: it may be a secret.
        actual = _ACTUAL.get(type(value), "a date or time")
        raise ConfigurationError(f"{file}: {name} {_EXPECTED[written]}, not {actual}.")
    return value_type(value)


def _placed(name: str, value: Any, folder: Path) -> Any:
    """A relative path in the file begins at the file, wherever the service is started."""
    if Settings.info()[name].path and str(value) not in ("", "."):
        return type(value)(folder / value)
    scheme, _, path = str(value).partition(":///")
    if (
        name == "database_url"
        and scheme.startswith("sqlite")
        and not path.startswith((":", "file:"))
    ):
        return f"{scheme}:///{folder / path}" if path else value
    return value


def _unknown_in_file(file: Path, name: str, value: Any) -> ConfigurationError:
    text = f"{file}: there is no setting {name}."
    if isinstance(value, dict):
        return ConfigurationError(
            f"{text} The file must not contain tables; write all settings at its top level."
        )
    return UnknownSetting(text, similar(name.upper().removeprefix(PREFIX).lower()))


def similar(name: str, known: Iterable[str] = tuple(_FIELDS)) -> str:
    """Return the name of a setting that is similar to a wrong one; empty if there is none."""
    return next(iter(difflib.get_close_matches(name, known, n=1)), "")


#: Secrets only if there is a password in them.
_URLS = ("database_url", "login_limit_redis")


def holds_secrets(values: Mapping[str, Any]) -> bool:
    """Return whether any of these settings is a secret that is set."""
    info = Settings.info()
    return any(
        value and info[name].secret and (name not in _URLS or has_password(value))
        for name, value in values.items()
    )


#: A password in the query of a URL, and what comes before it.
_PASSWORD_IN_QUERY = re.compile(r"([?&]\w*passw(?:or)?d=)[^&]*", re.I)
#: Stands for a secret.
MASK = "***"


def has_password(url: str) -> bool:
    """Return whether the URL of a database or of Redis has a password."""
    try:
        return bool(urlsplit(url).password or _PASSWORD_IN_QUERY.search(url))
    except ValueError:
        return True


def mask_query(url: str) -> str:
    """Return a URL without the passwords in its query."""
    return _PASSWORD_IN_QUERY.sub(rf"\g<1>{MASK}", url)


def _check_access(file: Path, values: Mapping[str, Any]) -> None:
    """As for the file of the server secret; but here the group may be that of the service."""
    if os.name != "posix":
        return
    mode = file.stat().st_mode
    if mode & 0o002:
        raise ConfigurationError(
            f"Anybody on this machine may change {file}. Run: chmod o-w {file}"
        )
    if mode & 0o004 and holds_secrets(values):
        raise ConfigurationError(
            f"There is a secret or password in {file}, which anybody on this machine may read. "
            f"Run: chmod 600 {file}"
        )


def _type_of(name: str) -> type:
    return type(_FIELDS[name].default)
