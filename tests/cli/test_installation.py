"""The first run: all that a new database has to have is there, or nothing."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import func, select

from kimai_remote.cli.main import app
from kimai_remote.config import Settings
from kimai_remote.errors import ConfigurationError
from kimai_remote.server import bootstrap, demo_data
from kimai_remote.storage import engine, schema
from kimai_remote.storage import models as m


class Broken(Exception):
    """The first run ends here."""


def test_a_demonstration_that_broke_off_is_begun_again(tmp_path: Path) -> None:
    service = bootstrap.open_service(Settings(data_dir=tmp_path))

    def fill(session: object, breaks: bool) -> None:
        demo_data.fill(service, session, lambda _: None)  # type: ignore[arg-type]
        if breaks:
            raise Broken

    with closing(service.database):
        with pytest.raises(Broken):
            bootstrap.prepare(service, lambda session: fill(session, breaks=True))
        assert schema.state(service.database).is_empty
        account = bootstrap.prepare(service, lambda session: fill(session, breaks=False))
        assert account is not None
        count = select(func.count()).select_from(m.User)
        users = service.database.run(lambda session: session.scalar(count), writes=False)
        assert users == 1 + len(demo_data.ACCOUNTS)
        assert bootstrap.prepare(service) is None


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://u:hu:nt@er2@h/x",
        "postgresql://u:hunter2@h:port/x",
        "postgresql://[::1/x",
        "sqlite:///%00",
        "hunter2",
    ],
)
def test_a_database_url_that_cant_be_read(url: str) -> None:
    """No part of a password is said, in whatever way it was written."""
    with pytest.raises(ConfigurationError) as refused:
        engine.parse(url)
        Settings(database_url=url)
    assert "nter2" not in str(refused.value).replace("%", "")
    for command in (["user", "list"], ["doctor"], ["config", "explain", "database_url"]):
        result = CliRunner().invoke(app, command, env={"KIMAI_REMOTE_DATABASE_URL": url})
        assert result.exception is None or isinstance(result.exception, SystemExit)
        assert "nter2" not in result.output
        assert "er2" not in result.output
