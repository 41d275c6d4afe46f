"""Users and customers: what they have besides the fields of their table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from sqlalchemy import update
from sqlalchemy.orm import Session

from ...errors import NotFound, Refused
from ...storage import models as m
from . import assignments, editing
from . import field_checks as checks
from .entities import CUSTOMER, GLOBAL_ROLE, USER, Kind, find

if TYPE_CHECKING:
    from ..authentication import Kind as AccountKind

#: The global role of a new user where none is named; Kimai's installation has it.
USUAL_ROLE = "User"

ACCOUNTS: dict[AccountKind, Kind] = {"user": USER, "customer": CUSTOMER}


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
    """A new user, who can log in once there is a password.

    :param fields: ``name, alias, mail, active``.
    :param role: the global role; :data:`USUAL_ROLE` by default.
    :param timezone: for dates without an offset; the server's by default.
    :param groups: where the user becomes a member.
    :param membership_role: in these groups; see :func:`assignments.join`.
    :raises Refused: a field is wrong, or the name is taken.
    """
    user: m.User = editing.add(
        session,
        USER,
        fields,
        globalRoleID=_role(session, role or USUAL_ROLE),
        password=password_hash,
    )
    if timezone is not None:
        set_timezone(session, user, timezone)
    for group in groups:
        assignments.join(session, user, group, membership_role)
    return user


def edit_user(
    session: Session,
    given: str,
    fields: Mapping[str, Any],
    *,
    role: str | None = None,
    timezone: str | None = None,
) -> m.User:
    """Change the given fields of a user; parameters as for :func:`add_user`.

    :param timezone: ``""`` for the server's again.
    """
    columns: dict[str, Any] = {} if role is None else {"globalRoleID": _role(session, role)}
    user: m.User = editing.edit(session, USER, given, fields, **columns)
    if timezone is not None:
        set_timezone(session, user, timezone)
    return user


def add_customer(
    session: Session,
    fields: Mapping[str, Any],
    *,
    usual_timezone: str,
    groups: Sequence[str] = (),
    same_name: bool = False,
) -> m.Customer:
    """A new customer, who can log in once there is a password.

    :param fields: as the columns of the table.
    :param usual_timezone: where none is among them; the table takes no customer without one.
    :param groups: which are to see the customer.
    :raises Refused: a field is wrong, or the name is taken.
    """
    values = {"timezone": usual_timezone, **fields}
    customer: m.Customer = editing.add(session, CUSTOMER, values, same_name=same_name)
    for group in groups:
        assignments.assign(session, CUSTOMER, customer, group)
    return customer


def set_timezone(session: Session, user: m.User, timezone: str) -> None:
    """Choose a user's time zone, or none (``""``): Kimai's preference ``timezone``."""
    key = {"userID": user.userID, "option": "timezone"}
    stored = session.get(m.Preference, key)
    if not timezone:
        if stored is not None:
            session.delete(stored)
    elif stored is None:
        session.add(m.Preference(**key, value=checks.timezone(timezone)))
    else:
        stored.value = checks.timezone(timezone)
    session.flush()


def project_customer(session: Session, customer: str) -> int:
    """The number of the customer that a project is to belong to."""
    number: int = find(session, CUSTOMER, customer, trash=False).customerID
    return number


def set_password(
    session: Session, kind: AccountKind, given: str, stored: str | None
) -> m.User | m.Customer:
    """Store a password's hash, or none: then nobody logs in by that name.

    A link that Kimai mailed for choosing a new password is worthless then.
    """
    account: m.User | m.Customer = find(session, ACCOUNTS[kind], given)
    if stored is None and not account.password:
        raise NotFound(f"The {ACCOUNTS[kind].label(account)} has no password.")
    account.password, account.passwordResetHash = stored, None
    return account


def check_password(password: str, name: str) -> None:
    """:raises Refused: the password is too easy to guess, or can't be typed again."""
    if len(password) < SHORTEST_PASSWORD:
        raise Refused(
            f"The password has {len(password)} characters; it takes {SHORTEST_PASSWORD} or more."
        )
    if len(password) > LONGEST_PASSWORD:
        raise Refused(f"The password has more than {LONGEST_PASSWORD} characters.")
    checks.readable("The password", password)
    if password.casefold() == name.casefold() or len(set(password)) == 1:
        raise Refused("The password is the name, or one character again and again.")


SHORTEST_PASSWORD = 8
LONGEST_PASSWORD = 200


def unban(session: Session, kind: Kind, given: str) -> m.User | m.Customer:
    """Forget the failed logins, so that a ban ends now.

    :param kind: of those in :data:`ACCOUNTS`.
    """
    account: m.User | m.Customer = find(session, kind, given)
    if isinstance(account, m.User):
        account.ban = account.banTime = 0
    else:
        key = m.RemoteKey
        session.execute(
            update(key)
            .where(key.kind == kind.noun, key.ownerID == account.customerID)
            .values(failures=0, failedAt=0)
        )
    session.flush()
    return account


def _role(session: Session, role: str) -> int:
    number: int = find(session, GLOBAL_ROLE, role).globalRoleID
    return number
