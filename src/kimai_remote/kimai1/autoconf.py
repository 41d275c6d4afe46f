"""Kimai's ``includes/autoconf.php``: where its database is and how it salts passwords.

Read without PHP: only assignments of plain strings are understood, which is all that Kimai's
installer writes.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import URL

from ..errors import ConfigurationError

_TOKENS = re.compile(
    r"""
    (?P<comment> \#[^\n]* | //[^\n]* | /\*.*?\*/ )
  | \$(?P<name>\w+) \s* = \s* (?P<value> "(?:[^"\\]|\\.)*" | '(?:[^'\\]|\\.)*' ) \s* (?=;|\?>|\Z)
  | \$(?P<other>\w+) \s* =(?!=)
  | "(?:[^"\\]|\\.)*" | '(?:[^'\\]|\\.)*'
    """,
    re.DOTALL | re.VERBOSE,
)
_DOUBLE_QUOTED = {"n": "\n", "r": "\r", "t": "\t", "v": "\v", "e": "\x1b", "f": "\f"}
_ESCAPE = re.compile(r"\\(u\{[0-9A-Fa-f]+\}|x[0-9A-Fa-f]{1,2}|[0-7]{1,3}|.)", re.DOTALL)
#: What Kimai needs. Older ones call the time zone ``defaultTimezone``.
_REQUIRED = ("server_hostname", "server_database", "server_username", "server_password")
_KNOWN = (
    *_REQUIRED,
    "server_prefix",
    "password_salt",
    "timezone",
    "defaultTimezone",
    "authenticator",
)
#: Kimai's own way to check passwords, which it takes too where the file names none.
KIMAI_AUTHENTICATOR = "kimai"


@dataclass(frozen=True, slots=True)
class Autoconf:
    """Kimai's configuration."""

    url: str
    prefix: str
    salt: str
    #: Empty where Kimai has it in its database (before revision 1370).
    timezone: str
    #: What checks passwords; ``kimai`` is Kimai itself.
    authenticator: str = KIMAI_AUTHENTICATOR


def read(path: Path | str) -> Autoconf:
    """Read ``autoconf.php``.

    :raises ConfigurationError: the file can't be read, or isn't Kimai's.
    """
    try:
        text = Path(path).read_text(encoding="utf-8", errors="surrogateescape")
    except OSError as error:
        raise ConfigurationError(f"{path} can't be read ({error.strerror}).") from None
    values = _assignments(text, str(path))
    missing = [f"${name}" for name in _REQUIRED if name not in values]
    if missing:
        raise ConfigurationError(
            f"{path} doesn't look like Kimai's autoconf.php: {', '.join(missing)} isn't set in it."
        )
    host, port, socket = _host(values["server_hostname"])
    url = URL.create(
        "mariadb",
        username=values["server_username"],
        password=values["server_password"],
        host=host,
        port=port,
        database=values["server_database"],
        query={"unix_socket": socket} if socket else {},
    )
    return Autoconf(
        url.render_as_string(hide_password=False),
        values.get("server_prefix", ""),
        values.get("password_salt", ""),
        values.get("timezone") or values.get("defaultTimezone", ""),
        values.get("authenticator") or KIMAI_AUTHENTICATOR,
    )


def _assignments(text: str, path: str) -> dict[str, str]:
    values: dict[str, str] = {}
    for token in _TOKENS.finditer(text):
        if token["name"] in _KNOWN:
            value = _string(token["value"], token["name"], path)
            if not value.isprintable() and any("\udc80" <= c <= "\udcff" for c in value):
                raise ConfigurationError(f"${token['name']} in {path} isn't UTF-8.")
            values[token["name"]] = value
        elif token["other"] == "authenticator":
            values["authenticator"] = "computed by PHP"
        elif token["other"] in _KNOWN:
            raise ConfigurationError(
                f"{path} computes ${token['other']}, so only PHP knows it. Give the database URL, "
                "the prefix, the salt and the time zone as settings of their own instead."
            )
    return values


def _string(literal: str, name: str, path: str) -> str:
    quote, body = literal[0], literal[1:-1]
    if quote == "'":
        return re.sub(r"\\(['\\])", r"\1", body)
    if re.search(r"(?<!\\)(?:\\\\)*(?:\$[A-Za-z_{]|\{\$)", body):
        raise ConfigurationError(f"{path} puts a variable into ${name}, so only PHP knows it.")
    return _ESCAPE.sub(_unescape, body)


def _unescape(match: re.Match[str]) -> str:
    code = match[1]
    if code in ("\\", "$", '"'):
        return code
    if code in _DOUBLE_QUOTED:
        return _DOUBLE_QUOTED[code]
    if code.startswith("u{"):
        return chr(int(code[2:-1], 16))
    if code[0] == "x" and len(code) > 1:
        return chr(int(code[1:], 16))
    if code[0] in "01234567":
        return chr(int(code, 8) & 0xFF)
    return match[0]


def _host(text: str) -> tuple[str | None, int | None, str]:
    """Host, port and socket of ``host``, ``host:3307``, ``[::1]:3307`` or ``host:/path``."""
    match = re.fullmatch(r"(?:\[([^]]+)\]|([^:]*)):(?:(\d+)|(/.*))", text)
    if not match:
        return text or None, None, ""
    host = match[1] or match[2] or "localhost"
    return host, int(match[3]) if match[3] else None, match[4] or ""
