"""Signing in and out, and where the key is kept."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Route, expect

from console import browser as browsers
from console.browser import Console
from support.server import ROOT, serving

pytestmark = pytest.mark.browser


def kept(console: Console) -> str:
    """Return the content of the tab's storage."""
    return console.page.evaluate("JSON.stringify(sessionStorage)")


def test_a_wrong_password(console: Console) -> None:
    console.open()
    console.sign_in("anna", "wrong")
    dialog = console.page.get_by_role("dialog")
    expect(dialog.get_by_role("alert")).to_have_text("Wrong name or password.")
    expect(dialog.get_by_label("Password")).to_be_focused()
    expect(dialog.get_by_label("Name")).to_have_value("anna")
    assert kept(console) == "{}"


def test_nothing_typed(console: Console) -> None:
    console.open()
    console.sign_in("anna", "")
    dialog = console.page.get_by_role("dialog")
    expect(dialog.get_by_role("alert")).to_have_text("Enter your name and your password.")
    expect(dialog.get_by_label("Password")).to_be_focused()
    console.page.keyboard.press("Escape")
    expect(dialog).not_to_be_visible()


def test_the_key_is_in_the_tab_and_nowhere_else(console: Console) -> None:
    page = console.page
    urls: list[str] = []
    page.on("request", lambda request: urls.append(request.url))
    console.enter("anna", "demo-anna")
    expect(console.timer.get_by_role("timer")).to_be_visible()
    key = page.evaluate("JSON.parse(sessionStorage['kimai-remote-session']).key")
    page.get_by_role("tab", name="Methods").click()
    console.choose("getUsers")
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_text("success", exact=True)).to_have_count(2)
    assert len(key) > 20
    assert not any(key in url for url in [*urls, page.url])
    assert key not in page.content()
    assert page.evaluate("[document.cookie, localStorage.length]") == ["", 0]
    assert page.context.cookies() == []
    page.reload()
    expect(page.get_by_role("button", name="Sign out")).to_be_visible()

    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("banner").get_by_role("button", name="Sign in")).to_be_focused()
    assert kept(console) == "{}"
    page.reload()
    expect(page.get_by_role("banner").get_by_role("button", name="Sign in")).to_be_visible()


def test_without_storage_the_key_is_in_memory(console: Console) -> None:
    console.page.add_init_script(
        "Storage.prototype.setItem = () => { throw new DOMException('full', 'QuotaExceededError') }"
    )
    console.enter("anna", "demo-anna")
    expect(console.timer.get_by_role("timer")).to_be_visible()
    assert kept(console) == "{}"


def test_a_server_that_is_away(console: Console) -> None:
    console.expected.append("ERR_")
    page = console.page
    console.open("time")
    page.route("**/core/json.php*", lambda route: route.abort("connectionrefused"))
    console.sign_in("anna", "demo-anna")
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("alert")).to_contain_text("The server can’t be reached.")
    page.unroute("**/core/json.php*")
    dialog.get_by_role("button", name="Sign in").click()
    expect(console.timer.get_by_role("timer")).to_be_visible()

    page.route("**/core/json.php*", lambda route: route.abort("connectionrefused"))
    page.get_by_role("button", name="Previous week").click()
    again = page.get_by_role("button", name="Try again")
    expect(page.get_by_role("alert").filter(has=again)).to_contain_text("can’t be reached")
    page.unroute("**/core/json.php*")
    again.click()
    expect(page.get_by_role("figure", name="Hours per day")).to_be_visible()


@pytest.mark.parametrize("status", [200, 502])
def test_a_server_in_trouble(console: Console, status: int) -> None:
    console.expected.append("502")

    def fail(route: Route) -> None:
        route.fulfill(status=status, body="<h1>Bad gateway</h1>")

    page = console.page
    console.open()
    page.route("**/core/json.php*", fail)
    console.sign_in("anna", "demo-anna")
    alert = page.get_by_role("dialog").get_by_role("alert")
    expect(alert).to_contain_text(
        "The response isn’t JSON." if status == 200 else "502 Bad Gateway"
    )


def administer(folder: Path, *arguments: str) -> None:
    """Run a command on the database of a server that serves in a folder."""
    subprocess.run(
        [sys.executable, "-m", "kimai_remote", *arguments],
        env=os.environ | {"KIMAI_REMOTE_DATA_DIR": str(folder / "data")},
        cwd=ROOT,
        check=True,
        stdout=subprocess.DEVNULL,
    )


def test_a_revoked_key_signs_out(browser: Browser, tmp_path: Path) -> None:
    with serving(tmp_path, "--demo") as server, browsers.console(browser, server.url) as console:
        console.enter("clara", "demo-clara")
        expect(console.section("Entries")).to_be_visible()
        administer(tmp_path, "key", "revoke", "clara")
        console.page.get_by_role("button", name="Previous week").click()
        expect(console.page.get_by_role("tabpanel", name="Time")).to_contain_text(
            "Your key is no longer valid. Sign in again."
        )
        assert kept(console) == "{}"


def test_what_one_may_not_do_does_not_sign_out(browser: Browser, tmp_path: Path) -> None:
    """The service returns the same error for it as for a key that isn't valid."""
    with serving(tmp_path, "--demo") as server, browsers.console(browser, server.url) as console:
        console.enter("clara", "demo-clara", "methods/removeTimesheetRecord")
        administer(tmp_path, "role", "revoke", "User", "ki_timesheet-access")
        page = console.page
        console.field("id").fill("1")
        page.get_by_role("button", name="Send").click()
        expect(page.get_by_text("Unknown user or no permissions.").first).to_be_visible()
        send = page.get_by_role("button", name="Send")
        expect(send).not_to_have_attribute("aria-disabled", "true")
        expect(page.get_by_role("button", name="Sign out")).to_be_visible()
