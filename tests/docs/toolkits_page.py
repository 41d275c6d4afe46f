"""The table of toolkits, ``docs/integrators/toolkits.md``, written from the recorded runs."""

from __future__ import annotations

from itertools import groupby

from clients import scenario, toolkits
from support.server import ROOT

PAGE = ROOT / "docs" / "integrators" / "toolkits.md"

_HEAD = """\
# Toolkits

<!-- Written by "just docs" from tests/clients/toolkits.jsonl. -->

Each result comes from a test that runs a client made with the toolkit against a running server. The
client does {steps} steps, which call all methods: they log in, record time, write and read entries
and expenses with texts that are hard to encode, and make mistakes. Each field of each response is
compared.

- **pass**: all steps pass.
- **partial**: some steps don't, for the reason under [Remarks](#remarks). The test fails if another
  step fails, or if one of these passes.
- An empty cell: there is no test.
- **requests only**: the toolkit can't be installed for the tests, and was never run. A program of
  the tests writes requests as the toolkit is known to write them.

"""

_REMARKS = """
## Remarks

| toolkit | dialect | steps that pass | why |
|---|---|---|---|
"""


def page() -> str:
    """The whole page, in Markdown."""
    return table(toolkits.rows())


def table(rows: list[toolkits.Row]) -> str:
    """The page of these rows, which are in order."""
    dialects = [dialect.name for dialect in scenario.DIALECTS]
    lines = [
        _line("language", "toolkit", "version", *dialects),
        _line(*["---"] * (3 + len(dialects))),
    ]
    for toolkit, group in groupby(rows, lambda row: (row.language, row.toolkit, row.version)):
        results: dict[str, list[str]] = {}
        for row in group:
            results.setdefault(row.dialect, []).append(row.result)
        # Several runs in one dialect: pass only if all do.
        cells = [max(results.get(name, [""]), key=lambda one: one != "pass") for name in dialects]
        lines.append(_line(*toolkit, *cells))
    remarks = [
        _line(row.toolkit, row.dialect, f"{row.steps - len(row.failing)} of {row.steps}", _why(row))
        for row in rows
        if row.why
    ]
    head = _HEAD.format(steps=max(row.steps for row in rows))
    return head + "\n".join(lines) + "\n" + _REMARKS + "\n".join(remarks) + "\n"


def _line(*cells: str) -> str:
    return f"| {' | '.join(cells)} |" if cells[0] != "---" else f"|{'|'.join(cells)}|"


def _why(row: toolkits.Row) -> str:
    failing = ", ".join(f"`{step}`" for step in row.failing)
    return f"{failing}: {row.why}" if failing else row.why
