"""PostgreSQL as a primary with a standby that can take its place."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from faults.instances import PostgreSQL, program
from kimai_remote.storage.transactions import Database
from support.processes import wait_until


class Server(PostgreSQL):
    """One server of a pair."""

    def follow(self, primary: Server) -> None:
        """Become the standby of a primary, with a copy of its data; from then on, the primary
        acknowledges no write before the standby has it."""
        self._run("rm", "-rf", str(self.data))
        self._run(
            program("pg_basebackup"),
            f"--pgdata={self.data}",
            f"--dbname=host=127.0.0.1 port={primary.port} user=test",
            "--write-recovery-conf",
            "--checkpoint=fast",
            "--no-sync",
        )
        self.start()
        primary.execute(
            "ALTER SYSTEM SET synchronous_standby_names = '*'",
            "SELECT pg_reload_conf()",
            url=primary.administration,
        )
        query = "SELECT count(*) FROM pg_stat_replication WHERE sync_state = 'sync'"
        wait_until(lambda: primary.value(query) == 1)

    def promote(self) -> None:
        """Make a standby the primary, and wait until it is."""
        self._run(program("pg_ctl"), "promote", "-D", str(self.data), "--wait")

    def value(self, query: str) -> object:
        """Return the only value of a query."""
        with closing(Database(self.url)) as database, database.engine.connect() as connection:
            return connection.exec_driver_sql(query).scalar_one()


@contextmanager
def pair(directory: Path) -> Iterator[tuple[Server, Server]]:
    """A primary with the database ``test``, and its standby, until the block ends."""
    servers: list[Server] = []
    try:
        for name in ("one", "two"):
            folder = directory / name
            folder.mkdir()
            # Only processes crash here, and what they wrote is the system's.
            servers.append(Server(folder, "-cfsync=off"))
        primary, standby = servers
        primary.make()
        standby.follow(primary)
        yield primary, standby
    finally:
        for server in servers:
            server.remove()


def url(*servers: Server) -> str:
    """Return the URL of the database ``test`` on whichever of them is the primary."""
    hosts = ",".join(f"127.0.0.1:{server.port}" for server in servers)
    return f"postgresql://test@{hosts}/test?target_session_attrs=read-write"
