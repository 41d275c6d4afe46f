"""Logging in, and recognising who a key belongs to. Users and customers alike."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from sqlalchemy import ColumnElement, and_, func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, aliased

from ..errors import Denied
from ..storage import models as m
from . import dates
from .context import Call, Principal, granted
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
class Login:
    """What became of a try to log in."""

    #: None where it failed.
    key: str | None
    #: Whose name it was: ``user``, ``customer`` or ``nobody``.
    kind: str
    #: Why it failed; for the log, never for the client.
    reason: str = ""


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

    def authenticate(self, call: Call, username: str, password: str) -> Login:
        """The API key of the user or customer with that name and password.

        Counts failures, so the transaction is to be committed in both cases. Takes the same steps
        whether the name exists or not: four queries, a password check and, on failure, one counter.
        The account stays locked from the first query on: of many attempts at once, each sees the
        failures of those before it.
        """
        account = _find(call, username)
        banned = account.is_banned(call.options, call.now)
        fits = self.credentials.check_password(password, account.password)
        if banned or not account.may_log_in:
            _NOBODY.count_failure(call)
            closed = "banned" if banned else "account closed"
            return Login(None, account.kind, "unknown name" if account is _NOBODY else closed)
        if not fits:
            account.count_failure(call)
            return Login(None, account.kind, "wrong password")
        if account.counter.failures:
            account.set_failures(call, 0)
        stored = account.password or ""
        if self.upgrades and self.credentials.is_outdated(stored):
            account.set_password(call, self.credentials.hash_password(password))
        return Login(self._key(call, account.kind, account.number), account.kind)

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

    def _key(self, call: Call, kind: str, number: int) -> str:
        """The key; its hash is stored when it is given out for the first time.

        No two logins of an account get here at once, since :func:`_find` locks it.
        """
        row = call.session.get(m.RemoteKey, (kind, number), with_for_update=True)
        if row is None:
            row = m.RemoteKey(kind=kind, ownerID=number, generation=0)
            call.session.add(row)
        elif row.keyHash is not None and self._is_expired(call, row.created):
            row.generation += 1
            row.keyHash = None
        key = self.credentials.api_key(kind, number, row.generation)
        key_hash = self.credentials.key_hash(key)
        # It is another one too if the server has got another secret.
        if row.keyHash != key_hash:
            row.keyHash, row.created = key_hash, call.now
        return key

    def _is_expired(self, call: Call, created: int) -> bool:
        return bool(self.lifetime) and created <= call.now - self.lifetime


def revoke(session: Session, kind: Kind, number: int) -> None:
    """Make the key of a user or customer worthless; the next login gives out another one."""
    key = session.get(m.RemoteKey, (kind, number), with_for_update=True)
    if key is None:
        session.add(m.RemoteKey(kind=kind, ownerID=number, generation=1))
    else:
        key.keyHash = None
        key.generation += 1
    if kind == "user":
        session.execute(update(m.User).where(m.User.userID == number).values(apikey=None))
    session.flush()


def key_state(session: Session, kind: Kind, number: int) -> dict[str, int | bool | None]:
    """What is known of a key without knowing it.

    :returns: ``generation``: how often it was revoked or has expired; ``given``: whether one was
        given out since; ``created``: when (unix seconds), or None; ``kimaiKey``: whether a key
        that Kimai 1 gave out is valid.
    """
    key = session.get(m.RemoteKey, (kind, number))
    kimai_key = None
    if kind == "user":
        kimai_key = session.scalar(select(m.User.apikey).where(m.User.userID == number))
    given = key is not None and key.keyHash is not None
    return {
        "generation": key.generation if key else 0,
        "given": given,
        "created": key.created if key and given else None,
        "kimaiKey": bool(kimai_key),
    }


@dataclass(frozen=True, slots=True)
class _Counter:
    """Failed logins since the last good one, and the time of the last one."""

    failures: int = 0
    failed_at: int = 0


@dataclass(frozen=True, slots=True)
class _Account:
    """Somebody with a name and a password; or nobody, who counts the failures of unknown names."""

    kind: Literal["user", "customer", "nobody"]
    number: int
    password: str | None
    may_log_in: bool
    counter: _Counter

    def is_banned(self, options: Options, now: int) -> bool:
        return _is_banned(options, now, self.counter.failures, self.counter.failed_at)

    def count_failure(self, call: Call) -> None:
        tries = call.options.login_tries
        # A ban that is over starts counting anew.
        again = self.kind != "nobody" and self.counter.failures >= tries
        self.set_failures(call, 1 if again else None)

    def set_password(self, call: Call, stored: str) -> None:
        model, key = (
            (m.User, m.User.userID) if self.kind == "user" else (m.Customer, m.Customer.customerID)
        )
        call.session.execute(update(model).where(key == self.number).values(password=stored))

    def set_failures(self, call: Call, failures: int | None) -> None:
        """Set the counter, or add one to it (None)."""
        since = 0 if failures == 0 else call.now
        if self.kind == "user":
            value = m.User.ban + 1 if failures is None else failures
            call.session.execute(
                update(m.User)
                .where(m.User.userID == self.number)
                .values({m.User.ban: value, m.User.banTime: since})
            )
            return
        key = m.RemoteKey
        value = key.failures + 1 if failures is None else failures
        counted = call.session.execute(
            update(key)
            .where(key.kind == self.kind, key.ownerID == self.number)
            .values({key.failures: value, key.failedAt: since})
        )
        if not counted.rowcount:  # type: ignore[attr-defined]
            _add_counter(call, self.kind, self.number, since)


_NOBODY = _Account("nobody", 0, None, False, _Counter())


def _add_counter(call: Call, kind: str, number: int, since: int) -> None:
    """The first failure of a customer who never logged in, or of any unknown name."""
    try:
        with call.session.begin_nested():
            call.session.add(m.RemoteKey(kind=kind, ownerID=number, failures=1, failedAt=since))
    except IntegrityError:
        pass  # another unknown name was counted at the same moment; one more or less is the same


def _find(call: Call, username: str) -> _Account:
    """The user of that name, else the only customer of that name who has a password; locked."""
    user = call.session.execute(
        select(
            m.User.userID, m.User.password, m.User.active, m.User.trash, m.User.ban, m.User.banTime
        )
        .where(m.User.name == username)
        .with_for_update()
    ).first()
    customers = call.session.execute(
        select(m.Customer.customerID, m.Customer.password)
        .where(m.Customer.name == username, m.Customer.trash == 0, _has_password())
        .limit(2)
        .with_for_update()
    ).all()
    number, password = customers[0] if len(customers) == 1 else (0, None)
    # Read after the lock, when it has what other attempts have counted.
    counted = call.session.execute(
        select(m.RemoteKey.failures, m.RemoteKey.failedAt).where(
            m.RemoteKey.kind == "customer", m.RemoteKey.ownerID == number
        )
    ).first()
    if user is not None:
        may = bool(user.active) and not user.trash
        counter = _Counter(user.ban, user.banTime)
        return _Account("user", user.userID, user.password, may, counter)
    if number:
        return _Account("customer", number, password, True, _Counter(*(counted or ())))
    return _NOBODY


def _has_password() -> ColumnElement[bool]:
    """SQL condition on customers: the API is open to them."""
    return and_(m.Customer.password.is_not(None), m.Customer.password != "")


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
    if _bans(call, ban, ban_time):
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
        .where(
            valid,  # type: ignore[arg-type]
            m.RemoteKey.kind == "customer",
            m.Customer.trash == 0,
            _has_password(),
        )
    ).first()
    if found is None:
        return None
    number, name, zone, failures, failed_at = found
    if _bans(call, failures, failed_at):
        return None
    return Principal(name, dates.timezone(zone, call.zone), customer_id=number)


_KimaiKey = aliased(m.User)


def _bans(call: Call, failures: int, since: int) -> bool:
    # The usual case reads no options.
    return bool(failures) and _is_banned(call.options, call.now, failures, since)


def _is_banned(options: Options, now: int, failures: int, since: int) -> bool:
    return 0 < options.login_tries <= failures and now - since < options.login_ban_time
