"""Pages that call the service from a browser, from another origin than the service's."""

from __future__ import annotations

import functools
import importlib.util
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING

from clients import tools

if TYPE_CHECKING:
    from playwright.sync_api import Page


@contextmanager
def browser_page(folder: Path) -> Iterator[tuple[Page, str]]:
    """An empty page in a browser, and the URL under which it finds the files of a folder."""
    if not importlib.util.find_spec("playwright"):
        tools.missing("playwright", "pip install playwright")
    from console import browser as browsers

    handler = functools.partial(_Handler, directory=str(folder))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            with browsers.chromium() as browser, browser.new_context() as context:
                yield context.new_page(), f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


class _Handler(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass
