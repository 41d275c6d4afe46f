"""nginx, Caddy and HAProxy with the files of docs/deploy, in front of a real server."""

from __future__ import annotations

import http.client
import os
import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from clients import tools
from support import certificates, processes
from support.live_server import LiveServer
from support.raw_http import Response
from support.server import ROOT, Server, free_port

DEPLOY = ROOT / "docs" / "deploy"
#: The name in the files, which the test's certificate is for.
SITE = "time.example.org"
#: Where clients come from in these tests: not where the proxy has its own connections from.
CLIENT = "127.0.0.2"


@dataclass(frozen=True)
class Proxy:
    """A running proxy and the server behind it."""

    port: int
    certificate: Path
    live_server: LiveServer
    audit: Path

    @property
    def base(self) -> str:
        return f"https://{SITE}:{self.port}"

    def request(
        self,
        method: str,
        target: str,
        body: bytes | None = None,
        headers: dict[str, str] | None = None,
    ) -> Response:
        """One request over TLS, from an address of the client's own."""
        trust = certificates.trusting(self.certificate)
        plain = socket.create_connection(("127.0.0.1", self.port), processes.DEADLINE, (CLIENT, 0))
        with trust.wrap_socket(plain, server_hostname=SITE) as secured:
            connection = http.client.HTTPConnection(f"{SITE}:{self.port}")
            connection.sock = secured
            connection.request(method, target, body, headers or {})
            response = connection.getresponse()
            return Response(response.status, response.headers, response.read())


@contextmanager
def nginx(directory: Path, live_server: LiveServer, audit: Path) -> Iterator[Proxy]:
    program = tools.need("nginx", "apt-get install nginx-light")
    port, (certificate, key) = free_port(), certificates.certificate(directory, SITE)
    # nginx -V says which folders are compiled in; only root may write there.
    for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"):
        (directory / name).mkdir()
    site = replaced(
        (DEPLOY / "nginx.conf").read_text(),
        ("listen 443 ssl;", f"listen 127.0.0.1:{port} ssl;"),
        ("listen [::]:443 ssl;", ""),
        ("/etc/ssl/kimai-remote/fullchain.pem", str(certificate)),
        ("/etc/ssl/kimai-remote/privkey.pem", str(key)),
        ("/var/log/nginx/kimai-remote.log", str(directory / "access.log")),
        ("http://127.0.0.1:8000", live_server.server.url),
    )
    (directory / "site.conf").write_text(site)
    temporary = "".join(
        f"{name}_temp_path {directory / name};"
        for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    user = "user root;" if os.getuid() == 0 else ""
    main = directory / "nginx.conf"
    main.write_text(
        f"{user} daemon off; worker_processes 1; pid {directory}/pid; error_log stderr warn;\n"
        f"events {{}}\nhttp {{ {temporary} include {directory}/site.conf; }}\n"
    )
    command = [program, "-p", str(directory), "-c", str(main), "-e", "stderr"]
    tools.run([*command, "-t"])
    with _running(command, directory, port):
        yield Proxy(port, certificate, live_server, audit)


@contextmanager
def caddy(directory: Path, live_server: LiveServer, audit: Path) -> Iterator[Proxy]:
    program = tools.need("caddy", "apt-get install caddy")
    port, (certificate, key) = free_port(), certificates.certificate(directory, SITE)
    shipped = (DEPLOY / "Caddyfile").read_text()
    config = directory / "Caddyfile"
    environ = {
        "KIMAI_REMOTE_SITE": f"https://{SITE}:{port}",
        "KIMAI_REMOTE_UPSTREAM": live_server.server.url.removeprefix("http://"),
        "HOME": str(directory),
        "XDG_DATA_HOME": str(directory),
        "XDG_CONFIG_HOME": str(directory),
    }
    config.write_text(shipped)
    tools.run([program, "validate", "--adapter", "caddyfile", "--config", config], environ=environ)
    # A test must not get a real certificate, listen on all addresses or have an admin endpoint.
    config.write_text(
        replaced(
            shipped,
            ("{\n\tservers {", "{\n\tadmin off\n\tauto_https off\n\tservers {"),
            ("\tlog\n", f"\tbind 127.0.0.1\n\ttls {certificate} {key}\n"),
        )
    )
    command = [program, "run", "--adapter", "caddyfile", "--config", str(config)]
    with _running(command, directory, port, environ):
        yield Proxy(port, certificate, live_server, audit)


@contextmanager
def haproxy(directory: Path, live_server: LiveServer, audit: Path) -> Iterator[Proxy]:
    with balancing(directory, [live_server.server]) as (port, certificate):
        yield Proxy(port, certificate, live_server, audit)


@contextmanager
def balancing(directory: Path, servers: Sequence[Server]) -> Iterator[tuple[int, Path]]:
    """HAProxy in front of up to three servers: its port and certificate."""
    program = tools.need("haproxy", "apt-get install haproxy")
    port, (certificate, key) = free_port(), certificates.certificate(directory, SITE)
    together = directory / "kimai-remote.pem"
    together.write_bytes(certificate.read_bytes() + key.read_bytes())
    config = directory / "haproxy.cfg"
    lines = [
        f'    server api{place} "${{API{place}-10.0.0.{place}}}:8000"\n' for place in (1, 2, 3)
    ]
    hosts = [server.url.removeprefix("http://") for server in servers]
    config.write_text(
        replaced(
            (DEPLOY / "haproxy.cfg").read_text(),
            ("bind :443 ", f"bind 127.0.0.1:{port} "),
            ("/etc/haproxy/kimai-remote.pem", str(together)),
            ("".join(lines), "".join(f"    server {host} {host}\n" for host in hosts)),
        )
    )
    command = [program, "-f", str(config)]
    tools.run([*command, "-c"])
    with _running([*command, "-db"], directory, port):
        yield port, certificate


PROXIES = {"nginx": nginx, "caddy": caddy, "haproxy": haproxy}


def replaced(text: str, *changes: tuple[str, str]) -> str:
    """Return the text with each replacement made; each must occur."""
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new)
    return text


@contextmanager
def _running(
    command: list[str], directory: Path, port: int, environ: dict[str, str] | None = None
) -> Iterator[None]:
    log = directory / "proxy.log"

    def listens() -> bool:
        try:
            socket.create_connection(("127.0.0.1", port), processes.DEADLINE).close()
        except OSError:
            return False
        return True

    with processes.running(command, log, listens, os.environ | (environ or {})):
        yield
