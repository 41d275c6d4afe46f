"""Preparing to serve: the database, the server secret, and the first run."""

from __future__ import annotations

import dataclasses
import logging
import os
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError
from sqlalchemy.orm import Session

from ..config import PREFIX, Settings
from ..errors import ConfigurationError, Unavailable
from ..kimai1 import autoconf
from ..storage import models as m
from ..storage import schema, shared_values
from ..storage.transactions import Database

if TYPE_CHECKING:
    from ..api.execution import Service

log = logging.getLogger(__name__)


def open_database(settings: Settings) -> Database:
    """Return the configured database, which may not exist yet.

    :raises ConfigurationError: its URL or driver is invalid.
    """
    if not settings.database_url:
        make_directory(settings.data_dir)
    return Database(
        settings.url,
        settings.table_prefix,
        pool_size=settings.threads,  # no thread waits for a connection
        statement_timeout=settings.statement_timeout,
        wsrep_sync_wait=settings.wsrep_sync_wait,
        pooler=settings.database_pooler,
    )


def make_directory(path: Path) -> None:
    """Create the data directory, accessible only to its owner.

    :raises ConfigurationError: it can't be created.
    """
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigurationError(
            f"The data directory {path} can't be created ({error.strerror})."
        ) from None


def with_autoconf(settings: Settings) -> Settings:
    """Return the settings completed from Kimai's autoconf.php, if one is configured.

    :raises ConfigurationError: the file can't be read or understood.
    """
    if not settings.kimai_autoconf:
        return settings
    kimai = autoconf.read(settings.kimai_autoconf)
    defaults = Settings()
    values = {
        "database_url": kimai.url,
        "table_prefix": kimai.prefix,
        "password_salt": kimai.salt,
        "timezone": kimai.timezone or defaults.timezone,
    }
    unset = {
        name: value
        for name, value in values.items()
        if getattr(settings, name) == getattr(defaults, name)
    }
    # Kimai still uses this database, so it must be able to check the passwords.
    shared = settings.shared_with_kimai or "database_url" in unset
    return dataclasses.replace(settings, **unset, shared_with_kimai=shared)  # type: ignore[arg-type]


ADMINISTRATOR = "admin"


@dataclass(frozen=True, slots=True)
class Account:
    """A created user, with the password that is shown once."""

    name: str
    password: str
    role: str


def open_service(settings: Settings) -> Service:
    """Return the service over the configured database.

    :raises ConfigurationError: the configuration is invalid.
    """
    # Commands open the database without loading what only the service needs.
    from ..api.execution import Service
    from ..tracking.authentication import ApiKeyDeriver
    from ..tracking.passwords import PasswordHasher

    settings = with_autoconf(settings)
    keys = ApiKeyDeriver(read_secret(settings))
    passwords = PasswordHasher(settings.password_salt)
    return Service(open_database(settings), keys, passwords, settings)


def read_secret(settings: Settings) -> bytes:
    """Return the server secret from the settings or its file, which is created if necessary.

    :raises ConfigurationError: it is too short, or its file can't be read or created.
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
    """Return the server secret from the settings or its file.

    :raises ConfigurationError: it is too short, or its file is missing or readable for others.
    """
    if settings.secret:
        return _checked(settings.secret.encode(), f"{PREFIX}SECRET")
    path = settings.data_dir / "secret"
    try:
        if path.stat().st_mode & 0o077:
            raise ConfigurationError(
                f"Other users of this machine can read the server secret {path}. Run: "
                f"chmod 600 {path}"
            )
        return _checked(path.read_text().strip().encode(), str(path))
    except OSError as error:
        raise _unusable(path, error) from None
    except UnicodeDecodeError:
        raise ConfigurationError(
            f"The server secret {path} isn't text. Restore the original file; or remove it to "
            "create a new one, which changes all API keys."
        ) from None


def _unusable(path: Path, error: OSError) -> ConfigurationError:
    return ConfigurationError(
        f"The server secret {path} can't be used ({error.strerror}). Make its directory writable, "
        f"or set {PREFIX}SECRET."
    )


def _make_secret(path: Path) -> None:
    """Create the secret atomically, so that several processes agree on one."""
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
        raise ConfigurationError(f"{source} must have at least 16 characters.")
    return secret


class OtherSecret(ConfigurationError):
    """The servers of the database have another secret."""

    def __init__(self, settings: Settings, database: Database) -> None:
        source = f"{PREFIX}SECRET" if settings.secret else settings.data_dir / "secret"
        super().__init__(
            f"{source} isn't the server secret of {database.name}: with it, nobody's API key is "
            "valid. Take the secret of the servers of this database, from the file secret in the "
            f"data directory or {PREFIX}SECRET there, or from a backup. To change it for all "
            "servers, run 'kimai-remote secret replace'. Override with --other-secret."
        )


def check_secret(service: Service, known: str | None) -> None:
    """Check that this server has the secret of all servers; the first one stores a fingerprint.

    :param known: the stored fingerprint, or None.
    :raises OtherSecret: it has another one, and the settings don't allow that.
    """
    fingerprint = service.keys.fingerprint
    if known is None:
        known = _store_fingerprint(service.database, fingerprint)
    if known == fingerprint:
        return
    error = OtherSecret(service.settings, service.database)
    if not service.settings.other_secret:
        raise error
    log.warning("Serving with another secret (--other-secret). %s", error)


def _store_fingerprint(database: Database, fingerprint: str) -> str:
    """Store the fingerprint, unless another server was faster; return what is stored."""

    def work(connection: Connection) -> str:
        known = shared_values.read(connection).get(shared_values.SECRET)
        if known is None:
            shared_values.add(connection, shared_values.SECRET, fingerprint)
        return known or fingerprint

    try:
        try:
            return database.execute(work, writes=True)
        except IntegrityError:
            return database.execute(work, writes=True)
    except (DBAPIError, Unavailable) as error:
        # As in a copy that is read-only.
        reason = str(getattr(error, "orig", None) or error).strip()
        log.warning("The fingerprint of the server secret can't be stored: %s", reason)
        return fingerprint


def _check_pooler(service: Service) -> None:
    """:raises ConfigurationError: a pooler has another mode than the settings say."""
    database = service.database
    if service.settings.database_pooler == "session" and (
        database.dialect.recognized_pooler(database.engine) == "transaction"
    ):
        raise ConfigurationError(
            f"The pooler in front of {database.name} is in transaction mode, and "
            "database_pooler is session. Set it to transaction."
        )


def prepare(service: Service, fill: Callable[[Session], None] | None = None) -> Account | None:
    """Check the database and the secret, or create tables and an administrator if it is empty.

    :param fill: adds further rows to a new database, in the same transaction.
    :returns: the created administrator; None if the database had tables.
    :raises ConfigurationError: the database can't be reached, its schema can't be used, or its
        servers have another secret.
    """
    from ..kimai1 import schema_detection

    account = Account(ADMINISTRATOR, secrets.token_urlsafe(12), "administrator")
    try:
        _check_pooler(service)
        state = schema.state(service.database)
        if state.is_empty:
            schema_detection.check_not_ancient(service.database)
            if schema.create(
                service.database, lambda connection: _add(service, connection, account, fill)
            ):
                return account
            state = schema.state(service.database)  # another process was faster
        schema.check(service.database, state)
        check_secret(service, state.secret)
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
    """Add the first administrator, and a group, since each user needs one; and what other servers
    compare their secret with."""
    from ..tracking.admin.entities import GLOBAL_ROLE, MEMBERSHIP_ROLE, find_id

    shared_values.add(connection, shared_values.SECRET, service.keys.fingerprint)
    password = service.passwords.hash(account.password)
    with Session(connection, join_transaction_mode="create_savepoint") as session:
        group = m.Group(name=account.name)
        role, membership = (
            find_id(session, role_type, schema.ADMIN)
            for role_type in (GLOBAL_ROLE, MEMBERSHIP_ROLE)
        )
        user = m.User(name=account.name, password=password, globalRoleID=role)
        session.add_all([group, user])
        session.flush()
        session.add(
            m.GroupUser(groupID=group.groupID, userID=user.userID, membershipRoleID=membership)
        )
        if fill is not None:
            fill(session)
        session.commit()


def relative(path: Path) -> str:
    """Return a path relative to the current directory, if it is in it."""
    try:
        return str(path.resolve().relative_to(Path.cwd()))
    except ValueError:
        return str(path)
