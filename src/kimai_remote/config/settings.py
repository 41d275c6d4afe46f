"""The settings of the service: a new one is one line here.

Options of Kimai itself (rounding, edit limit, login ban …) are not settings: they are in the
database, see ``Options`` in :mod:`kimai_remote.tracking.context`.
"""

from __future__ import annotations

import dataclasses
import ipaddress
import re
import zoneinfo
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from ..errors import ConfigurationError


@dataclass(frozen=True, slots=True)
class SettingInfo:
    """Description of a setting, and the values that it may have."""

    #: A phrase, for tables and for the help of the option.
    help: str
    #: Unit of a number, such as ``seconds``.
    unit: str = ""
    #: Meaning of an empty text, or of 0.
    empty: str = ""
    #: Whether ``serve`` has an option of this name.
    option: bool = False
    #: Whether the value is never shown.
    secret: bool = False
    #: Whether it names a file or directory; a relative one in the configuration file starts there.
    path: bool = False
    choices: tuple[str, ...] = ()
    min: int | None = None
    max: int | None = None


def setting(default: Any, help: str, **details: Any) -> Any:  # noqa: A002
    """Return a field of a dataclass with its :class:`SettingInfo`."""
    info = SettingInfo(help, **details)
    return field(default=default, repr=not info.secret, metadata={"info": info})


def info_of(setting: dataclasses.Field[Any]) -> SettingInfo:
    info: SettingInfo = setting.metadata["info"]
    return info


PREFIX = "KIMAI_REMOTE_"

#: How a URL of Redis begins.
REDIS_SCHEMES = ("redis://", "rediss://", "redis+unix://")

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
_LOOPBACK: tuple[Network, ...] = (
    ipaddress.ip_network("127.0.0.0/8"),
    ipaddress.ip_network("::1"),
)


class InvalidSetting(ConfigurationError):
    """A value that a setting can't have.

    :param problem: what is wrong, to be read after the name of the setting.
    """

    def __init__(self, name: str, problem: str) -> None:
        super().__init__(f"{PREFIX}{name.upper()} {problem}.")
        self.name = name
        self.problem = problem


@dataclass(frozen=True, slots=True)
class Settings:
    """All settings of one service process.

    Each field is a variable of the environment, ``KIMAI_REMOTE_<FIELD>``, and a name in the
    configuration file.

    :raises InvalidSetting: a value that a setting can't have.
    """

    host: str = setting("127.0.0.1", "IP address or host name to listen on.", option=True)
    port: int = setting(8000, "Port to listen on.", option=True, min=1, max=65535)
    tls_cert: str = setting(
        "",
        "Certificate (PEM, with its chain) to serve HTTPS with.",
        empty="plain HTTP",
        option=True,
        path=True,
    )
    tls_key: str = setting(
        "", "Private key of the certificate (PEM, without a password).", option=True, path=True
    )
    insecure: bool = setting(
        False, "Serve other machines without TLS or a trusted proxy.", option=True
    )
    public_demo: bool = setting(
        False,
        "Serve demo accounts, whose passwords everybody knows, to other machines.",
        option=True,
    )
    trusted_proxies: int = setting(
        0,
        "Number of reverse proxies in front, whose X-Forwarded-* headers are trusted.",
        empty="none",
        min=0,
        max=100,
    )
    public_url: str = setting(
        "",
        "Public URL of the service, for the contracts, such as https://time.example.org/kimai.",
        empty="taken from each request",
        option=True,
    )
    data_dir: Path = setting(  # noqa: RUF009 (a field)
        Path("kimai-data"),
        "Directory of the embedded database and the server secret.",
        option=True,
        path=True,
    )
    database_url: str = setting(
        "",
        "Database: sqlite:///…, postgresql://… or mariadb://….",
        empty="SQLite in the data directory",
        option=True,
        secret=True,
    )
    table_prefix: str = setting("kimai_", "Prefix of Kimai's table names.")
    statement_timeout: int = setting(
        30,
        "Time limit of a database statement.",
        unit="seconds",
        empty="no limit",
        min=0,
        max=86_400,
    )
    wsrep_sync_wait: int = setting(
        0,
        "MariaDB Galera: what waits for the commits of other nodes, 1 for reading, or another sum "
        "from MariaDB's manual.",
        empty="as the server is configured",
        min=0,
        max=15,
    )
    database_pooler: str = setting(
        "none",
        "Mode of a pooler, such as PgBouncer, between the service and PostgreSQL: none, session or "
        "transaction.",
        choices=("none", "session", "transaction"),
    )
    kimai_autoconf: str = setting(
        "",
        "Kimai 1's includes/autoconf.php, for database, prefix, salt and time zone where they "
        "aren't set.",
        path=True,
    )
    password_salt: str = setting(
        "", "$password_salt of an adopted Kimai 1 (in its includes/autoconf.php).", secret=True
    )
    shared_with_kimai: bool = setting(
        False, "Kimai's PHP uses the same database: passwords stay in the form that it can check."
    )
    secret: str = setting(
        "",
        "Secret from which API keys are derived.",
        empty="the file secret in the data directory",
        secret=True,
    )
    other_secret: bool = setting(
        False,
        "Serve with another secret than the database's other servers: each makes the keys of the "
        "others invalid.",
        option=True,
    )
    workers: int = setting(1, "Number of server processes.", option=True, min=1, max=256)
    threads: int = setting(
        8,
        "Threads that run calls in each process, and its pooled connections to the database.",
        option=True,
        min=1,
        max=1_000,
    )
    key_lifetime: int = setting(
        0, "Time after which an API key expires.", unit="days", empty="never", min=0, max=36_500
    )
    login_rate: int = setting(
        30,
        "Failed logins allowed from one IP address, and with one name; without "
        "login_limit_redis, in each process.",
        unit="logins a minute",
        empty="any number",
        min=0,
        max=1_000_000,
    )
    login_limit_redis: str = setting(
        "",
        "Redis that counts failed logins for all processes and machines, such as "
        "redis://:password@host:6379/0.",
        empty="each process counts by itself",
        secret=True,
    )
    login_limit_fallback: str = setting(
        "process",
        "While Redis doesn't answer: process, each process counts by itself; or refuse, nobody "
        "can log in.",
        choices=("process", "refuse"),
    )
    audit_log: str = setting(
        "",
        "File to which logins, refusals and changes are logged.",
        empty="the normal log",
        path=True,
    )
    log_format: str = setting(
        "text",
        "Format of the log: text lines, or one JSON object per line.",
        choices=("text", "json"),
    )
    log_level: str = setting(
        "info", "Lowest level of messages that are logged.", choices=("info", "warning", "error")
    )
    access_log: bool = setting(False, "Log one line per call.")
    metrics_from: str = setting(
        "local",
        "Who may read /metrics: local for this machine, and networks such as 10.0.0.0/8, "
        "separated by commas.",
        empty="nobody without the token",
    )
    metrics_token: str = setting(
        "", "Bearer token that allows reading /metrics from anywhere.", empty="none", secret=True
    )
    timezone: str = setting(
        "UTC", "Time zone of users who chose none, for dates without an offset."
    )
    wsdl_style: str = setting(
        "auto",
        "SOAP style of the contract at plain ?wsdl. auto: rpc, as Kimai 1 had it, on a database "
        "adopted from Kimai 1 (in place or imported), else document.",
        choices=("auto", "document", "rpc"),
    )
    legacy_stop_boolean: bool = setting(
        False, "stopRecord returns a boolean in the rpc/encoded style, as in Kimai until 2018."
    )
    max_body: int = setting(
        2 * 1024 * 1024, "Maximum size of a request body.", unit="bytes", min=1024, max=2**30
    )
    max_batch: int = setting(
        100, "Maximum number of calls in one JSON-RPC batch.", min=1, max=100_000
    )
    client_timeout: int = setting(
        30,
        "Time that a client may take to send the header of a request, then its body, and to read "
        "on in the response.",
        unit="seconds",
        min=1,
        max=3_600,
    )

    def __post_init__(self) -> None:
        for each in dataclasses.fields(self):
            text = str(getattr(self, each.name))
            _require(
                not any(ord(character) < 32 for character in text),
                each.name,
                "must not have control characters",
            )
            _check(each.name, info_of(each), getattr(self, each.name))
        _require(
            re.fullmatch(r"\w{0,40}", self.table_prefix, re.ASCII),
            "table_prefix",
            "may hold letters, digits and underscores only",
        )
        try:
            zoneinfo.ZoneInfo(self.timezone)
        except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
            _require(False, "timezone", "must be a name such as Europe/Berlin or UTC")
        if self.public_url:
            _require(
                _is_url(self.public_url),
                "public_url",
                "must look like https://time.example.org/kimai",
            )
        if self.metrics_token:
            _require(
                len(self.metrics_token) >= 16 and self.metrics_token.isascii(),
                "metrics_token",
                "must hold at least 16 ASCII characters",
            )
        if self.login_limit_redis:
            _require(
                self.login_limit_redis.startswith(REDIS_SCHEMES),
                "login_limit_redis",
                "must begin with redis://, rediss:// or redis+unix://",
            )
        _require(
            not self.secret or len(self.secret.encode()) >= 16,
            "secret",
            "must hold at least 16 characters",
        )
        _ = self.metrics_networks

    @property
    def url(self) -> str:
        """The URL of the database."""
        return self.database_url or f"sqlite:///{self.data_dir / 'kimai.sqlite3'}"

    def plain_wsdl_style(self, is_adopted: Callable[[], bool]) -> str:
        """Return the SOAP style of the contract at plain ``?wsdl``: ``document`` or ``rpc``.

        :param is_adopted: says whether the database is adopted from Kimai 1; called if that counts.
        """
        if self.wsdl_style != "auto":
            return self.wsdl_style
        return "rpc" if is_adopted() else "document"

    @property
    def metrics_networks(self) -> tuple[Network, ...]:
        """Networks that may read ``/metrics``."""
        networks: tuple[Network, ...] = ()
        for name in filter(None, (part.strip() for part in self.metrics_from.split(","))):
            try:
                networks += _LOOPBACK if name == "local" else (ipaddress.ip_network(name),)
            except ValueError:
                _require(
                    False,
                    "metrics_from",
                    f"must be a list such as local, 10.0.0.0/8; {name!r} is no network",
                )
        return networks

    @property
    def has_metrics(self) -> bool:
        """Whether anybody may read ``/metrics``; if not, nothing is measured."""
        return bool(self.metrics_networks or self.metrics_token)

    @classmethod
    def info(cls) -> dict[str, SettingInfo]:
        """Return the description of each setting by its name."""
        return {each.name: info_of(each) for each in dataclasses.fields(cls)}


def _check(name: str, info: SettingInfo, value: Any) -> None:
    if info.choices:
        _require(value in info.choices, name, f"must be {' or '.join(info.choices)}")
    if info.min is not None and info.max is not None:
        in_range = info.min <= value <= info.max
        _require(in_range, name, f"must be between {info.min} and {info.max}")
    elif info.min is not None:
        _require(value >= info.min, name, f"must be {info.min} or more")


def _is_url(text: str) -> bool:
    try:
        url = urlsplit(text)
    except ValueError:
        return False
    is_plain = not url.query and not url.fragment and "@" not in url.netloc
    return bool(url.scheme in ("http", "https") and url.hostname and is_plain)


def _require(holds: object, name: str, problem: str) -> None:
    if not holds:
        raise InvalidSetting(name, problem)
