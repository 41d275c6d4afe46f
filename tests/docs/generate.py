"""Write the generated pages and files: ``python tests/docs/generate.py``."""

from __future__ import annotations

import sys
from pathlib import Path

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[1]))

from docs import (
    api_page,
    call_collections,
    commands_page,
    configuration_page,
    openrpc_examples,
    soapui_project,
    toolkits_page,
)

PAGES = (
    api_page,
    commands_page,
    configuration_page,
    openrpc_examples,
    soapui_project,
    toolkits_page,
)

if __name__ == "__main__":
    for page in PAGES:
        page.PAGE.parent.mkdir(exist_ok=True)
        page.PAGE.write_text(page.page(), encoding="utf-8")
        print(page.PAGE)
    for path, content in call_collections.files().items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")
        print(path)
