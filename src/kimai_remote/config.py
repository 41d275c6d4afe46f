"""Settings of the service, read from ``KIMAI_REMOTE_*`` environment variables.

Options of Kimai itself (rounding, edit limit, login ban and so on) are not settings: they live in
the database's configuration table, see :mod:`kimai_remote.tracking.options`.
"""

from __future__ import annotations

import dataclasses
import os
import re
import zoneinfo
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from .errors import ConfigurationError

PREFIX = "KIMAI_REMOTE_"


@dataclass(frozen=True, slots=True)
class Settings:
    """All settings of one service process; each field's variable is ``KIMAI_REMOTE_<FIELD>``."""

    #: Directory of the embedded database and the server secret.
    data_dir: Path = Path("kimai-data")
    #: SQLAlchemy URL of the database; empty means SQLite in ``data_dir``.
    database_url: str = field(default="", repr=False)  # may hold a password
    #: Prefix of Kimai's table names.
    table_prefix: str = "kimai_"
    #: Seconds that a statement may take in the database; 0 sets no limit.
    statement_timeout: int = 30
    #: Kimai 1's ``includes/autoconf.php``, for database, prefix, salt and time zone where they
    #: aren't set.
    kimai_autoconf: str = ""
    #: ``$password_salt`` of an adopted Kimai 1 (its ``includes/autoconf.php``).
    password_salt: str = field(default="", repr=False)
    #: Secret that API keys are derived from; empty means the file ``secret`` in ``data_dir``.
    secret: str = field(default="", repr=False)
    #: Address and port to listen on.
    host: str = "127.0.0.1"
    port: int = 8000
    #: Server processes, and threads that answer calls in each.
    workers: int = 1
    threads: int = 8
    #: Address of the service as clients see it, such as ``https://time.example.org/kimai``; empty
    #: means that it is taken from each request.
    public_url: str = ""
    #: Number of reverse proxies in front whose ``X-Forwarded-*`` headers are believed.
    trusted_proxies: int = 0
    #: Kimai's PHP uses the same database: passwords stay in the form that it can check.
    shared_with_kimai: bool = False
    #: Days after which an API key expires; 0 means never.
    key_lifetime: int = 0
    #: Failed logins a minute that are allowed from one network address; 0 means any number.
    login_rate: int = 30
    #: File that logins, refusals and changes are written to; empty means the normal log.
    audit_log: str = ""
    #: Certificate and private key (PEM files) to serve HTTPS with.
    tls_cert: str = ""
    tls_key: str = ""
    #: Serve other machines without TLS and without a declared proxy.
    insecure: bool = False
    #: Time zone for dates without an offset of users who chose none.
    timezone: str = "UTC"
    #: Dialect of plain ``?wsdl``: ``document`` or ``rpc`` (as Kimai 1 had it).
    wsdl_style: str = "document"
    #: ``stopRecord`` answers a boolean in the rpc/encoded dialect, as Kimai did until 2018.
    legacy_stop_boolean: bool = False
    #: Largest request body in bytes, and most calls in one JSON-RPC batch.
    max_body: int = 2 * 1024 * 1024
    max_batch: int = 100
    #: Seconds that a client may take to send the head of a request, and then its body.
    client_timeout: int = 30

    def __post_init__(self) -> None:
        _require(re.fullmatch(r"\w{0,40}", self.table_prefix, re.ASCII), "table_prefix",
                 "may hold letters, digits and underscores only")  # fmt: skip
        _require(self.wsdl_style in ("document", "rpc"), "wsdl_style", "is document or rpc")
        least_values = {"workers": 1, "threads": 1, "max_body": 1024, "max_batch": 1,
                        "client_timeout": 1,
                        "trusted_proxies": 0, "key_lifetime": 0, "login_rate": 0,
                        "statement_timeout": 0}  # fmt: skip
        for name, least in least_values.items():
            _require(getattr(self, name) >= least, name, f"must be {least} or more")
        _require(0 < self.port < 65536, "port", "must be between 1 and 65535")
        try:
            zoneinfo.ZoneInfo(self.timezone)
        except (zoneinfo.ZoneInfoNotFoundError, ValueError):
            _require(False, "timezone", "must be a name such as Europe/Berlin or UTC")
        if self.public_url:
            url = urlsplit(self.public_url)
            _require(url.scheme in ("http", "https") and url.hostname and not url.query,
                     "public_url", "must look like https://time.example.org/kimai")  # fmt: skip

    @property
    def url(self) -> str:
        """The database URL that is in force."""
        return self.database_url or f"sqlite:///{self.data_dir / 'kimai.sqlite3'}"

    @classmethod
    def from_environment(
        cls, environ: Mapping[str, str] | None = None, **overrides: Any
    ) -> Settings:
        """Read the settings; an override that isn't None wins over its variable.

        :raises ConfigurationError: naming the variable that is wrong.
        """
        environ = os.environ if environ is None else environ
        values: dict[str, Any] = {}
        for setting in dataclasses.fields(cls):
            text = environ.get(PREFIX + setting.name.upper())
            if text is not None:
                values[setting.name] = _parse(setting.name, type(setting.default), text)
        values.update((name, value) for name, value in overrides.items() if value is not None)
        return cls(**values)


def _require(holds: object, name: str, message: str) -> None:
    if not holds:
        raise ConfigurationError(f"{PREFIX}{name.upper()} {message}.")


def _boolean(text: str) -> bool:
    known = {"1": True, "true": True, "yes": True, "on": True,
             "0": False, "false": False, "no": False, "off": False, "": False}  # fmt: skip
    return known[text.strip().lower()]


_PARSERS: dict[type, tuple[Callable[[str], Any], str]] = {
    bool: (_boolean, "must be yes or no"),
    int: (int, "must be a whole number"),
}


def _parse(name: str, kind: type, text: str) -> Any:
    parser, message = _PARSERS.get(kind, (Path if issubclass(kind, Path) else str, ""))
    try:
        return parser(text)
    except (ValueError, KeyError):
        raise ConfigurationError(f"{PREFIX}{name.upper()} {message}, not {text!r}.") from None
