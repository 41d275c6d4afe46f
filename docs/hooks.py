"""Build steps of the documentation site that plain Markdown has no words for.

The pages are written for GitHub as well as for the site. So tabs are sections between two comments,
and the pages of the top folder stay where GitHub looks for them.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from mkdocs.structure.files import File, Files

#: Pages of the top folder, and what they are called on the site.
ROOT_PAGES = {
    "CHANGELOG.md": "changelog.md",
    "CONTRIBUTING.md": "contributing.md",
    "SECURITY.md": "security-policy.md",
    "README.md": "index.md",
}
#: Why the tests don't run a block; only they read it.
_SKIP = re.compile(r'^( *```\w+) skip="[^"]*"$', re.M)
_TABS = re.compile(r"^<!-- tabs -->\n(.*?)^<!-- /tabs -->$", re.M | re.S)
#: A line of code that looks like a heading stays one of code.
_FENCE_OR_HEADING = re.compile(r"^(```.*?^```$|### ([^\n]+))$", re.M | re.S)


def on_files(files: Files, config: Any) -> Files:
    """Add the pages of the top folder."""
    root = Path(config.config_file_path).parent
    for name, uri in ROOT_PAGES.items():
        if uri != "index.md":
            content = (root / name).read_text(encoding="utf-8")
            files.append(File.generated(config, uri, content=content))
    return files


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    """Lead links to the pages' places on the site, and make tabs."""
    up = "../" * page.file.src_uri.count("/")
    if page.file.src_uri in ROOT_PAGES.values():
        markdown = markdown.replace("](docs/", "](")
    for name, uri in ROOT_PAGES.items():
        markdown = re.sub(rf"\]\((?:\.\./)*{re.escape(name)}(?=[#)])", f"]({up}{uri}", markdown)
    markdown = _SKIP.sub(r"\1", markdown)
    return _TABS.sub(lambda tabs: _tabbed(tabs[1]), markdown)


def _tabbed(sections: str) -> str:
    """The sections, each below a heading of level 3, as tabs."""
    ends = False

    def replaced(match: re.Match[str]) -> str:
        nonlocal ends
        if match[2] is None:
            return match[0]
        end, ends = "///\n\n" if ends else "", True
        return f"{end}/// tab | {match[2]}\n"

    return _FENCE_OR_HEADING.sub(replaced, sections) + "\n///\n"
