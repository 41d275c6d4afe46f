"""Which database the settings name: directly, or by Kimai's autoconf.php."""

from __future__ import annotations

import dataclasses
import os
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from ..config import PREFIX, Settings
from ..errors import ConfigurationError
from ..kimai1 import autoconf
from ..storage import models as m
from ..storage import schema
from ..storage.transactions import Database

if TYPE_CHECKING:
    from ..api.execution import Service


def open_database(settings: Settings) -> Database:
    """The database that the settings name, which may not exist yet.

    :raises ConfigurationError: its URL or driver is wrong.
    """
    if not settings.database_url:
        make_directory(settings.data_dir)
    return Database(
        settings.url,
        settings.table_prefix,
        pool_size=settings.threads,  # none of them waits for another one's connection
        statement_timeout=settings.statement_timeout,
    )


def make_directory(path: Path) -> None:
    """Make the data directory, for its owner alone.

    :raises ConfigurationError: it can't be made.
    """
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigurationError(
            f"The directory {path} can't be made ({error.strerror}); see --data-dir."
        ) from None


def with_autoconf(settings: Settings) -> Settings:
    """The settings with what Kimai's autoconf.php says, where one is named; what is set wins.

    :raises ConfigurationError: the file can't be read or understood.
    """
    if not settings.kimai_autoconf:
        return settings
    kimai = autoconf.read(settings.kimai_autoconf)
    usual = Settings()
    found = {
        "database_url": kimai.url,
        "table_prefix": kimai.prefix,
        "password_salt": kimai.salt,
        "timezone": kimai.timezone or usual.timezone,
    }
    unset = {
        name: value
        for name, value in found.items()
        if getattr(settings, name) == getattr(usual, name)
    }
    # Kimai is still there: its users' passwords stay in the form that it can check.
    shared = settings.shared_with_kimai or "database_url" in unset
    return dataclasses.replace(settings, **unset, shared_with_kimai=shared)  # type: ignore[arg-type]


ADMINISTRATOR = "admin"


@dataclass(frozen=True, slots=True)
class Account:
    """A user that was created, with the password that is shown once."""

    name: str
    password: str
    role: str


def open_service(settings: Settings) -> Service:
    """What the service works with, over a database that exists.

    :raises ConfigurationError: saying what to do.
    """
    # Commands open the database without what the protocols need.
    from ..api.execution import Service
    from ..tracking.credentials import Credentials

    settings = with_autoconf(settings)
    credentials = Credentials(read_secret(settings), settings.password_salt)
    return Service(open_database(settings), credentials, settings)


def read_secret(settings: Settings) -> bytes:
    """The server secret: from the settings, else from its file, which is made if there is none.

    :raises ConfigurationError: it is too short, or its file can't be read or made.
    """
    path = settings.data_dir / "secret"
    if not settings.secret:
        try:
            if not path.exists():
                _make_secret(path)
        except OSError as error:
            raise _unusable(path, error) from None
    return existing_secret(settings)


def existing_secret(settings: Settings) -> bytes:
    """The server secret, which isn't made.

    :raises ConfigurationError: it is too short, or its file isn't there or is open to others.
    """
    if settings.secret:
        return _checked(settings.secret.encode(), f"{PREFIX}SECRET")
    path = settings.data_dir / "secret"
    try:
        if path.stat().st_mode & 0o077:
            raise ConfigurationError(
                f"Other users of this machine may read the server secret {path}. Put that right "
                f"with: chmod 600 {path}"
            )
        return _checked(path.read_text().strip().encode(), str(path))
    except OSError as error:
        raise _unusable(path, error) from None
    except UnicodeDecodeError:
        raise ConfigurationError(
            f"The server secret {path} isn't text. Put back the file that was there, or remove it "
            "to have another one made: then everybody gets another API key."
        ) from None


def _unusable(path: Path, error: OSError) -> ConfigurationError:
    return ConfigurationError(
        f"The server secret {path} can't be used ({error.strerror}). Make its directory writable, "
        f"or set {PREFIX}SECRET."
    )


def _make_secret(path: Path) -> None:
    """Only one of several processes makes it, complete from the start."""
    make_directory(path.parent)
    draft = path.with_name(f"secret.{os.getpid()}")
    try:
        draft.touch(mode=0o600)
        draft.write_text(secrets.token_hex(32) + "\n")
        os.link(draft, path)
    except FileExistsError:
        pass  # another process was faster
    finally:
        draft.unlink(missing_ok=True)


def _checked(secret: bytes, source: str) -> bytes:
    if len(secret) < 16:
        raise ConfigurationError(f"{source} must hold at least 16 characters.")
    return secret


def prepare(service: Service, fill: Callable[[Session], None] | None = None) -> Account | None:
    """Make the database ready to serve; where it is empty, create all that is needed.

    :param fill: adds what else a new database is to have; all of it is there, or nothing.
    :returns: the administrator that was created, or None where there was a database.
    :raises ConfigurationError: the database can't be reached, or its tables aren't ours.
    """
    from ..kimai1 import schema_detection

    account = Account(ADMINISTRATOR, secrets.token_urlsafe(12), "administrator")
    try:
        state = schema.state(service.database)
        if state.is_empty:
            schema_detection.check_not_ancient(service.database)
            if schema.create(
                service.database, lambda connection: _add(service, connection, account, fill)
            ):
                return account
            state = schema.state(service.database)  # another process was faster
        schema.check(service.database, state)
        return None
    except OperationalError as error:
        raise ConfigurationError(
            f"The database {service.database.name} can't be used: {error.orig}"
        ) from None


def _add(
    service: Service,
    connection: Connection,
    account: Account,
    fill: Callable[[Session], None] | None,
) -> None:
    """Add the first administrator, who is in a group as everybody has to be."""
    password = service.credentials.hash_password(account.password)
    with Session(connection, join_transaction_mode="create_savepoint") as session:
        group = m.Group(name=account.name)
        user = m.User(name=account.name, password=password, globalRoleID=1)
        session.add_all([group, user])
        session.flush()
        session.add(m.GroupUser(groupID=group.groupID, userID=user.userID, membershipRoleID=1))
        if fill is not None:
            fill(session)
        session.commit()


def relative(path: Path) -> str:
    """A path as short as it can be said."""
    try:
        return str(path.resolve().relative_to(Path.cwd()))
    except ValueError:
        return str(path)
