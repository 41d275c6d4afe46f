"""The console below a folder behind a proxy, and hostile names from the database in it."""

from __future__ import annotations

import http.client
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, expect

from console import browser as browsers
from console.browser import Console
from kimai_remote.storage import models as m
from support import world as worlds
from support.live_server import LiveServer, started
from support.processes import DEADLINE
from support.server import Server

pytestmark = pytest.mark.browser

FOLDER = "/time/kimai"
HOSTILE = """<img src=x onerror="window.hacked=1"><script>hacked=1</script>'"&amp;{{7*7}}"""


@contextmanager
def proxied(server: Server) -> Iterator[str]:
    """Run a reverse proxy that serves the server below a folder; yield its URL."""

    class Proxy(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def forward(self) -> None:
            path = self.path.removeprefix(FOLDER)
            if path == self.path:
                self.send_error(404)
                return
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            headers = dict(self.headers) | {
                "X-Forwarded-Prefix": FOLDER,
                "X-Forwarded-Host": self.headers["Host"],
                "X-Forwarded-Proto": "http",
                "X-Forwarded-For": "192.0.2.1",
            }
            upstream = http.client.HTTPConnection(urlsplit(server.url).netloc, timeout=DEADLINE)
            upstream.request(self.command, path, body, headers)
            response = upstream.getresponse()
            content = response.read()
            self.send_response(response.status)
            for name, value in response.getheaders():
                if name.lower() not in ("content-length", "transfer-encoding", "connection"):
                    self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)
            upstream.close()

        do_GET = do_POST = forward  # noqa: N815 (the library's names)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Proxy) as proxy:
        threading.Thread(target=proxy.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{proxy.server_port}{FOLDER}"
        proxy.shutdown()


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    """A server behind a proxy, where every name is an attack."""
    with started(tmp_path_factory.mktemp("hostile"), trusted_proxies="1") as live_server:
        world = live_server.world
        world.database = world.database.__class__(str(world.database.url))
        for model, record_id in (
            (m.Project, world.shop),
            (m.Activity, world.coding),
            (m.Customer, world.acme),
        ):
            world.change(model, record_id, name=HOSTILE)
        world.add_expense(designation=HOSTILE, comment=HOSTILE, timestamp=world.now)
        world.database.close()
        yield live_server


@pytest.fixture(scope="module")
def public_url(hostile: LiveServer) -> Iterator[str]:
    with proxied(hostile.server) as url:
        yield url


def test_below_a_folder(browser: Browser, public_url: str) -> None:
    with browsers.console(browser, public_url) as console:
        page = console.page
        console.open()
        link = page.get_by_role("link", name="style=document")
        expect(link).to_have_text(f"{public_url}/core/soap.php?wsdl&style=document")
        console.enter("alice", worlds.PASSWORD, "methods/getCustomers")
        page.get_by_role("button", name="Send").click()
        expect(page.get_by_text("success", exact=True)).to_have_count(2)
        code = page.get_by_role("region", name="curl code for JSON-RPC")
        expect(code).to_contain_text(f"'{public_url}/core/json.php'")
        page.goto(f"{public_url}/core/soap.php")
        page.get_by_role("link", name="console").click()
        expect(page.get_by_role("tab", name="Start")).to_be_visible()
        assert page.url == f"{public_url}/"


@pytest.mark.parametrize(
    ("status", "state", "said"),
    [(200, "ok", "Running"), (503, "failing", "Not ready. See the server’s log.")],
)
def test_the_health_check_is_shown(console: Console, status: int, state: str, said: str) -> None:
    answer = {"status": state, "version": "1.2.3", "checks": {"database": "ok", "schema": state}}
    if status == 503:
        console.expected.append("503")
    console.page.route(
        "**/health/ready", lambda route: route.fulfill(status=status, body=json.dumps(answer))
    )
    console.open()
    health = console.page.get_by_role("tabpanel").get_by_role("status")
    expect(health).to_contain_text(said)
    expect(health).to_contain_text(f"schema: {state}")
    expect(health).to_contain_text("Version ")


def test_a_server_that_is_away_is_not_healthy(console: Console) -> None:
    console.expected.append("ERR_")
    console.page.route("**/core/json.php*", lambda route: route.abort("connectionrefused"))
    console.open()
    health = console.page.get_by_role("tabpanel").get_by_role("status")
    expect(health).to_contain_text("The server can’t be reached.")
    console.page.unroute("**/core/json.php*")
    health.get_by_role("button", name="Check again").click()
    expect(health).to_contain_text("Running")


def test_hostile_names_are_only_text(browser: Browser, public_url: str) -> None:
    with browsers.console(browser, public_url) as console:
        page = console.page
        console.enter("alice", worlds.PASSWORD)
        timer = console.timer
        timer.get_by_label("Project").select_option(label=HOSTILE)
        expect(timer.get_by_label("Task")).to_be_enabled()
        timer.get_by_label("Task").select_option(label=HOSTILE)
        timer.get_by_role("button", name="Start").click()
        expect(console.recording).to_have_text(f"{HOSTILE} · {HOSTILE}")
        timer.get_by_label("Description").fill(HOSTILE)
        timer.get_by_role("button", name="Save texts").click()
        row = console.section("Entries").get_by_role("listitem").first
        expect(row).to_contain_text(f"{HOSTILE} · {HOSTILE}")
        expect(console.section("Entries")).to_contain_text(f"{HOSTILE} · {HOSTILE}")
        chart = page.get_by_role("figure", name="Hours per project")
        expect(chart).to_contain_text(HOSTILE)
        expenses = console.section("Expenses").get_by_role("listitem")
        expect(expenses.first.locator(".name")).to_have_text(HOSTILE)
        row.get_by_role("button").last.click()
        dialog = page.get_by_role("dialog")
        expect(dialog).to_contain_text(HOSTILE)
        dialog.get_by_role("button", name="Delete").click()
        expect(dialog).not_to_be_visible()
        expect(console.recording).to_have_text(f"{HOSTILE} · {HOSTILE}")
        page.get_by_role("tab", name="Methods").click()
        console.choose("getProjects")
        page.get_by_role("button", name="Send").click()
        answer = page.get_by_role("region", name="SOAP response")
        expect(answer).to_contain_text(HOSTILE.replace("&", "&amp;").split("<")[0])
        assert page.evaluate("window.hacked") is None
        assert page.locator("img[src=x], main script").count() == 0
