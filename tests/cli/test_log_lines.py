"""Log lines that nobody can forge, and the settings that shape them."""

from __future__ import annotations

import json
import logging
import logging.config
import sys
import warnings
from collections.abc import Iterator
from typing import Any

import pytest

from kimai_remote.api.instrumentation import LogEvent
from kimai_remote.config import Settings
from kimai_remote.server import logging as server_logging
from kimai_remote.server.logging import JsonLines, TextLines

EVIL = "a\r\n2026-01-01 00:00:00,000 audit {}\x1b[31m\x00\u2028\x85\x9bé"


def record(message: Any, *arguments: Any, error: BaseException | None = None) -> logging.LogRecord:
    found = (type(error), error, error.__traceback__) if error else None
    return logging.LogRecord("kimai_remote.x", logging.ERROR, "", 1, message, arguments, found)


def raised(text: str) -> ValueError:
    try:
        raise ValueError(text)
    except ValueError as error:
        return error


def test_a_text_line_is_one_line() -> None:
    line = TextLines("%(levelname)s %(message)s").format(record("Got %s", EVIL))
    assert line == (
        "ERROR Got a\\x0d\\n2026-01-01 00:00:00,000 audit {}\\x1b[31m\\x00\\u2028\\x85\\x9bé"
    )


def test_no_line_of_a_traceback_looks_like_a_log_line() -> None:
    text = TextLines("%(message)s").format(record("Failed", error=raised(EVIL)))
    first, head, *rest = text.split("\n")
    assert (first, head) == ("Failed", "Traceback (most recent call last):")
    assert rest and all(line.startswith("  ") for line in rest)
    assert "\x1b" not in text


def test_a_json_line_holds_everything() -> None:
    line = JsonLines().format(record("Got %s", EVIL, error=raised(EVIL)))
    assert line.isascii() and "\n" not in line
    found = json.loads(line)
    assert found["message"] == f"Got {EVIL}"
    assert found["exception"].endswith(f"ValueError: {EVIL}")
    assert (found["level"], found["logger"]) == ("error", "kimai_remote.x")


def test_an_event_is_merged_into_the_line() -> None:
    event = LogEvent(event="login", user="é" * 500, nothing=None, none="", zero=0)
    found = json.loads(JsonLines().format(record(event)))
    assert (found["event"], found["user"], found["zero"]) == ("login", "é" * 160, 0)
    assert not {"nothing", "none", "message"} & set(found)
    assert TextLines("%(message)s").format(record(event)) == str(event)


@pytest.fixture
def restored() -> Iterator[None]:
    """Logging as it was before, afterwards."""
    names = (None, "kimai_remote", "kimai_remote.audit", "kimai_remote.access")
    loggers = [logging.getLogger(name) for name in names]
    before = [(each.level, list(each.handlers), each.propagate) for each in loggers]
    yield
    logging.captureWarnings(False)
    sys.excepthook = sys.__excepthook__
    for logger, (level, handlers, propagate) in zip(loggers, before, strict=True):
        logger.setLevel(level)
        logger.handlers, logger.propagate = handlers, propagate


@pytest.mark.usefixtures("restored")
def test_warnings_and_other_packages_are_in_the_same_form(
    capfd: pytest.CaptureFixture[str],
) -> None:
    server_logging.configure(Settings(log_format="json"))
    logging.getLogger("another.package").warning("careful")
    logging.getLogger("another.package").info("chatter")
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.warn("old\nway", DeprecationWarning, stacklevel=1)
    sys.excepthook(ValueError, raised("lost"), None)
    lines = [json.loads(line) for line in capfd.readouterr().err.splitlines()]
    assert [line["logger"] for line in lines] == ["another.package", "py.warnings", "kimai_remote"]
    assert "old\nway" in lines[1]["message"]
    assert "lost" in lines[2]["exception"]


@pytest.mark.usefixtures("restored")
@pytest.mark.parametrize(
    ("level", "count"),
    [("info", 3), ("warning", 2), ("error", 1)],
)
def test_levels(capfd: pytest.CaptureFixture[str], level: str, count: int) -> None:
    server_logging.configure(Settings(log_level=level))
    log = logging.getLogger("kimai_remote.some")
    log.info("1")
    log.warning("2")
    log.error("3")
    logging.getLogger("kimai_remote.audit").info(LogEvent(event="login"))
    lines = capfd.readouterr().err.splitlines()
    assert len(lines) == count + 1
    assert lines[-1].endswith(' audit {"event": "login"}')
