"""A server that counts IDs in steps, as each of a MariaDB cluster does."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest
from click.testing import CliRunner
from sqlalchemy import select, update

from faults import instances
from kimai_remote.api.execution import Service
from kimai_remote.cli.main import app
from kimai_remote.config import Settings
from kimai_remote.server import bootstrap, demo_data, logging
from kimai_remote.storage import models as m
from kimai_remote.storage.rights import GLOBAL_RIGHTS
from kimai_remote.storage.transactions import Database
from kimai_remote.tracking.authentication import ApiKeyDeriver
from kimai_remote.tracking.passwords import PasswordHasher
from support import databases

pytestmark = [pytest.mark.slow, pytest.mark.servers]


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    """A server as the second of three in a cluster, which requires primary keys."""
    databases.require("mariadb")
    options = (
        "--auto-increment-increment=3",
        "--auto-increment-offset=2",
        "--innodb-force-primary-key=1",
    )
    with (
        instances.folder_of_another_user() as folder,
        instances.running("mariadb", folder, *options) as instance,
    ):
        yield instance.url


@pytest.fixture(autouse=True)
def no_audit_log(monkeypatch: pytest.MonkeyPatch) -> None:
    """Commands that run in this process would set it up for all tests that follow."""
    monkeypatch.setattr(logging, "configure_commands", lambda _: None)


def service_on(url: str, prefix: str) -> Service:
    settings = Settings(database_url=url, table_prefix=prefix, secret="0123456789abcdef")
    database = Database(url, prefix)
    return Service(database, ApiKeyDeriver(b"0123456789abcdef"), PasswordHasher(), settings)


def run(url: str, prefix: str, *arguments: str) -> Any:
    """Return what a command prints with --json."""
    environ = {
        "KIMAI_REMOTE_DATABASE_URL": url,
        "KIMAI_REMOTE_TABLE_PREFIX": prefix,
        "KIMAI_REMOTE_SECRET": "0123456789abcdef",
    }
    result = CliRunner().invoke(app, [*arguments, "--json"], env=environ)
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return json.loads(result.stdout)


def test_a_new_installation(url: str) -> None:
    """Its administrator has all rights, and its users have roles that exist."""
    with closing((service := service_on(url, "new_")).database) as database:
        account = bootstrap.prepare(
            service, lambda session: demo_data.fill(service, session, lambda _: None)
        )
        assert account is not None
        role: Any = m.GlobalRole.__table__
        with database.engine.connect() as connection:
            assert connection.exec_driver_sql("SELECT @@auto_increment_increment").scalar() == 3
            roles = {row.globalRoleID: row for row in connection.execute(select(role))}
            assert {id_: row.name for id_, row in roles.items()} == {1: "Admin", 2: "User"}
            users = dict(map(tuple, connection.execute(select(m.User.name, m.User.globalRoleID))))
            assert {name: roles[id_].name for name, id_ in users.items()} == {
                "admin": "Admin",
                "anna": "Admin",
                "ben": "User",
                "clara": "User",
            }
            assert all(roles[users["admin"]]._mapping[right] for right in GLOBAL_RIGHTS)
            members = connection.scalars(select(m.GroupUser.membershipRoleID)).all()
            known = connection.scalars(select(m.MembershipRole.__table__.c.membershipRoleID)).all()
            assert set(members) == set(known)
            statuses = connection.scalars(select(m.TimeEntry.statusID).distinct()).all()
            assert set(statuses) <= set(connection.scalars(select(m.Status.statusID)))
            user_ids = connection.scalars(select(m.User.userID)).all()
            assert {id_ % 3 for id_ in user_ids} == {2}  # the server does count in steps
    added = run(url, "new_", "user", "add", "dora", "--group", "Design")
    assert added["globalRole"] == "User"
    assert added["groups"][0]["membershipRole"] == "User"
    assert run(url, "new_", "role", "add", "Boss", "--like", "Admin")["globalRoleID"] > 2
    assert run(url, "new_", "status", "add", "paid")["statusID"] == 4
    findings = {row["about"]: row for row in run(url, "new_", "doctor")["findings"]}
    assert findings["roles"]["level"] == "right"


def test_an_installation_of_an_earlier_release(url: str) -> None:
    """Its roles have the IDs 2 and 5, and its users none of them."""
    with closing((service := service_on(url, "old_")).database) as database:
        bootstrap.prepare(service)
        role: Any = m.GlobalRole.__table__
        member: Any = m.MembershipRole.__table__
        with database.begin() as connection:
            for table, key in ((role, "globalRoleID"), (member, "membershipRoleID")):
                for old, new in ((3, 8), (2, 5), (1, 2)):
                    connection.execute(update(table).where(table.c[key] == old).values({key: new}))

    def findings() -> list[Any]:
        return [row for row in run(url, "old_", "doctor")["findings"] if row["about"] == "roles"]

    of_user, of_member = findings()
    assert of_user["level"] == of_member["level"] == "wrong"
    assert "user edit admin --role ROLE" in of_user["advice"]
    assert "user assign admin --group admin --membership-role ROLE" in of_member["advice"]
    run(url, "old_", "user", "edit", "admin", "--role", "Admin")
    run(url, "old_", "user", "assign", "admin", "--group", "admin", "--membership-role", "Admin")
    assert [row["level"] for row in findings()] == ["right"]
