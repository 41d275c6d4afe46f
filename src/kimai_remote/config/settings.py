"""What is known of a setting besides its value: the one place where its meaning is written."""

from __future__ import annotations

import dataclasses
import ipaddress
import re
import zoneinfo
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from ..errors import ConfigurationError


@dataclass(frozen=True, slots=True)
class Facts:
    """What people are told of a setting, and what its values may be."""

    #: A phrase, for tables and for the help of the option.
    meaning: str
    #: What a number counts, such as ``seconds``.
    unit: str = ""
    #: How an empty text, or 0, is to be understood.
    empty: str = ""
    #: ``serve`` has an option of this name too.
    option: bool = False
    #: Never shown.
    secret: bool = False
    #: The name of a file or directory; a relative one in the configuration file begins there.
    path: bool = False
    #: The values that there are.
    choices: tuple[str, ...] = ()
    #: The smallest and the largest number.
    least: int | None = None
    most: int | None = None


def setting(default: Any, meaning: str, **facts: Any) -> Any:
    """A field of a dataclass with its :class:`Facts`."""
    known = Facts(meaning, **facts)
    return field(default=default, repr=not known.secret, metadata={"facts": known})


def facts_of(setting: dataclasses.Field[Any]) -> Facts:
    found: Facts = setting.metadata["facts"]
    return found


PREFIX = "KIMAI_REMOTE_"

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

    host: str = setting("127.0.0.1", "Address to listen on.", option=True)
    port: int = setting(8000, "Port to listen on.", option=True, least=1, most=65535)
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
    trusted_proxies: int = setting(
        0,
        "Reverse proxies in front, one behind the other, whose X-Forwarded-* headers are believed.",
        empty="none",
        least=0,
        most=100,
    )
    public_url: str = setting(
        "",
        "Address as clients see it, for the contracts, such as https://time.example.org/kimai.",
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
        "Time that a statement may take in the database.",
        unit="seconds",
        empty="no limit",
        least=0,
        most=86_400,
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
        "Secret that API keys are derived from.",
        empty="the file secret in the data directory",
        secret=True,
    )
    workers: int = setting(1, "Server processes.", option=True, least=1, most=256)
    threads: int = setting(
        8,
        "Threads that answer calls in each process, and its pooled connections to the database.",
        option=True,
        least=1,
        most=1_000,
    )
    key_lifetime: int = setting(
        0, "Time after which an API key expires.", unit="days", empty="never", least=0, most=36_500
    )
    login_rate: int = setting(
        30,
        "Failed logins allowed from one network address, in each process.",
        unit="logins a minute",
        empty="any number",
        least=0,
        most=1_000_000,
    )
    audit_log: str = setting(
        "",
        "File that logins, refusals and changes are written to.",
        empty="the normal log",
        path=True,
    )
    log_format: str = setting(
        "text",
        "Form of the log: lines for people, or one JSON object a line.",
        choices=("text", "json"),
    )
    log_level: str = setting(
        "info", "Least severe messages that are logged.", choices=("info", "warning", "error")
    )
    access_log: bool = setting(False, "Log a line for each call.")
    metrics_from: str = setting(
        "local",
        "Who may read /metrics: local for this machine, and networks such as 10.0.0.0/8, "
        "separated by commas.",
        empty="nobody without the token",
    )
    metrics_token: str = setting(
        "", "Bearer token that opens /metrics from anywhere.", empty="none", secret=True
    )
    timezone: str = setting(
        "UTC", "Time zone of users who chose none, for dates without an offset."
    )
    wsdl_style: str = setting(
        "document", "Dialect of plain ?wsdl; rpc is what Kimai 1 had.", choices=("document", "rpc")
    )
    legacy_stop_boolean: bool = setting(
        False, "stopRecord answers a boolean in the rpc/encoded dialect, as Kimai did until 2018."
    )
    max_body: int = setting(
        2 * 1024 * 1024, "Largest request body.", unit="bytes", least=1024, most=2**30
    )
    max_batch: int = setting(100, "Most calls in one JSON-RPC batch.", least=1, most=100_000)
    client_timeout: int = setting(
        30,
        "Time that a client may take to send the head of a request, and then its body.",
        unit="seconds",
        least=1,
        most=3_600,
    )

    def __post_init__(self) -> None:
        for each in dataclasses.fields(self):
            text = str(getattr(self, each.name))
            _require(
                not any(ord(character) < 32 for character in text),
                each.name,
                "must not have control characters",
            )
            _check(each.name, facts_of(each), getattr(self, each.name))
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
                _is_address(self.public_url),
                "public_url",
                "must look like https://time.example.org/kimai",
            )
        if self.metrics_token:
            _require(
                len(self.metrics_token) >= 16 and self.metrics_token.isascii(),
                "metrics_token",
                "must hold at least 16 ASCII characters",
            )
        _require(
            not self.secret or len(self.secret.encode()) >= 16,
            "secret",
            "must hold at least 16 characters",
        )
        _ = self.metrics_networks

    @property
    def url(self) -> str:
        """The database URL that is in force."""
        return self.database_url or f"sqlite:///{self.data_dir / 'kimai.sqlite3'}"

    @property
    def metrics_networks(self) -> tuple[Network, ...]:
        """Where ``/metrics`` may be read from."""
        found: tuple[Network, ...] = ()
        for name in filter(None, (part.strip() for part in self.metrics_from.split(","))):
            try:
                found += _LOOPBACK if name == "local" else (ipaddress.ip_network(name),)
            except ValueError:
                _require(
                    False,
                    "metrics_from",
                    f"must be a list such as local, 10.0.0.0/8; {name!r} is no network",
                )
        return found

    @property
    def has_metrics(self) -> bool:
        """Whether anybody may read ``/metrics``; if not, nothing is measured."""
        return bool(self.metrics_networks or self.metrics_token)

    @classmethod
    def facts(cls) -> dict[str, Facts]:
        """What is known of each setting, by its name."""
        return {each.name: facts_of(each) for each in dataclasses.fields(cls)}

    @classmethod
    def from_environment(
        cls, environ: Mapping[str, str] | None = None, **overrides: Any
    ) -> Settings:
        """Read the settings from the environment and from the configuration file that it names.

        :param overrides: from the command line; one that isn't None wins.
        :raises ConfigurationError: naming the variable, or the file and the name in it.
        """
        from .loading import load  # which needs this module

        return load(environ, **overrides).settings


def _check(name: str, facts: Facts, value: Any) -> None:
    if facts.choices:
        _require(value in facts.choices, name, f"must be {' or '.join(facts.choices)}")
    least, most = facts.least, facts.most
    if least is not None and most is not None:
        _require(least <= value <= most, name, f"must be between {least} and {most}")
    elif least is not None:
        _require(value >= least, name, f"must be {least} or more")


def _is_address(text: str) -> bool:
    try:
        url = urlsplit(text)
    except ValueError:
        return False
    is_plain = not url.query and not url.fragment and "@" not in url.netloc
    return bool(url.scheme in ("http", "https") and url.hostname and is_plain)


def _require(holds: object, name: str, problem: str) -> None:
    if not holds:
        raise InvalidSetting(name, problem)
