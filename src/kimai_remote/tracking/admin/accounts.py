"""Users and customers: what they have besides the fields of their tables."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from ...errors import NotFound, Refused
from ...storage import models as m
from ..authentication import is_banned
from ..context import Options
from . import assignments, editing
from . import field_checks as checks
from .entities import CUSTOMER, GLOBAL_ROLE, USER, EntityType, find, find_id

#: Global role of a new user by default; Kimai's installation creates it.
DEFAULT_ROLE = "User"
#: Characters of a password.
MIN_PASSWORD, MAX_PASSWORD = 8, 200


def add_user(
    session: Session,
    fields: Mapping[str, Any],
    *,
    role: str | None = None,
    timezone: str | None = None,
    groups: Sequence[str] = (),
    membership_role: str | None = None,
    password_hash: str | None = None,
) -> m.User:
    """Add a user, who can log in once there is a password.

    :param fields: ``name, alias, mail, active``.
    :param role: global role; :data:`DEFAULT_ROLE` by default.
    :param timezone: for dates without an offset; the server's by default.
    :param groups: groups that the user becomes a member of.
    :param membership_role: role in these groups; see :func:`assignments.join`.
    :raises Refused: a field is invalid, or the name is taken.
    """
    user: m.User = editing.add(
        session,
        USER,
        fields,
        globalRoleID=find_id(session, GLOBAL_ROLE, role or DEFAULT_ROLE),
        password=password_hash,
    )
    if timezone is not None:
        set_timezone(session, user, timezone)
    for group in groups:
        assignments.join(session, user, group, membership_role)
    return user


def edit_user(
    session: Session,
    reference: str,
    fields: Mapping[str, Any],
    *,
    role: str | None = None,
    timezone: str | None = None,
) -> m.User:
    """Change fields of a user; parameters as for :func:`add_user`.

    :param timezone: ``""`` for the server's.
    """
    columns: dict[str, Any] = (
        {} if role is None else {"globalRoleID": find_id(session, GLOBAL_ROLE, role)}
    )
    user: m.User = editing.edit(session, USER, reference, fields, **columns)
    if timezone is not None:
        set_timezone(session, user, timezone)
    return user


def add_customer(
    session: Session,
    fields: Mapping[str, Any],
    *,
    default_timezone: str,
    groups: Sequence[str] = (),
    same_name: bool = False,
) -> m.Customer:
    """Add a customer, who can log in once there is a password.

    :param fields: values by column.
    :param default_timezone: stored if ``fields`` has none; the column is never null.
    :param groups: groups that see the customer.
    :raises Refused: a field is invalid, or the name is taken.
    """
    values = {"timezone": default_timezone, **fields}
    customer: m.Customer = editing.add(session, CUSTOMER, values, same_name=same_name)
    for group in groups:
        assignments.assign(session, CUSTOMER, customer, group)
    return customer


def set_timezone(session: Session, user: m.User, timezone: str) -> None:
    """Set Kimai's preference ``timezone`` of a user, or remove it (``""``)."""
    key = {"userID": user.userID, "option": "timezone"}
    preference = session.get(m.Preference, key)
    if not timezone:
        if preference is not None:
            session.delete(preference)
    elif preference is None:
        session.add(m.Preference(**key, value=checks.timezone(timezone)))
    else:
        preference.value = checks.timezone(timezone)
    session.flush()


def set_password(
    session: Session, entity_type: EntityType, reference: str, password_hash: str | None
) -> m.User | m.Customer:
    """Store the hash of a password, or remove the password (None).

    A link for a new password that Kimai has mailed stops working.

    :param entity_type: USER or CUSTOMER.
    :raises NotFound: there is no such account, or no password to remove.
    """
    account: m.User | m.Customer = find(session, entity_type, reference)
    if password_hash is None and not account.password:
        raise NotFound(f"The {entity_type.label(account)} has no password.")
    account.password, account.passwordResetHash = password_hash, None
    session.flush()
    return account


def check_password(password: str, name: str) -> None:
    """:raises Refused: the password is too short or long, too easy to guess, or has characters
    that can't be typed."""
    if len(password) < MIN_PASSWORD:
        raise Refused(f"The password has {len(password)} characters; use {MIN_PASSWORD} or more.")
    if len(password) > MAX_PASSWORD:
        raise Refused(f"The password has more than {MAX_PASSWORD} characters.")
    checks.readable("The password", password)
    if password.casefold() == name.casefold() or len(set(password)) == 1:
        raise Refused("The password is the account's name, or one character repeated.")


def unban(session: Session, entity_type: EntityType, reference: str) -> m.User | m.Customer:
    """Reset the count of failed logins, which ends a ban.

    :param entity_type: USER or CUSTOMER.
    """
    account: m.User | m.Customer = find(session, entity_type, reference)
    if isinstance(account, m.User):
        account.ban = account.banTime = 0
    else:
        key = m.RemoteKey
        session.execute(
            update(key)
            .where(key.kind == entity_type.noun, key.ownerID == account.customerID)
            .values(failures=0, failedAt=0)
        )
    session.flush()
    return account


def banned_until(session: Session, entity_type: EntityType, account_id: int) -> int | None:
    """Return when the ban of an account ends, in seconds since 1970; None if there is no ban.

    :param entity_type: USER or CUSTOMER.
    """
    if entity_type is USER:
        counters = select(m.User.ban, m.User.banTime).where(m.User.userID == account_id)
    else:
        key = m.RemoteKey
        counters = select(key.failures, key.failedAt).where(
            key.kind == entity_type.noun, key.ownerID == account_id
        )
    failures, failed_at = session.execute(counters).one_or_none() or (0, 0)
    options = Options.load(session)
    now = int(time.time())
    # One from the future begins when it is found.
    end = min(failed_at, now) + options.login_ban_time
    return end if is_banned(options, now, failures, failed_at) else None
