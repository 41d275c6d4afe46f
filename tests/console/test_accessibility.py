"""Accessibility: keyboard, screen readers, narrow screens, light and dark mode."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from clients import tools
from console import browser as browsers
from console.browser import Console
from support.server import Server

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def axe(request: pytest.FixtureRequest) -> str:
    """The rules of axe-core, as a script."""
    packages = tools.node_packages(request.config.cache)
    return (packages / "axe-core" / "axe.min.js").read_text(encoding="utf-8")


def violations(page: Page, axe: str, *rules: str) -> list[Any]:
    """Return the violations that axe-core finds.

    :param rules: the only ones to check by; all of them by default.
    """
    # Evaluated by the browser's debugger, which the page's policy doesn't bind.
    page.evaluate(axe)
    options = {"runOnly": {"type": "rule", "values": list(rules)}} if rules else {}
    axe_violations = page.evaluate("(options) => axe.run(options)", options)["violations"]
    return [(each["id"], [node["html"][:200] for node in each["nodes"]]) for each in axe_violations]


def tab_to(page: Page, name: str, presses: int = 60) -> None:
    """Press Tab until the control of that name is focused."""
    for _ in range(presses):
        page.keyboard.press("Tab")
        focused = page.evaluate(
            "(() => { const it = document.activeElement;"
            "return it.getAttribute('aria-label') ?? it.labels?.[0]?.textContent ?? it.textContent"
            "})()"
        )
        if focused.startswith(name):
            return
    raise AssertionError(f"Tab never gets to {name}")


def visit(console: Console) -> Any:
    """Open every view in turn, with a signed-in user and a running recording."""
    page = console.page
    console.open()
    expect(page.get_by_text("Running", exact=True)).to_be_visible()
    yield "start"
    console.page.get_by_role("banner").get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("dialog")).to_be_visible()
    yield "dialog"
    page.keyboard.press("Escape")
    console.sign_in("anna", "demo-anna")
    expect(page.get_by_role("button", name="Sign out")).to_be_visible()
    page.get_by_role("tab", name="Time").click()
    expect(page.get_by_role("figure")).to_have_count(2)
    expect(console.section("Expenses").get_by_role("listitem").first).to_be_visible()
    yield "time"
    console.section("Entries").get_by_role("button", name="Add an entry").click()
    expect(page.get_by_role("dialog").get_by_label("Task")).to_be_enabled()
    yield "entry"
    page.keyboard.press("Escape")
    page.goto(f"{console.url}/#methods/setTimesheetRecord")
    expect(console.field("projectId")).to_be_visible()
    page.get_by_text("Response fields").click()
    yield "record"
    page.goto(f"{console.url}/#methods/getTimesheet")
    console.field("limit").fill("3")
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_text("success", exact=True)).to_have_count(2)
    yield "answers"


def test_axe_finds_nothing(browser: Browser, demo: Server, axe: str) -> None:
    violations_by_view = {}
    with browsers.console(browser, demo.url, reduced_motion="reduce") as console:
        for view in visit(console):
            console.page.emulate_media(color_scheme="light")
            violations_by_view[view, "light"] = violations(console.page, axe)
            # Nothing but the colours differs.
            console.page.emulate_media(color_scheme="dark")
            violations_by_view[view, "dark"] = violations(console.page, axe, "color-contrast")
    assert len(violations_by_view) == 12
    assert [each for each in violations_by_view.items() if each[1]] == []


def test_axe_would_find_something(console: Console, axe: str) -> None:
    console.open()
    console.page.evaluate("document.querySelector('.brand img').removeAttribute('alt')")
    assert [name for name, _ in violations(console.page, axe)] == ["image-alt"]
    console.page.emulate_media(color_scheme="dark")
    console.page.evaluate("document.querySelector('.lead').style.color = '#444'")
    axe_violations = violations(console.page, axe, "color-contrast")
    assert [name for name, _ in axe_violations] == ["color-contrast"]


@pytest.mark.parametrize("width", [360, 768])
def test_nothing_is_wider_than_the_screen(browser: Browser, demo: Server, width: int) -> None:
    viewport = {"width": width, "height": 740}
    with browsers.console(browser, demo.url, viewport=viewport) as console:
        widths = {
            view: console.page.evaluate(
                "Math.max(document.documentElement.scrollWidth,"
                "...[...document.querySelectorAll('dialog')].map((it) =>"
                "it.scrollWidth > it.clientWidth ? 9999 : it.getBoundingClientRect().right))"
            )
            for view in visit(console)
        }
    assert max(widths.values()) <= width, widths


def chosen(console: Console, label: str) -> Locator:
    """Return the chosen option of a select element of the timer."""
    return console.timer.get_by_label(label).locator("option:checked")


def test_by_keyboard_alone(console: Console) -> None:
    page, keyboard = console.page, console.page.keyboard
    console.open()
    keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    expect(page.get_by_role("link", name="Skip to the content")).to_be_in_viewport()
    tab_to(page, "Sign in", 4)
    keyboard.press("Enter")
    keyboard.type("ben")
    keyboard.press("Tab")
    keyboard.type("demo-ben")
    keyboard.press("Enter")
    sign_out = page.get_by_role("button", name="Sign out")
    expect(sign_out).to_be_visible()
    page.evaluate("document.activeElement.blur()")
    tab_to(page, "Start", 4)
    for key, name in (
        ("ArrowRight", "Methods"),
        ("End", "Time"),
        ("ArrowRight", "Start"),
        ("ArrowLeft", "Time"),
    ):
        keyboard.press(key)
        tab = page.get_by_role("tab", name=name)
        expect(tab).to_be_focused()
        expect(tab).to_have_attribute("aria-selected", "true")
        expect(page.get_by_role("tabpanel", name=name)).to_be_visible()
    task = console.timer.get_by_label("Task")
    expect(task).to_be_enabled()
    tab_to(page, "Project")
    keyboard.type("Spare")
    expect(chosen(console, "Project")).to_have_text("Spare parts portal")
    expect(task).to_be_enabled()
    keyboard.press("Tab")
    keyboard.type("Code")
    expect(chosen(console, "Task")).to_have_text("Code review")
    keyboard.press("Tab")
    keyboard.press("Enter")
    expect(console.recording).to_have_text("Spare parts portal · Code review")
    expect(console.timer.get_by_role("button", name="Stop")).to_be_focused()
    keyboard.press("Enter")
    expect(console.recording).to_have_text("No active recording")
    tab_to(page, "Edit Spare parts portal · Code review")
    keyboard.press("Enter")
    dialog = page.get_by_role("dialog", name="Edit the entry")
    expect(dialog.get_by_label("Description")).to_be_focused()
    keyboard.press("Escape")
    expect(dialog).not_to_be_visible()
    expect(
        page.get_by_role("button", name="Edit Spare parts portal · Code review").first
    ).to_be_focused()


def test_without_javascript(browser: Browser, demo: Server) -> None:
    with browsers.console(browser, demo.url, java_script_enabled=False) as console:
        page = console.page
        page.goto(console.url)
        expect(page.get_by_role("heading", name="The Kimai 1 Remote API")).to_be_visible()
        expect(page.get_by_role("button")).to_have_count(0)
        page.get_by_role("link", name="openrpc").click()
        assert "x-writes" in page.content()
