"""What the pages name and a test has elsewhere: addresses, databases, Kimai's files.

A page says ``http://127.0.0.1:8000`` and ``postgresql://kimai:password@127.0.0.1/kimai``; the test
puts a free port and a database of its own there, made when a page names it and gone afterwards.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from sqlalchemy import URL, text

from kimai_remote.storage.transactions import Database
from support import databases, kimai1
from support.server import free_port

#: The databases that a page may name. The MariaDB server has these names too, so that commands
#: such as ``mariadb-dump kimai_php`` work.
POSTGRESQL = r"postgresql://kimai:password@(?:127\.0\.0\.1|localhost)/kimai\b"
_MARIADB_URL = r"mariadb://kimai:password@(?:127\.0\.0\.1|localhost)/{}\b"
#: Kimai's own database has this name, and is filled; what goes back to Kimai goes to the other.
KIMAI, BACK = "kimai_php", "kimai_back"
MARIADB = _MARIADB_URL.format(f"(kimai|{KIMAI}|{BACK})")
AUTOCONF = "/var/www/kimai/includes/autoconf.php"
#: Folders of the machine that a page may name; the test has them in the reader's.
FOLDERS = ("/etc/kimai-remote", "/var/backups", "/var/lib/kimai-remote", "/var/log/kimai-remote")


@contextmanager
def replaced(page: str, folder: Path) -> Iterator[Callable[[str], str]]:
    """A function that puts the test's own places into the text of a page.

    Skips the test where the page needs a database server that doesn't answer.

    :param folder: the home of who follows the page.
    """
    port = str(free_port())
    with ExitStack() as stack:
        changes = [
            (r"(?<=[\w\]]):8000\b", f":{port}"),
            (r"(?i)(port *[= ] *[\"']?)8000\b", rf"\g<1>{port}"),
        ]
        for place in filter(page.__contains__, FOLDERS):
            own = folder / "machine" / place[1:]
            own.mkdir(parents=True)
            changes.append((re.escape(place), str(own)))
        if re.search(POSTGRESQL, page):
            url = stack.enter_context(_created("postgresql", "kimai", folder))
            changes.append((POSTGRESQL, _text(url)))
        names = {*re.findall(MARIADB, page), *re.findall(rf"\b(?:{KIMAI}|{BACK})\b", page)}
        if AUTOCONF in page:
            names.add(KIMAI)
        for name in sorted(names):
            url = stack.enter_context(_created("mariadb", name, folder))
            changes.append((_MARIADB_URL.format(name), _text(url)))
            if name != "kimai":
                changes.append((rf"\b{name}\b", str(url.database)))
            if name == KIMAI:
                _fill(url)
                autoconf = folder / "autoconf.php"
                kimai1.write_autoconf(autoconf, url, "kimai_")
                changes.append((re.escape(AUTOCONF), str(autoconf)))

        def put(code: str) -> str:
            for pattern, value in changes:
                code = re.sub(pattern, value, code)
            return code

        yield put


@contextmanager
def _created(kind: str, name: str, folder: Path) -> Iterator[URL]:
    """An empty database on a server, gone when the block ends."""
    server = Database(databases.url_of(kind, folder))
    own = f"docs_{os.getpid()}_{name}"
    quote = server.engine.dialect.identifier_preparer.quote

    def run(statement: str) -> None:
        with server.engine.connect() as connection:
            connection = connection.execution_options(isolation_level="AUTOCOMMIT")
            connection.execute(text(statement))

    force = " WITH (FORCE)" if kind == "postgresql" else ""
    drop = f"DROP DATABASE IF EXISTS {quote(own)}"
    run(drop + force)
    run(f"CREATE DATABASE {quote(own)}")
    try:
        url = server.url.set(drivername=kind, database=own)
        if kind == "mariadb":
            _write_account(folder, url)
        yield url
    finally:
        run(drop + force)
        server.close()


def _write_account(home: Path, url: URL) -> None:
    """Let the clients of MariaDB know the account."""
    lines = [
        "[client]",
        f"host={url.host}",
        f"port={url.port or 3306}",
        f"user={url.username}",
        f"password={url.password or ''}",
    ]
    (home / ".my.cnf").write_text("\n".join(lines) + "\n")


def _fill(url: URL) -> None:
    database = Database(_text(url), "kimai_")
    kimai1.create(database)
    database.close()


def _text(url: URL) -> str:
    return url.render_as_string(hide_password=False)
