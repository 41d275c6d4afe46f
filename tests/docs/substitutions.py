"""Replace URLs, databases and files that pages name with those of a test.

A page has ``http://127.0.0.1:8000`` and ``postgresql://kimai:password@127.0.0.1/kimai``. A test
uses a free port and a temporary database instead, which exists if the page names it.
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

#: Databases that a page may name. A name of MariaDB also counts alone, as in
#: ``mariadb-dump kimai_php``.
POSTGRESQL = r"postgresql://kimai:password@(?:127\.0\.0\.1|localhost)/kimai\b"
_MARIADB_URL = r"mariadb://kimai:password@(?:127\.0\.0\.1|localhost)/{}\b"
#: Kimai's own database, which has records, and an empty one to copy back to.
KIMAI, BACK = "kimai_php", "kimai_back"
MARIADB = _MARIADB_URL.format(f"(kimai|{KIMAI}|{BACK})")
AUTOCONF = "/var/www/kimai/includes/autoconf.php"
#: Directories that a page may name; the test has them below its own.
FOLDERS = ("/etc/kimai-remote", "/var/backups", "/var/lib/kimai-remote", "/var/log/kimai-remote")


@contextmanager
def replaced(page: str, folder: Path) -> Iterator[Callable[[str], str]]:
    """Yield a function that replaces what a text of the page names.

    Skips the test if the page needs a database server that doesn't respond.

    :param folder: home directory of the session.
    """
    port = str(free_port())
    with ExitStack() as stack:
        changes = [
            (r"(?<=[\w\]]):8000\b", f":{port}"),
            (r"(?i)(port *[= ] *[\"']?)8000\b", rf"\g<1>{port}"),
        ]
        for path in filter(page.__contains__, FOLDERS):
            own = folder / "machine" / path[1:]
            own.mkdir(parents=True)
            changes.append((re.escape(path), str(own)))
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

        def substitute(text: str) -> str:
            for pattern, value in changes:
                text = re.sub(pattern, value, text)
            return text

        yield substitute


@contextmanager
def _created(backend: str, name: str, folder: Path) -> Iterator[URL]:
    """Context with an empty database on a server."""
    server = Database(databases.url_of(backend, folder))
    own = f"docs_{os.getpid()}_{name}"
    quote = server.engine.dialect.identifier_preparer.quote

    def run(statement: str) -> None:
        with server.engine.connect() as connection:
            connection = connection.execution_options(isolation_level="AUTOCOMMIT")
            connection.execute(text(statement))

    force = " WITH (FORCE)" if backend == "postgresql" else ""
    drop = f"DROP DATABASE IF EXISTS {quote(own)}"
    run(drop + force)
    run(f"CREATE DATABASE {quote(own)}")
    try:
        url = server.url.set(drivername=backend, database=own)
        if backend == "mariadb":
            _write_account(folder, url)
        yield url
    finally:
        run(drop + force)
        server.close()


def _write_account(home: Path, url: URL) -> None:
    """Write the account where MariaDB's client programs look for it."""
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
