"""Trashing or deactivating a user, or what recordings run on, says what happens to them."""

from __future__ import annotations

from typing import Any

import pytest
from test_administration import at_terminal

from kimai_remote.storage import models as m

pytestmark = pytest.mark.slow

#: Commands that end the access of a user.
ENDING = [("user", "trash", "alice"), ("user", "edit", "alice", "--inactive")]


@pytest.fixture
def entry_id(cli: Any) -> int:
    """A running recording of alice."""
    added: int = cli.world.add_entry(end=0)
    return added


def is_running(cli: Any, entry_id: int) -> bool:
    return cli.world.entry(entry_id).end == 0


def has_access(cli: Any) -> bool:
    (row,) = cli.world.execute(m.User.__table__.select().where(m.User.name == "alice"))
    return row.active == 1 and row.trash == 0


@pytest.mark.parametrize("command", ENDING, ids=" ".join)
@pytest.mark.parametrize("option", [(), ("--keep-recording",)], ids=str)
def test_a_script_is_told_what_goes_on(
    cli: Any, entry_id: int, command: tuple[str, ...], option: tuple[str, ...]
) -> None:
    outcome = cli(*command, *option)
    number = cli.world.alice
    assert f"(time entry {entry_id}) keeps running" in outcome.stderr
    assert f"kimai-remote user stop {number}" in outcome.stderr
    assert is_running(cli, entry_id)
    assert not has_access(cli)
    stopped = cli("user", "stop", str(number))
    assert stopped.stdout == f"The recording of user {number}, alice, is stopped.\n"
    assert not is_running(cli, entry_id)


@pytest.mark.parametrize("command", ENDING, ids=" ".join)
def test_a_script_can_stop_it(cli: Any, entry_id: int, command: tuple[str, ...]) -> None:
    outcome = cli(*command, "--stop-recording")
    assert f"The running recording (time entry {entry_id}) is stopped." in outcome.stderr
    assert not is_running(cli, entry_id)
    assert not has_access(cli)
    assert cli.audit[-1]["what"]["stopped"] == [entry_id]


@pytest.mark.parametrize("command", ENDING, ids=" ".join)
def test_json(cli: Any, entry_id: int, command: tuple[str, ...]) -> None:
    record = cli.json(*command)
    assert (record["running"], record.get("stopped")) == ([entry_id], None)
    record = cli.json("user", "edit", "alice", "--inactive", "--stop-recording")
    assert (record["running"], record["stopped"]) == ([], [entry_id])
    assert cli.json("user", "edit", "alice", "--inactive")["running"] == []


@pytest.mark.parametrize("command", ENDING, ids=" ".join)
@pytest.mark.parametrize("answer", ["n", "", "y"])
def test_a_terminal_is_asked(
    cli: Any, entry_id: int, command: tuple[str, ...], answer: str
) -> None:
    done = at_terminal([*command], answer)
    assert done.code == 0
    question = f"alice has a running recording (time entry {entry_id}). Stop it? [y/N]:"
    assert question in done.output
    assert is_running(cli, entry_id) == (answer != "y")
    assert not has_access(cli)


@pytest.mark.parametrize("command", ENDING, ids=" ".join)
def test_nobody_is_asked_without_a_recording(cli: Any, command: tuple[str, ...]) -> None:
    done = at_terminal([*command])
    assert done.code == 0
    assert "recording" not in done.output


def test_other_changes_of_a_user_are_not_about_recordings(cli: Any, entry_id: int) -> None:
    outcome = cli("user", "edit", "alice", "--alias", "A")
    assert outcome.stderr == ""
    refused = cli.refused("user", "edit", "alice", "--alias", "B", "--stop-recording")
    assert "--stop-recording and --keep-recording need --inactive." in refused
    assert is_running(cli, entry_id)


def test_nothing_to_stop(cli: Any) -> None:
    refused = cli.refused("user", "stop", "alice", code=1)
    assert f"The user 'alice' (ID {cli.world.alice}) has no running recording." in refused


@pytest.mark.parametrize(
    ("noun", "name", "expected"), [("project", "Shop", 1), ("customer", "Acme", 2)]
)
def test_what_recordings_run_on(
    cli: Any, entry_id: int, noun: str, name: str, expected: int
) -> None:
    other = cli.world.add_entry("ben", end=0, projectID=cli.world.portal)
    entries = [entry_id, other][:expected]
    words = "1 recording" if expected == 1 else "2 recordings"
    outcome = cli(noun, "trash", name)
    listed = ", ".join(map(str, entries))
    assert f"Still running on it: {words} (time entry {listed})." in outcome.stderr
    cli(noun, "restore", name)
    assert cli.json(noun, "trash", name)["running"] == entries
    assert is_running(cli, entry_id)


def test_an_activity_without_recordings(cli: Any) -> None:
    assert cli("activity", "trash", "Design").stderr == ""
    assert cli.json("activity", "trash", "Coding")["running"] == []
