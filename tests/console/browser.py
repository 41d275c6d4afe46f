"""A real browser, and actions of a user of the console."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from playwright.sync_api import Browser, ConsoleMessage, Page, expect, sync_playwright

from clients import tools
from support.processes import DEADLINE

_OPTIONS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
#: Reports violations of the Content-Security-Policy as errors in the browser's console.
_WATCH_POLICY = """
addEventListener("securitypolicyviolation", (event) =>
  console.error(`policy: ${event.violatedDirective} ${event.blockedURI}`));
"""

expect.set_options(timeout=DEADLINE * 1000)


@dataclass
class Console:
    """The console in a browser tab."""

    page: Page
    url: str
    #: Errors and warnings in the browser's console.
    browser_errors: list[str] = field(default_factory=list)
    #: Parts of errors that the test causes.
    expected: list[str] = field(default_factory=list)

    def open(self, tab: str = "") -> None:
        self.page.goto(f"{self.url}/{f'#{tab}' if tab else ''}")
        expect(self.page.get_by_role("tablist")).to_be_visible()

    def sign_in(self, name: str, password: str) -> None:
        self.page.get_by_role("banner").get_by_role("button", name="Sign in").click()
        dialog = self.page.get_by_role("dialog", name="Sign in")
        dialog.get_by_label("Name").fill(name)
        dialog.get_by_label("Password").fill(password)
        dialog.get_by_role("button", name="Sign in").click()

    def enter(self, name: str, password: str, tab: str = "time") -> None:
        """Open a tab as a signed-in user."""
        self.open(tab)
        self.sign_in(name, password)
        expect(self.page.get_by_role("button", name="Sign out")).to_be_visible()

    def section(self, name: str) -> Any:
        return self.page.get_by_role("region", name=name, exact=True)

    @property
    def timer(self) -> Any:
        return self.section("Timer")

    @property
    def recording(self) -> Any:
        """The heading with the running recording."""
        return self.timer.get_by_role("heading", level=2)

    def field(self, name: str) -> Any:
        """The field of a method's form."""
        return self.page.locator(f"form [name={name}]")

    def choose(self, method: str) -> None:
        """Open a method's form."""
        self.page.locator(f"a[href='#methods/{method}']").click()

    def add_error(self, text: str, where: str) -> None:
        self.browser_errors.append(f"{text} {where}")

    @property
    def unexpected(self) -> list[str]:
        return [
            browser_error
            for browser_error in self.browser_errors
            if not any(part in browser_error for part in self.expected)
        ]


@contextmanager
def chromium() -> Iterator[Browser]:
    """Debian's Chromium, headless."""
    program = tools.need("chromium", "apt-get install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=list(_OPTIONS))
        yield browser
        browser.close()


@contextmanager
def console(browser: Browser, url: str, **options: Any) -> Iterator[Console]:
    """A console; checks that the browser reported no unexpected error.

    :param options: of the browser's context.
    """
    settings = {"locale": "en-GB", "timezone_id": "Europe/Berlin", **options}
    with browser.new_context(**settings) as context:
        context.set_default_timeout(DEADLINE * 1000)
        context.add_init_script(_WATCH_POLICY)
        page = context.new_page()
        opened = Console(page, url)

        def on_message(message: ConsoleMessage) -> None:
            if message.type in ("error", "warning"):
                opened.add_error(message.text, message.location.get("url", ""))

        page.on("console", on_message)
        page.on("pageerror", lambda error: opened.add_error(str(error), page.url))
        yield opened
        assert opened.unexpected == []
