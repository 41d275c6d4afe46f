"""Administration commands: output, exit statuses, audit log, and their effect on the API."""

from __future__ import annotations

import json
import os
import pty
import re
import select
import subprocess
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Engine, delete, event

from kimai_remote.cli import admin_context
from kimai_remote.storage import models as m
from kimai_remote.storage import schema
from kimai_remote.storage.transactions import Database
from kimai_remote.tracking.passwords import kimai_hash
from support.processes import DEADLINE
from support.remotes import JsonRemote
from support.world import PASSWORD

SECRET_WORD = "a long secret word"


def login(remote: JsonRemote, name: str, password: str = SECRET_WORD) -> str:
    return remote.call("authenticate", name, password)["items"][0]["apiKey"]


@pytest.mark.parametrize("name", ["a[/b]", r"a\[/b]", r"a\\[bold]x", "[red]", "a\\"])
def test_names_that_look_like_markup_are_shown_as_they_are(cli: Any, name: str) -> None:
    cli("user", "add", name)
    assert name in cli("user", "list").stdout
    assert name in cli("user", "show", name).stdout


def test_from_nothing_to_a_timer(cli: Any) -> None:
    """A database that is set up by commands alone works over the API."""
    cli("group", "add", "Design")
    cli("user", "add", "dora", "--group", "Design", "--timezone", "Europe/Berlin")
    cli("password", "set", "dora", "--stdin", stdin=f"{SECRET_WORD}\n")
    cli("customer", "add", "Harbour", "--country", "ie", "--group", "Design")
    project = cli.json(
        "project", "add", "Fleet", "--customer", "Harbour", "--group", "Design", "--budget", "4800"
    )
    task = cli.json("activity", "add", "Consulting", "--group", "Design", "--project", "Fleet")
    cli("activity", "assign", "Consulting", "--project", "Fleet", "--budget", "500.50")
    cli("rate", "add", "70", "--project", "Fleet")
    cli("rate", "add", "95.50", "--user", "dora", "--project", "Fleet")
    cli("fixed-rate", "add", "12", "--activity", "Consulting")
    cli("status", "add", "checked")
    cli("config", "set", "defaultStatusID", "checked")

    remote = JsonRemote(cli.world)
    key = login(remote, "dora")
    (seen,) = remote.call("getProjects", key, True)["items"]
    assert (seen["projectID"], seen["name"], seen["budget"]) == (
        project["projectID"],
        "Fleet",
        Decimal(4800),
    )
    assert [t["name"] for t in seen["tasks"]] == ["Consulting"]
    assert [c["name"] for c in remote.call("getCustomers", key)["items"]] == ["Harbour"]
    (started,) = remote.call("startRecord", key, project["projectID"], task["activityID"])["items"]
    (entry,) = remote.call("getTimesheetRecord", key, started["timeEntryID"])["items"]
    assert (entry["rate"], entry["fixedRate"], entry["statusID"]) == (
        Decimal("95.50"),
        Decimal(12),
        4,
    )
    assert remote.call("stopRecord", key)["success"] is True

    group = cli.json("group", "add", "Sales")["groupID"]
    assigned = cli("project", "assign", "Fleet", "--group", f"id:{group}").stdout
    assert "Fleet, is in Design, Sales." in assigned
    left = cli("project", "unassign", "Fleet", "--group", "Design").stdout
    assert "Fleet, is in Sales." in left
    removed = cli("project", "unassign", "Fleet", "--group", "Sales").stdout
    assert "Fleet, is in no group." in removed
    assert remote.call("getProjects", key)["items"] == []
    cli("user", "edit", "dora", "--inactive")
    assert remote.call("getProjects", key)["success"] is False
    cli("user", "edit", "dora", "--active")
    cli("user", "trash", "dora")
    assert remote.call("authenticate", "dora", SECRET_WORD)["success"] is False
    cli("user", "restore", "dora")
    assert login(remote, "dora") == key


def test_the_first_user_of_a_database_without_any(cli: Any) -> None:
    """The first run may have been interrupted before it created the administrator."""
    for model in (m.GroupUser, m.RemoteKey, m.User):
        cli.world.execute(delete(model))
    cli("user", "add", "boss", "--role", "Admin")
    cli("password", "set", "boss", "--stdin", stdin=SECRET_WORD)
    key = login(JsonRemote(cli.world), "boss")
    users = JsonRemote(cli.world).call("getUsers", key)["items"]
    assert [user["name"] for user in users] == ["boss"]


def test_a_missing_database_or_schema_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cli: Any
) -> None:
    missing = tmp_path / "missing" / "kimai.sqlite3"
    monkeypatch.setenv("KIMAI_REMOTE_DATABASE_URL", f"sqlite:///{missing}")
    assert "'kimai-remote serve' creates it" in cli("user", "list", code=2).stderr
    assert not missing.parent.exists()
    monkeypatch.setenv("KIMAI_REMOTE_DATABASE_URL", f"sqlite:///{tmp_path / 'empty.sqlite3'}")
    (tmp_path / "empty.sqlite3").touch()
    assert "There are no tables" in cli("user", "list", code=2).stderr
    old = Database(f"sqlite:///{tmp_path / 'old.sqlite3'}", cli.world.database.prefix)
    m.Base.metadata.create_all(old.engine)
    m.schema_version.drop(old.engine)
    monkeypatch.setenv("KIMAI_REMOTE_DATABASE_URL", f"sqlite:///{tmp_path / 'old.sqlite3'}")
    assert "'kimai-remote db upgrade'" in cli("user", "list", code=2).stderr
    assert schema.state(old).condition is schema.Condition.FOREIGN
    old.close()


def test_a_command_begins_two_transactions(cli: Any) -> None:
    """One reads the state of the schema, one does the work."""
    begun = []

    def count(connection: object) -> None:
        begun.append(connection)

    event.listen(Engine, "begin", count)
    try:
        for command in (("user", "list"), ("user", "show", "alice"), ("group", "add", "new")):
            begun.clear()
            cli(*command)
            assert len(begun) == 2, command
    finally:
        event.remove(Engine, "begin", count)


def test_a_database_that_does_not_respond_is_reported(
    monkeypatch: pytest.MonkeyPatch, cli: Any
) -> None:
    monkeypatch.setenv("KIMAI_REMOTE_DATABASE_URL", "mariadb://user:hidden@127.0.0.1:1/x")
    outcome = cli("user", "list", code=2)
    assert "can't be used" in outcome.stderr
    assert "hidden" not in outcome.stderr


READING = [
    ("user", "list"),
    ("user", "show", "alice"),
    ("customer", "list"),
    ("customer", "show", "Acme"),
    ("project", "list"),
    ("project", "show", "Shop"),
    ("activity", "list"),
    ("activity", "show", "Coding"),
    ("group", "list"),
    ("group", "show", "blue"),
    ("role", "list"),
    ("role", "show", "User"),
    ("role", "show", "User", "--membership"),
    ("role", "rights"),
    ("status", "list"),
    ("status", "show", "open"),
    ("rate", "list"),
    ("rate", "show"),
    ("fixed-rate", "list"),
    ("config", "list"),
    ("config", "list", "--all"),
    ("config", "get", "editLimit"),
    ("key", "show-generation", "alice"),
    ("report",),
]


@pytest.mark.parametrize("command", READING, ids=" ".join)
def test_reading_changes_nothing(cli: Any, command: tuple[str, ...]) -> None:
    before = cli.world.snapshot()
    table = cli(*command)
    assert table.stdout.strip()
    outcome = cli(*command, "--json")
    assert outcome.json is not None
    assert "argon2" not in table.stdout + outcome.stdout
    assert cli.world.snapshot() == before
    assert not cli.audit_log.exists()


CHANGES = [
    ("user", "add", "new"),
    ("user", "edit", "alice", "--alias", "A"),
    ("user", "trash", "alice"),
    ("user", "trash", "alice", "--stop-recording"),
    ("user", "restore", "gone"),
    ("user", "unban", "alice"),
    ("user", "assign", "alice", "--group", "red", "--membership-role", "Admin"),
    ("user", "unassign", "alice", "--group", "blue"),
    ("customer", "add", "New"),
    ("customer", "edit", "Acme", "--vat", "1"),
    ("customer", "trash", "Acme"),
    ("customer", "unban", "Acme"),
    ("customer", "assign", "Acme", "--group", "red"),
    ("customer", "unassign", "Acme", "--group", "blue"),
    ("project", "add", "New", "--customer", "Acme"),
    ("project", "edit", "Shop", "--hidden"),
    ("project", "trash", "Shop"),
    ("project", "restore", "Trashed"),
    ("project", "assign", "Shop", "--group", "red"),
    ("project", "unassign", "Shop", "--group", "blue"),
    ("activity", "add", "New"),
    ("activity", "edit", "Coding", "--comment", "c"),
    ("activity", "trash", "Coding"),
    ("activity", "restore", "Trashed_Task"),
    ("activity", "assign", "Coding", "--project", "Shop", "--approved", "1"),
    ("activity", "unassign", "Design", "--project", "Shop"),
    ("group", "add", "new"),
    ("group", "edit", "blue", "--name", "azure"),
    ("group", "trash", "blue"),
    ("role", "add", "New"),
    ("role", "edit", "User", "--name", "Usual"),
    ("role", "grant", "User", "core-user-otherGroup-view"),
    ("role", "revoke", "User", "ki_*"),
    ("status", "add", "new"),
    ("status", "edit", "open", "--name", "new"),
    ("status", "remove", "closed", "--yes"),
    ("rate", "add", "5", "--user", "alice"),
    ("rate", "edit", "6"),
    ("rate", "remove", "--yes"),
    ("fixed-rate", "add", "7"),
    ("config", "set", "editLimit", "-"),
    ("config", "unset", "editLimit"),
    ("key", "revoke", "alice"),
    ("password", "set", "alice", "--generate"),
    ("password", "remove", "alice", "--yes"),
]


@pytest.mark.parametrize("command", CHANGES, ids=" ".join)
def test_every_change_is_in_the_audit_log(cli: Any, command: tuple[str, ...]) -> None:
    before = cli.world.snapshot()
    answer = cli.json(*command)
    assert isinstance(answer, dict)
    if "unban" not in command:
        assert cli.world.snapshot() != before
    (event,) = cli.audit
    assert (event["event"], event["from"]) == ("changed", "cli")
    assert event["method"] == " ".join(command[:2])
    assert event["operator"] == admin_context.operator()
    assert set(event["what"]) - {"fields"} == {
        name for name, value in answer.items() if name[-2:] == "ID" and isinstance(value, int)
    }


def test_show_prints_labels_and_no_raw_columns(cli: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KIMAI_REMOTE_TIMEZONE", "Asia/Tokyo")
    for noun, name in {
        "user": "alice",
        "customer": "Acme",
        "project": "Shop",
        "activity": "Coding",
        "group": "blue",
    }.items():
        shown = cli(noun, "show", name).stdout
        assert "Banned" not in shown
        labels = {line.split("│")[1].strip() for line in shown.splitlines() if "│" in line}
        assert all(label == "" or label[0].isupper() for label in labels)
    now = int(datetime.now(UTC).timestamp())
    cli.world.change(m.User, cli.world.alice, ban=3, banTime=now)
    key = m.RemoteKey(kind="customer", ownerID=cli.world.acme, failures=3, failedAt=now)
    cli.world.add(key)
    end = datetime.fromtimestamp(now + 900, ZoneInfo("Asia/Tokyo"))
    for noun, name in (("user", "alice"), ("customer", "Acme")):
        shown = cli(noun, "show", name).stdout
        assert f"Banned until │ {end:%Y-%m-%d %H:%M} (Asia/Tokyo)" in re.sub(" +", " ", shown)
        assert "bannedUntil" not in cli.json(noun, "show", name)


def test_a_change_says_what_was_done(cli: Any) -> None:
    number = cli.world.alice
    assert cli("user", "edit", "alice", "--alias", "A").stdout == (
        f"User {number}, alice, is changed.\n"
    )
    outcome = cli("project", "add", "New", "--customer", "Acme")
    assert outcome.stdout.startswith("Project 8, New, is added.")
    assert "kimai-remote project assign 8 --group GROUP" in outcome.stderr
    assert "kimai-remote password set 7" in cli("user", "add", "new").stderr


def test_without_an_audit_file_it_is_standard_error(
    cli: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("KIMAI_REMOTE_AUDIT_LOG")
    assert '"method": "group add"' in cli("group", "add", "new", "--json").stderr


def test_nothing_is_changed_that_cannot_be_audited(
    cli: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("KIMAI_REMOTE_AUDIT_LOG", str(tmp_path / "no" / "audit.log"))
    assert "can't be written" in cli.refused("group", "add", "new")


@pytest.mark.parametrize(
    ("command", "code", "text"),
    [
        (("user", "show", "nobody"), 1, "There is no user 'nobody'."),
        (("user", "show", "alicia"), 1, "Did you mean 'alice'?"),
        (("user", "show", "99999999999999999999"), 1, "There is no user"),
        (("project", "show", "x" * 5000), 1, "There is no project"),
        (("user", "add", "alice"), 2, "There is already a user named 'alice'"),
        (("user", "add", "x" * 161), 2, "161 characters, at most 160 fit"),
        (("user", "add", "a\x1b[2Jb"), 2, "control character U+001B"),
        (("user", "add", "\udce9"), 2, "isn't valid UTF-8"),
        (("user", "add", "new", "--group", "nowhere"), 1, "There is no group 'nowhere'."),
        (("user", "add", "new", "--timezone", "Mars"), 2, "timezone must be a name"),
        (("user", "add", "new", "--mail", "x"), 2, "mail must be an email address"),
        (("customer", "add", "Acme"), 2, "Use --same-name to have two of that name."),
        (("project", "add", "New", "--customer", "Acme", "--budget", "-1"), 2, "between 0 and"),
        (("project", "edit", "Shop", "--effort", "1e99"), 2, "between 0 and"),
        (("activity", "assign", "Coding"), 2, "--group or --project"),
        (("activity", "assign", "Coding", "--group", "red", "--budget", "1"), 2, "--project"),
        (("rate", "add", "5"), 2, "already"),
        (
            ("rate", "edit", "5", "--user", "alice"),
            1,
            "There is no rate for exactly this combination",
        ),
        (("role", "grant", "User", "nothing"), 1, "There is no right 'nothing'"),
        (("role", "remove", "User", "--yes"), 2, "have the global role 'User'"),
        (("status", "remove", "open", "--yes"), 2, "config set defaultStatusID STATUS"),
        (("config", "set", "roundPrecison", "5"), 2, "Did you mean 'roundPrecision'"),
        (("config", "get", "nothing"), 1, "There is no option 'nothing'."),
        (("config", "set", "language", "de"), 2, "--force"),
        (("password", "set", "alice"), 2, "There is no terminal"),
        (("password", "set", "alice", "--stdin", "--generate"), 2, "not both"),
        (("password", "remove", "Rival", "--customer", "--yes"), 1, "has no password"),
        (("key", "revoke", "nobody"), 1, "There is no user 'nobody'."),
        (("report", "--from", "someday"), 2, "Invalid from 'someday'"),
        (("report", "--from", "2026-13-01"), 2, "Invalid from"),
        (("report", "--from", "2026-02-01", "--to", "2026-01-01"), 2, "ends before it begins"),
        (("report", "--year", "1900"), 2, "from 1970 to 2037"),
        (("report", "--year", "2026", "--last-month"), 2, "Give one period"),
        (("report", "--json", "--csv"), 2, "Give one of"),
        (("report", "--user", "nobody"), 1, "There is no user 'nobody'."),
    ],
)
def test_refused_commands_change_nothing(
    cli: Any, command: tuple[str, ...], code: int, text: str
) -> None:
    assert text in cli.refused(*command, code=code)
    if "--csv" not in command:
        assert text in cli.refused(*command, "--json", code=code)


@pytest.mark.parametrize(
    "command",
    [
        ("role", "remove", "Guest"),
        *(
            pytest.param(command, marks=pytest.mark.slow)
            for command in (
                ("status", "remove", "closed"),
                ("rate", "remove"),
                ("password", "remove", "alice"),
            )
        ),
    ],
)
def test_what_cannot_be_undone_needs_confirmation(cli: Any, command: tuple[str, ...]) -> None:
    if command[0] == "role":
        cli("role", "add", "Guest")
    assert "Confirm with --yes" in cli.refused(*command)
    before = cli.world.snapshot()
    declined = at_terminal([*command], "n")
    assert (declined.code, "Continue? [y/N]" in declined.output) == (1, True)
    assert "Nothing was changed." in declined.output
    assert cli.world.snapshot() == before
    assert at_terminal([*command], "y").code == 0
    assert cli.world.snapshot() != before


@dataclass
class Terminal:
    code: int
    output: str


def at_terminal(arguments: list[str], *answers: str) -> Terminal:
    """Run a command at a terminal of its own, and answer its questions (``…:``)."""
    master, slave = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "kimai_remote", *arguments],
        stdin=slave,
        stdout=slave,
        stderr=slave,
        start_new_session=True,
    )
    os.close(slave)
    output, left = b"", list(answers)
    try:
        while select.select([master], [], [], DEADLINE)[0] and (chunk := os.read(master, 4096)):
            output += chunk
            if left and output.endswith(b": "):
                os.write(master, f"{left.pop(0)}\n".encode())
    except OSError:
        pass  # the other side is closed
    os.close(master)
    process.kill()
    return Terminal(process.wait(DEADLINE), output.decode())


def test_a_password_is_asked_for_twice_and_not_shown(cli: Any) -> None:
    done = at_terminal(["password", "set", "alice"], SECRET_WORD, SECRET_WORD)
    assert done.code == 0
    assert "is set." in done.output
    assert done.output.count("New password") == done.output.count("Repeat the password") == 1
    login(JsonRemote(cli.world), "alice")


def test_a_new_password_replaces_the_old_one(cli: Any) -> None:
    remote = JsonRemote(cli.world)
    assert "use 8 or more" in cli.refused("password", "set", "alice", "--stdin", stdin="short")
    outcome = cli("password", "set", "alice", "--stdin", stdin=f"{SECRET_WORD}\r\nmore\n")
    assert SECRET_WORD not in outcome.stdout + outcome.stderr
    login(remote, "alice")
    assert remote.call("authenticate", "alice", PASSWORD)["success"] is False
    made = cli("password", "set", "alice", "--generate").stdout.strip()
    assert len(made) >= 16
    login(remote, "alice", made)
    as_json = cli.json("password", "set", "Acme", "--customer", "--generate")
    assert as_json["customerID"] == cli.world.acme
    key = login(remote, "Acme", as_json["password"])
    cli("password", "remove", "Acme", "--customer", "--yes")
    assert remote.call("getCustomers", key)["success"] is False
    log = cli.audit_log.read_text()
    for password in (SECRET_WORD, made, as_json["password"]):
        assert password not in log


def test_kimai_can_check_passwords_in_a_shared_database(
    cli: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KIMAI_REMOTE_SHARED_WITH_KIMAI", "yes")
    cli("password", "set", "alice", "--stdin", stdin=SECRET_WORD)
    user = m.User.__table__
    (row,) = cli.world.execute(user.select().where(user.c.userID == cli.world.alice))
    assert row.password == kimai_hash(SECRET_WORD, "kimai salt")
    login(JsonRemote(cli.world), "alice")
    monkeypatch.delenv("KIMAI_REMOTE_PASSWORD_SALT")
    refused = cli.refused("password", "set", "alice", "--stdin", stdin=SECRET_WORD)
    assert "KIMAI_REMOTE_PASSWORD_SALT" in refused


def test_a_revoked_key_has_the_next_generation(cli: Any) -> None:
    assert cli.json("key", "show-generation", "alice")["generation"] == 0
    assert cli.json("key", "revoke", "alice")["generation"] == 1
    assert cli.json("key", "show-generation", "id:2") == {
        "userID": 2,
        "name": "alice",
        "generation": 1,
        "given": False,
        "created": None,
        "kimaiKey": False,
    }


def test_text_from_the_database_does_not_move_the_cursor(cli: Any) -> None:
    cli.world.change(m.Customer, cli.world.acme, name="A\x1b[2J[red]cme\x07")
    for command in (("customer", "list"), ("customer", "show", str(cli.world.acme))):
        output = cli(*command).stdout
        assert "A�[2J[red]cme�" in output
    assert cli.json("customer", "list")[0]["name"] == "A\x1b[2J[red]cme\x07"


def report_of(cli: Any, *arguments: str) -> Any:
    return cli.json("report", *arguments, "--from", "2026-03-01", "--to", "2026-03-02 09:30:10")


def test_a_report_adds_up_hours_and_money(cli: Any) -> None:
    world = cli.world
    world.add_entry(rate=Decimal("85.55"), start=world.now - 5431, end=world.now)
    world.add_entry("ben", projectID=world.red_project, fixedRate=Decimal(99))
    world.add_entry("ben", end=0, start=world.now - 5)
    world.add_expense()
    found = report_of(cli, "user")
    assert found["total"] == {
        "entries": 2,
        "seconds": 9031,
        "hours": 2.51,
        "wages": 228.06,
        "expenses": 12.5,
    }
    assert [line["userName"] for line in found["lines"]] == ["alice", "ben"]
    assert (found["running"], found["timezone"]) == (1, "UTC")
    assert datetime.fromisoformat(found["to"]) == datetime.fromtimestamp(world.now, UTC)
    wages = [line["wages"] for line in report_of(cli, "project")["lines"]]
    assert sum(map(Decimal, map(str, wages))) == Decimal("228.06")
    period = ("--from", "2026-03-01", "--to", "2026-03-31")
    outcome = cli("report", "customer", *period)
    for text in ("2026-03-01 to 2026-03-31, UTC", "Acme", "Total", "228.06", "2:30"):
        assert text in outcome.stdout
    assert outcome.stderr == "1 running recording is left out."
    assert cli("report", "customer", "--csv", *period).stdout == (
        "customerID,customerName,entries,seconds,hours,wages,expenses\n"
        "1,Acme,1,5431,1.51,129.06,12.50\n"
        "2,Rival,1,3600,1.00,99.00,0.00\n"
    )
    bars = [line.count("█") for line in cli("report", "--chart", *period).stdout.splitlines()[1:]]
    assert bars == [40, 27]
    assert cli("report", "month", *period).stdout.count("2026-03 ") == 1


@pytest.mark.parametrize("noun", ["user", "customer", "project", "activity"])
def test_an_edit_of_nothing_is_refused(cli: Any, noun: str) -> None:
    assert "Nothing to change" in cli.refused(noun, "edit", "id:1")


def test_a_name_in_csv_is_no_formula(cli: Any) -> None:
    world = cli.world
    cli("project", "edit", f"id:{world.shop}", "--name", "=1+1")
    world.add_entry(start=world.now - 3600, end=world.now)
    line = cli("report", "project", "--csv", "--year", "2026").stdout.splitlines()[1]
    assert line.startswith(f"{world.shop},'=1+1,")


def test_a_report_uses_the_time_zone_of_the_server(
    cli: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An hour before midnight UTC on the last of a month is of the next one in Tokyo."""
    start = int(datetime(2026, 1, 31, 23, tzinfo=UTC).timestamp())
    cli.world.add_entry(start=start, end=start + 1800)

    def months() -> list[str]:
        lines = cli.json("report", "month", "--year", "2026")["lines"]
        return [line["month"] for line in lines]

    assert months() == ["2026-01"]
    monkeypatch.setenv("KIMAI_REMOTE_TIMEZONE", "Asia/Tokyo")
    assert months() == ["2026-02"]


def test_a_report_counts_only_selected_entries(cli: Any) -> None:
    world = cli.world
    world.add_entry(cleared=1, billable=100)
    world.add_entry("ben", projectID=world.portal)
    for options, entries in {
        (): 2,
        ("--cleared",): 1,
        ("--open",): 1,
        ("--billable",): 1,
        ("--not-billable",): 1,
        ("--user", "ben"): 1,
        ("--user", "ben", "--user", "alice"): 2,
        ("--project", "Shop"): 1,
        ("--customer", "Rival"): 0,
        ("--activity", "Coding", "--user", "oscar"): 0,
    }.items():
        assert report_of(cli, "project", *options)["total"]["entries"] == entries, options


def test_closed_standard_output_ends_a_command_quietly(cli: Any) -> None:
    """As in ``kimai-remote config list | head -1``."""
    program = f"{sys.executable} -m kimai_remote"
    done = subprocess.run(
        ["bash", "-c", f"{program} role rights | head -1"], capture_output=True, text=True
    )
    assert done.stdout == "deb_ext-access\n"
    assert "Traceback" not in done.stderr


def test_json_is_alone_on_standard_output(cli: Any) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "kimai_remote", "user", "add", "new", "--json"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(done.stdout)["name"] == "new"
