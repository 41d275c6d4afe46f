"""What has to be right before the service is open to other machines."""

from __future__ import annotations

import errno
import ipaddress
import logging
import socket
import ssl
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import urlsplit

from ..config import PREFIX, Settings
from ..errors import ConfigurationError

log = logging.getLogger(__name__)


def check(settings: Settings) -> None:
    """:raises ConfigurationError: passwords would cross a network in clear, TLS can't work, or
    the address is taken."""
    check_tls(settings)
    check_protection(settings)
    _check_address(settings)


def check_tls(settings: Settings) -> None:
    """:raises ConfigurationError: the certificate or its key can't be used."""
    if bool(settings.tls_cert) != bool(settings.tls_key):
        raise ConfigurationError("--tls-cert and --tls-key belong together: give both or neither.")
    for path in filter(None, (settings.tls_cert, settings.tls_key)):
        try:
            Path(path).open("rb").close()
        except OSError as error:
            raise ConfigurationError(f"{path} can't be read ({error.strerror}).") from None
    if settings.tls_cert:
        _check_certificate(settings.tls_cert, settings.tls_key)


def check_protection(settings: Settings) -> None:
    """:raises ConfigurationError: passwords would cross a network in the clear."""
    protected = settings.tls_cert or settings.trusted_proxies or settings.insecure
    if not protected and not is_loopback(settings.host):
        raise ConfigurationError(
            f"On {settings.host}, passwords and keys would cross the network in the clear. Use "
            f"--tls-cert and --tls-key, or set {PREFIX}TRUSTED_PROXIES to the number of proxies in "
            "front that do TLS. Override with --insecure."
        )


def check_new_demo(settings: Settings) -> None:
    """:raises ConfigurationError: other machines would reach demo accounts that are to be added."""
    if by := exposed_by(settings):
        raise ConfigurationError(
            "--demo adds accounts whose passwords everybody knows, one of them an administrator's, "
            f"and other machines may reach this server ({by}). Leave out --demo, or serve this "
            "machine only. Override with --public-demo."
        )


def check_demo_accounts(settings: Settings, names: Sequence[str]) -> None:
    """:param names: those of users who can log in with a password of the demo data.
    :raises ConfigurationError: other machines would reach them.
    """
    if names and (by := exposed_by(settings)):
        raise ConfigurationError(
            f"{demo_warning(names)} Other machines may reach this server ({by}). "
            "Override with --public-demo."
        )


def demo_warning(names: Sequence[str]) -> str:
    """Return what to tell about users who can log in with a password of the demo data."""
    return f"{KNOWN_PASSWORDS} {', '.join(names)}. {CLOSE_DEMO}"


#: Followed by the names of the accounts.
KNOWN_PASSWORDS = "Everybody knows the passwords of these demo accounts:"
CLOSE_DEMO = (
    "Set others with 'kimai-remote password set NAME', or move the accounts to the trash with "
    "'kimai-remote user trash NAME'."
)


def exposed_by(settings: Settings) -> str:
    """Return the setting by which other machines may reach the service, directly or through a
    proxy; empty if none says so, or if demo accounts are to be served to them."""
    if settings.public_demo:
        return ""
    if not is_loopback(settings.host):
        return f"host {settings.host}"
    public_host = urlsplit(settings.public_url).hostname
    if public_host and not is_loopback(public_host):
        return f"public_url {settings.public_url}"
    if settings.trusted_proxies:
        return f"trusted_proxies {settings.trusted_proxies}"
    return "insecure" if settings.insecure else ""


def _check_address(settings: Settings) -> None:
    """Two servers at one address would each get a part of the calls: the HTTP server shares it
    with any other that does."""
    try:
        addresses = socket.getaddrinfo(
            settings.host, settings.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )
        family, socket_type, protocol, _, address = addresses[0]
        with socket.socket(family, socket_type, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
            probe.listen()
    except OSError as error:
        where = f"{settings.host} port {settings.port}"
        hint = "Stop it, or choose another --port." if error.errno == errno.EADDRINUSE else ""
        reason = "another program listens there" if hint else error.strerror
        raise ConfigurationError(f"Can't listen on {where}: {reason}. {hint}".rstrip()) from None


def _check_certificate(certificate: str, key: str) -> None:
    def refuse_password() -> str:
        raise ConfigurationError(f"{key} is protected by a password; give a key without one.")

    try:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key, refuse_password)
    except ssl.SSLError as error:
        raise ConfigurationError(
            f"{certificate} and {key} aren't a certificate and its private key in PEM form "
            f"({error.reason or error})."
        ) from None


def redis_problem(settings: Settings) -> str:
    """Return why Redis doesn't count failed logins; empty if it does."""
    from ..tracking.rate_limit import connect

    client = connect(settings.login_limit_redis)
    from redis.exceptions import RedisError

    try:
        client.ping()
    except RedisError as error:
        return str(error).strip() or type(error).__name__
    return ""


def warn_without_redis(settings: Settings) -> None:
    """Log a warning if Redis is to count failed logins and doesn't."""
    problem = redis_problem(settings) if settings.login_limit_redis else ""
    if problem:
        log.warning("Redis doesn't count failed logins (%s).", problem)


def scheme(settings: Settings) -> str:
    return "https" if settings.tls_cert else "http"


def is_loopback(host: str) -> bool:
    """Return whether a host is the loopback interface, which no other machine reaches."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False  # a name may lead anywhere
