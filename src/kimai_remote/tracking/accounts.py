"""Logging in, and recognising who a key belongs to. Users and customers alike."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from sqlalchemy import and_, func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, aliased

from ..errors import Denied
from ..storage import models as m
from . import dates
from .call import Call, Principal, granted
from .credentials import KEY_LENGTH, Credentials
from .options import Options

Kind = Literal["user", "customer"]

#: The global rights that the API asks for.
API_RIGHTS = (
    "core-user-otherGroup-view",
    "ki_timesheet-access",
    "ki_timesheets-showRates",
    "ki_timesheets-editRates",
    "ki_expenses-access",
    *(
        f"{kind}-{owner}-{action}"
        for kind in ("ki_timesheets", "ki_expenses")
        for owner in ("ownEntry", "otherEntry-otherGroup")
        for action in ("add", "edit", "delete")
    ),
)


@dataclass(frozen=True, slots=True)
class Accounts:
    """Logs in and identifies.

    :param lifetime: seconds after which a key expires; 0 for never.
    :param upgrades: whether a password that Kimai stored (MD5) is stored anew (Argon2id) when its
        owner logs in. Kimai's PHP can't check it any more then.
    """

    credentials: Credentials
    lifetime: int = 0
    upgrades: bool = True

    def authenticate(self, call: Call, username: str, password: str) -> str | None:
        """The API key of a user or customer, or None where name and password are nobody's who may
        log in.

        Counts failures, so the transaction is to be committed in both cases. Takes the same steps
        whether the name exists or not: a password check and, on failure, one counter.
        """
        account = _find(call, username)
        stored = account.password if account else None
        fits = self.credentials.check_password(password, stored)
        if account is None or account.is_banned(call) or not account.may_log_in:
            _count_nobody(call)
            return None
        if not fits or stored is None:
            account.count_failure(call)
            return None
        if account.failures:
            account.forget_failures(call)
        if self.upgrades and self.credentials.is_outdated(stored):
            account.set_password(call, self.credentials.hash_password(password))
        return self._key(call, account.kind, account.number)

    def identify(self, call: Call, key: str | None) -> Principal:
        """The user or customer whose key this is.

        :raises Denied: nobody's key, an expired one, or of somebody who is trashed, inactive or
            banned.
        """
        if not key or len(key) > KEY_LENGTH:
            raise Denied
        key_hash = self.credentials.key_hash(key)
        valid = and_(
            m.RemoteKey.keyHash == key_hash,
            m.RemoteKey.created > (call.now - self.lifetime if self.lifetime else -1),
        )
        principal = _user(call, key, valid) or _customer(call, valid)
        if principal is None:
            raise Denied
        return principal

    def _key(self, call: Call, kind: Kind, number: int) -> str:
        """The key; its hash is stored when it is given out for the first time."""
        stored = self._stored_key(call, kind, number)
        if stored is None or stored.keyHash is None or self._is_expired(call, stored.created):
            return self._new_key(call, kind, number)
        return self.credentials.api_key(kind, number, stored.generation)

    def _new_key(self, call: Call, kind: Kind, number: int) -> str:
        row = call.session.get(m.RemoteKey, (kind, number), with_for_update=True)
        if row is None:
            try:
                with call.session.begin_nested():
                    call.session.add(m.RemoteKey(kind=kind, ownerID=number, generation=0))
            except IntegrityError:
                pass  # another login of the same account was faster
            row = call.session.get_one(m.RemoteKey, (kind, number), with_for_update=True)
        # Another login may have made it while this one waited for the row.
        if row.keyHash is None or self._is_expired(call, row.created):
            if row.keyHash is not None:
                row.generation += 1
            row.created = call.now
            key = self.credentials.api_key(kind, number, row.generation)
            row.keyHash = self.credentials.key_hash(key)
        return self.credentials.api_key(kind, number, row.generation)

    def _stored_key(self, call: Call, kind: Kind, number: int):  # type: ignore[no-untyped-def]
        return call.session.execute(
            select(m.RemoteKey.keyHash, m.RemoteKey.generation, m.RemoteKey.created).where(
                m.RemoteKey.kind == kind, m.RemoteKey.ownerID == number
            )
        ).first()

    def _is_expired(self, call: Call, created: int) -> bool:
        return bool(self.lifetime) and created <= call.now - self.lifetime


def revoke_of(session: Session, kind: Kind, name: str) -> bool:
    """Make the keys of all users (or customers) of that name worthless; the next login gives out
    another one.

    :returns: whether there is anybody of that name.
    """
    if kind == "user":
        statement = select(m.User.userID).where(m.User.name == name)
    else:
        statement = select(m.Customer.customerID).where(m.Customer.name == name)
    numbers = session.scalars(statement).all()
    for number in numbers:
        key = session.get(m.RemoteKey, (kind, number), with_for_update=True)
        if key is None:
            session.add(m.RemoteKey(kind=kind, ownerID=number, generation=1))
        else:
            key.keyHash = None
            key.generation += 1
        if kind == "user":
            session.execute(update(m.User).where(m.User.userID == number).values(apikey=None))
    return bool(numbers)


@dataclass(frozen=True, slots=True)
class _Account:
    """Somebody with a name and a password."""

    kind: Kind
    number: int
    password: str | None
    may_log_in: bool
    failures: int
    failed_at: int

    def is_banned(self, call: Call) -> bool:
        return _is_banned(lambda: call.options, call.now, self.failures, self.failed_at)

    def count_failure(self, call: Call) -> None:
        # A ban that is over starts counting anew.
        again = self.failures >= call.options.login_tries
        self._set_failures(call, None if again else 1)

    def forget_failures(self, call: Call) -> None:
        self._set_failures(call, 0)

    def set_password(self, call: Call, stored: str) -> None:
        model, key = (
            (m.User, m.User.userID) if self.kind == "user" else (m.Customer, m.Customer.customerID)
        )
        call.session.execute(update(model).where(key == self.number).values(password=stored))

    def _set_failures(self, call: Call, step: int | None) -> None:
        """Add ``step``, or begin again with 1 (None) or none (0)."""
        if self.kind == "user":
            counter, since = m.User.ban, m.User.banTime
            statement = update(m.User).where(m.User.userID == self.number)
        else:
            counter, since = m.RemoteKey.failures, m.RemoteKey.failedAt
            statement = update(m.RemoteKey).where(
                m.RemoteKey.kind == self.kind, m.RemoteKey.ownerID == self.number
            )
            _ensure_row(call, self.kind, self.number)
        value = counter + 1 if step == 1 else int(step is None)
        call.session.execute(
            statement.values({counter: value, since: 0 if step == 0 else call.now})
        )  # fmt: skip


def _find(call: Call, username: str) -> _Account | None:
    """The user of that name, else the only customer of that name who has a password."""
    user = call.session.execute(
        select(
            m.User.userID, m.User.password, m.User.active, m.User.trash, m.User.ban, m.User.banTime
        ).where(m.User.name == username)
    ).first()
    key = m.RemoteKey
    customers = call.session.execute(
        select(m.Customer.customerID, m.Customer.password, key.failures, key.failedAt)
        .outerjoin(key, and_(key.kind == "customer", key.ownerID == m.Customer.customerID))
        .where(m.Customer.name == username, m.Customer.trash == 0)
        .where(m.Customer.password.is_not(None), m.Customer.password != "")
        .limit(2)
    ).all()
    if user is not None:
        may = bool(user.active) and not user.trash
        return _Account("user", user.userID, user.password, may, user.ban, user.banTime)
    if len(customers) == 1:
        number, password, failures, failed_at = customers[0]
        return _Account("customer", number, password, True, failures or 0, failed_at or 0)
    return None


def _user(call: Call, key: str, valid: object) -> Principal | None:
    role = m.GlobalRole.__table__.c
    owner = func.coalesce(
        select(m.RemoteKey.ownerID).where(valid, m.RemoteKey.kind == "user").scalar_subquery(),  # type: ignore[arg-type]
        # A key that Kimai gave out.
        select(_KimaiKey.userID).where(_KimaiKey.apikey == key).scalar_subquery(),
    )
    found = call.session.execute(
        select(
            m.User.userID,
            m.User.name,
            m.User.ban,
            m.User.banTime,
            m.Preference.value,
            *(role[right] for right in API_RIGHTS),
        )
        .outerjoin(m.GlobalRole, role.globalRoleID == m.User.globalRoleID)
        .outerjoin(
            m.Preference,
            (m.Preference.userID == m.User.userID) & (m.Preference.option == "timezone"),
        )
        .where(m.User.userID == owner, m.User.active == 1, m.User.trash == 0)
    ).first()
    if found is None:
        return None
    user_id, name, ban, ban_time, zone, *flags = found
    if _is_banned(lambda: call.options, call.now, ban, ban_time):
        return None
    zone_of_user = dates.timezone(zone, call.zone)
    return Principal(name, zone_of_user, user_id=user_id, rights=granted(API_RIGHTS, flags))


def _customer(call: Call, valid: object) -> Principal | None:
    found = call.session.execute(
        select(
            m.Customer.customerID,
            m.Customer.name,
            m.Customer.timezone,
            m.RemoteKey.failures,
            m.RemoteKey.failedAt,
        )
        .join(m.RemoteKey, m.RemoteKey.ownerID == m.Customer.customerID)
        .where(valid, m.RemoteKey.kind == "customer", m.Customer.trash == 0)  # type: ignore[arg-type]
    ).first()
    if found is None:
        return None
    number, name, zone, failures, failed_at = found
    if _is_banned(lambda: call.options, call.now, failures, failed_at):
        return None
    return Principal(name, dates.timezone(zone, call.zone), customer_id=number)


_KimaiKey = aliased(m.User)


def _is_banned(options: Callable[[], Options], now: int, failures: int, since: int) -> bool:
    if not failures:
        return False  # the usual case reads no options
    limits = options()
    return 0 < limits.login_tries <= failures and now - since < limits.login_ban_time


def _count_nobody(call: Call) -> None:
    """One write, like the counter of a name that exists, so that the time tells nothing."""
    _ensure_row(call, "nobody", 0)
    call.session.execute(
        update(m.RemoteKey)
        .where(m.RemoteKey.kind == "nobody", m.RemoteKey.ownerID == 0)
        .values(failures=m.RemoteKey.failures + 1, failedAt=call.now)
    )


def _ensure_row(call: Call, kind: str, number: int) -> None:
    known = select(m.RemoteKey.ownerID).where(
        m.RemoteKey.kind == kind, m.RemoteKey.ownerID == number
    )
    if call.session.scalar(known) is None:
        try:
            with call.session.begin_nested():
                call.session.add(m.RemoteKey(kind=kind, ownerID=number))
        except IntegrityError:
            pass  # somebody else has made it meanwhile
