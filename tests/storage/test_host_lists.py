"""Database URLs with several hosts: every form, what the driver gets, and what people see."""

from __future__ import annotations

import socket
from contextlib import ExitStack, closing
from pathlib import Path

import pytest
import sqlalchemy

from kimai_remote.errors import ConfigurationError
from kimai_remote.storage import engine
from kimai_remote.storage.transactions import Database
from support import databases

pytestmark = pytest.mark.one_database

FORMS = {
    "postgresql://u@h1:5432,h2:5433/db": ("h1,h2", "5432,5433"),
    "postgresql://u@/db?host=h1,h2&port=5432,5433": ("h1,h2", "5432,5433"),
    "postgresql://u@/db?host=h1:5432&host=h2:5433": ("h1,h2", "5432,5433"),
    "postgresql://u:p%40@h1,h2/db": ("h1,h2", ","),
    "postgresql://h1,h2:5433,h3": ("h1,h2,h3", ",5433,"),
    "postgresql+psycopg://u@h1,h2/db?sslmode=require": ("h1,h2", ","),
    "postgresql://u@[::1]:5432,[fe80::1%25eth0]/db": ("::1,fe80::1%eth0", "5432,"),
    "postgresql://u@/db?host=h1,h2&port=5433": ("h1,h2", "5433,5433"),
    "postgresql://u@%2Frun%2Fpostgresql,h2/db": ("/run/postgresql,h2", ","),
}


def arguments(url: str, **options: bool) -> dict[str, object]:
    """What the driver is given of a URL."""
    with closing(Database(url, **options)) as database:
        given: dict[str, object] = dict(
            database.engine.dialect.create_connect_args(database.engine.url)[1]
        )
    del given["context"]
    return given


@pytest.mark.parametrize(("url", "expected"), FORMS.items(), ids=list(FORMS))
def test_each_form_names_the_same_hosts(url: str, expected: tuple[str, str]) -> None:
    given = arguments(url)
    assert (given["host"], given["port"]) == expected
    assert given["target_session_attrs"] == "read-write"


@pytest.mark.parametrize("url", FORMS)
def test_a_url_stays_the_same_when_it_is_written(url: str) -> None:
    parsed = engine.parse(url)
    assert engine.parse(parsed.render_as_string(hide_password=False)) == parsed
    assert arguments(engine.masked(parsed).replace("***", "p%40")) == arguments(url)


@pytest.mark.parametrize(
    ("attributes", "read_only", "expected"),
    [
        ("any", False, "any"),
        ("read-write", False, "read-write"),
        # A read-only session of a primary isn't read-write.
        ("read-write", True, "primary"),
        ("standby", True, "standby"),
        (None, True, "primary"),
    ],
)
def test_the_server_that_is_wanted(attributes: str | None, read_only: bool, expected: str) -> None:
    url = "postgresql://h1,h2/db" + (f"?target_session_attrs={attributes}" if attributes else "")
    assert arguments(url, read_only=read_only)["target_session_attrs"] == expected


@pytest.mark.parametrize("url", ["postgresql://h1/db", "postgresql:///db?host=/run/postgresql"])
def test_one_host_is_what_it_was(url: str) -> None:
    given = arguments(url)
    assert "target_session_attrs" not in given
    assert given["host"] in ("h1", "/run/postgresql")


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("postgresql://u:hidden@h1:1,[::1]/db", "postgresql://u:***@h1:1,[::1]/db"),
        ("postgresql://:hidden@h1,h2/db", "postgresql://:***@h1,h2/db"),
        ("postgresql://u@/db?host=h1,h2&port=7", "postgresql://u@h1:7,h2:7/db"),
        ("postgresql://:hidden@h1,h2/db", "postgresql://:***@h1,h2/db"),
        (
            "postgresql://h1,h2/db?password=hidden&target_session_attrs=any",
            "postgresql://h1,h2/db?password=***&target_session_attrs=any",
        ),
    ],
)
def test_people_see_the_list_without_the_password(url: str, name: str) -> None:
    with closing(Database(url)) as database:
        assert database.name == name


@pytest.mark.parametrize("password", ["1,2", "1,ss/x", "a,b,c"])
def test_a_password_with_a_comma_is_no_list(password: str) -> None:
    url = engine.parse(f"postgresql://u:{password}@h1/db")
    assert (url.host, url.password, url.query) == ("h1", password, {})


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://u@h1:x,h2/db",
        "postgresql://u@h1,,h2/db",
        "postgresql://u@h1,h2:/db",
        "postgresql://u@::1,h2/db",
        "postgresql://u@h1,h2/db?host=h3",
        "postgresql://u@h1,h2/db?port=5432",
        "postgresql://u@/db?host=h1,h2,h3&port=1,2",
        "postgresql://u@/db?host=h1:1&host=h2:2&port=3",
        "postgresql://u@h0/db?host=h1,h2",
        "postgresql://u@h0/db?host=h1&host=h2",
        "postgresql://u@/db?port=1,2",
        # The driver would take these for lists, but without target_session_attrs.
        "postgresql://u:p/w@h1,h2/db",
        "postgresql://u:p?w@h1,h2/db",
        "postgresql://u@h1,h2/d@b",
    ],
)
def test_lists_that_are_none(url: str) -> None:
    with pytest.raises(ConfigurationError, match="Several hosts look like postgresql://"):
        engine.parse(url)


@pytest.mark.servers
def test_an_address_stays_that_of_its_host(tmp_path: Path) -> None:
    """Nothing listens on the first address."""
    url = sqlalchemy.make_url(databases.url_of("postgresql", tmp_path))
    query = {
        "host": "first,second",
        "port": f"{url.port or 5432}",
        "hostaddr": f"127.0.0.9,{socket.gethostbyname(url.host or '127.0.0.1')}",
    }
    several = url._replace(host=None, port=None, query=query).render_as_string(hide_password=False)
    with closing(Database(several)) as database, ExitStack() as stack:
        for _ in range(2):
            connection = stack.enter_context(database.engine.connect())
            assert connection.connection.dbapi_connection.info.host == "second"  # type: ignore[union-attr]


def test_other_databases_have_one_host() -> None:
    with pytest.raises(ConfigurationError, match="Only a database URL of PostgreSQL"):
        engine.parse("mariadb://u@h1,h2/db")
    with pytest.raises(ConfigurationError, match="database_pooler is for PostgreSQL only"):
        Database("mariadb://u@h1/db", pooler="session")
