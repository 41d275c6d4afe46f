"""Logging in, API keys, and whose key a call carries. Users and customers alike."""

from __future__ import annotations

import base64
import hmac
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from sqlalchemy import ColumnElement, and_, func, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, aliased

from ..errors import Denied
from ..storage import models as m
from .collation import collation_key
from .context import AnonymousContext, Options, Principal, granted, timezone

if TYPE_CHECKING:  # a command that revokes a key needs no Argon2
    from .passwords import PasswordHasher

AccountType = Literal["user", "customer"]

#: Kimai's column for keys holds 30 characters; of base32 that is 150 bits.
KEY_LENGTH = 30

#: The global rights that the API asks for.
API_RIGHTS = (
    "core-user-otherGroup-view",
    "ki_timesheet-access",
    "ki_timesheets-showRates",
    "ki_timesheets-editRates",
    "ki_expenses-access",
    *(
        f"{subject}-{owner}-{action}"
        for subject in ("ki_timesheets", "ki_expenses")
        for owner in ("ownEntry", "otherEntry-otherGroup")
        for action in ("add", "edit", "delete")
    ),
)


#: Characters of the longest name that can be stored, with each accent as a character of its own.
_LONGEST_NAME = 4 * 160
#: The preferences of a user that the API follows.
API_PREFERENCES = (
    "timezone",
    "ui.defaultLocation",
    "ui.flip_project_display",
    "ui.hideClearedEntries",
    "ui.rowlimit",
)


class ApiKeyDeriver:
    """Derives API keys from a secret, so that every process agrees on them without a database.

    :param secret: at least 16 bytes known to the server alone.
    """

    def __init__(self, secret: bytes) -> None:
        if len(secret) < 16:
            raise ValueError("the secret is shorter than 16 bytes")
        self._secret = secret

    def derive(self, account_type: str, account_id: int, generation: int) -> str:
        """Return the API key of an account: the same until the generation is counted up."""
        digest = self._digest("key", f"{account_type}:{account_id}:{generation}")
        return base64.b32encode(digest).decode("ascii").lower()[:KEY_LENGTH]

    def hash(self, key: str) -> str:
        """Return what the database stores of a key: it can be compared, not turned back."""
        return self._digest("hash", key).hex()

    def _digest(self, purpose: str, text: str) -> bytes:
        message = f"kimai-remote:{purpose}:{text}".encode("utf-8", "surrogatepass")
        return hmac.digest(self._secret, message, "sha256")


@dataclass(frozen=True, slots=True)
class Login:
    """The result of an attempt to log in."""

    #: None where it failed.
    key: str | None
    #: The type of account that has the name: ``user``, ``customer`` or ``nobody``.
    account_type: str
    #: Why it failed; for the log, never for the client.
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Authenticator:
    """Checks passwords and API keys.

    :param lifetime: seconds after which a key expires; 0 for never.
    :param upgrades: whether a password that Kimai stored (MD5) is stored anew (Argon2id) when its
        owner logs in. Kimai's PHP can't check it any more then.
    :param shares_keys: whether a user who has a key of Kimai's gets that one, so that it works in
        Kimai's PHP too. Not where keys expire: Kimai's can't.
    """

    keys: ApiKeyDeriver
    passwords: PasswordHasher
    lifetime: int = 0
    upgrades: bool = True
    shares_keys: bool = False

    def authenticate(self, context: AnonymousContext, username: str, password: str) -> Login:
        """Return the API key of the user or customer with that name and password.

        Counts failures, so the transaction is to be committed in both cases. Takes the same steps
        whether the name exists or not: five queries, a password check and, on failure, one counter.
        The account stays locked from the second query on, which reads its failures: of many
        attempts at once, each sees those before it.
        """
        account = _find(context, username)
        banned = account.is_banned(context.options, context.now)
        matches = self.passwords.matches(password, account.password)
        if banned or not account.may_log_in:
            _NOBODY.count_failure(context)
            closed = "banned" if banned else "account closed"
            return Login(None, account.type, "unknown name" if account is _NOBODY else closed)
        if not matches:
            account.count_failure(context)
            return Login(None, account.type, "wrong password")
        if account.counter.failures:
            account.set_failures(context, 0)
        stored = account.password or ""
        if self.upgrades and self.passwords.needs_rehash(stored):
            account.set_password(context, self.passwords.hash(password))
        return Login(self._key(context, account.type, account.id), account.type)

    def identify(self, context: AnonymousContext, key: str | None) -> Principal:
        """Return the user or customer whose key this is.

        :raises Denied: nobody's key, an expired one, or of somebody who is trashed, inactive or
            banned.
        """
        if not key or len(key) > KEY_LENGTH:
            raise Denied
        key_hash = self.keys.hash(key)
        valid = and_(
            m.RemoteKey.keyHash == key_hash,
            m.RemoteKey.created > (context.now - self.lifetime if self.lifetime else -1),
        )
        principal = _user(context, key, valid) or _customer(context, valid)
        if principal is None:
            raise Denied
        return principal

    def _key(self, context: AnonymousContext, account_type: str, account_id: int) -> str:
        """Return the key; its hash is stored when it is given out for the first time.

        No two logins of an account get here at once, since :func:`_find` locks it.
        """
        if self.shares_keys and not self.lifetime and account_type == "user":
            # Read after the lock: a key that was revoked meanwhile must not be given out.
            kimai_key = context.session.scalar(
                select(m.User.apikey).where(m.User.userID == account_id).with_for_update()
            )
            if kimai_key:
                return kimai_key
        row = context.session.get(m.RemoteKey, (account_type, account_id), with_for_update=True)
        if row is None:
            row = m.RemoteKey(kind=account_type, ownerID=account_id, generation=0)
            context.session.add(row)
        elif row.keyHash is not None and self._is_expired(context, row.created):
            row.generation += 1
            row.keyHash = None
        key = self.keys.derive(account_type, account_id, row.generation)
        key_hash = self.keys.hash(key)
        # It is another one too if the server has got another secret.
        if row.keyHash != key_hash:
            row.keyHash, row.created = key_hash, context.now
        return key

    def _is_expired(self, context: AnonymousContext, created: int) -> bool:
        return bool(self.lifetime) and created <= context.now - self.lifetime


def revoke(session: Session, account_type: AccountType, account_id: int) -> None:
    """Revoke the key of a user or customer; the next login gives out another one."""
    key = session.get(m.RemoteKey, (account_type, account_id), with_for_update=True)
    if key is None:
        session.add(m.RemoteKey(kind=account_type, ownerID=account_id, generation=1))
    else:
        key.keyHash = None
        key.generation += 1
    if account_type == "user":
        session.execute(update(m.User).where(m.User.userID == account_id).values(apikey=None))
    session.flush()


def key_state(
    session: Session, account_type: AccountType, account_id: int
) -> dict[str, int | bool | None]:
    """Return what is stored about a key.

    :returns: ``generation``: how often it was revoked or has expired; ``given``: whether one was
        given out since; ``created``: when (unix seconds), or None; ``kimaiKey``: whether a key
        that Kimai 1 gave out is valid.
    """
    key = session.get(m.RemoteKey, (account_type, account_id))
    kimai_key = None
    if account_type == "user":
        kimai_key = session.scalar(select(m.User.apikey).where(m.User.userID == account_id))
    is_given = key is not None and key.keyHash is not None
    return {
        "generation": key.generation if key else 0,
        "given": is_given,
        "created": key.created if key and is_given else None,
        "kimaiKey": bool(kimai_key),
    }


@dataclass(frozen=True, slots=True)
class _Counter:
    """Failed logins since the last good one, and the time of the last one."""

    failures: int = 0
    failed_at: int = 0


@dataclass(frozen=True, slots=True)
class _Account:
    """An account with a name and a password; type ``nobody`` counts failures of unknown names."""

    type: Literal["user", "customer", "nobody"]
    id: int
    password: str | None
    may_log_in: bool
    counter: _Counter

    def is_banned(self, options: Options, now: int) -> bool:
        return _is_banned(options, now, self.counter.failures, self.counter.failed_at)

    def count_failure(self, context: AnonymousContext) -> None:
        tries = context.options.login_tries
        # A ban that is over starts counting anew.
        again = self.type != "nobody" and self.counter.failures >= tries
        self.set_failures(context, 1 if again else None)

    def set_password(self, context: AnonymousContext, stored: str) -> None:
        model, key = (
            (m.User, m.User.userID) if self.type == "user" else (m.Customer, m.Customer.customerID)
        )
        context.session.execute(update(model).where(key == self.id).values(password=stored))

    def set_failures(self, context: AnonymousContext, failures: int | None) -> None:
        """Set the counter, or add one to it (None)."""
        since = 0 if failures == 0 else context.now
        if self.type == "user":
            value = m.User.ban + 1 if failures is None else failures
            context.session.execute(
                update(m.User)
                .where(m.User.userID == self.id)
                .values({m.User.ban: value, m.User.banTime: since})
            )
            return
        key = m.RemoteKey
        value = key.failures + 1 if failures is None else failures
        counted = context.session.execute(
            update(key)
            .where(key.kind == self.type, key.ownerID == self.id)
            .values({key.failures: value, key.failedAt: since})
        )
        if not counted.rowcount:  # type: ignore[attr-defined]
            _add_counter(context, self.type, self.id, since)


_NOBODY = _Account("nobody", 0, None, False, _Counter())


def _add_counter(context: AnonymousContext, account_type: str, account_id: int, since: int) -> None:
    """Count the first failure of a customer who never logged in, or of any unknown name."""
    try:
        with context.session.begin_nested():
            context.session.add(
                m.RemoteKey(kind=account_type, ownerID=account_id, failures=1, failedAt=since)
            )
    except IntegrityError:
        pass  # another unknown name was counted at the same moment; one more or less is the same


def _find(context: AnonymousContext, username: str) -> _Account:
    """Find the user of that name, else the only customer of that name with a password, else the
    user that :func:`_user_named` takes for it; lock it."""
    user_id, is_exact = _user_named(context, username)
    user = context.session.execute(
        select(
            m.User.userID, m.User.password, m.User.active, m.User.trash, m.User.ban, m.User.banTime
        )
        .where(m.User.userID == user_id)
        .with_for_update()
    ).first()
    customers = context.session.execute(
        select(m.Customer.customerID, m.Customer.password)
        .where(m.Customer.name == username, m.Customer.trash == 0, _has_password())
        .limit(2)
        .with_for_update()
    ).all()
    customer_id, password = customers[0] if len(customers) == 1 else (0, None)
    # Read after the lock, when it has what other attempts have counted.
    counted = context.session.execute(
        select(m.RemoteKey.failures, m.RemoteKey.failedAt).where(
            m.RemoteKey.kind == "customer", m.RemoteKey.ownerID == customer_id
        )
    ).first()
    if user is not None and (is_exact or not customer_id):
        may_log_in = bool(user.active) and not user.trash
        counter = _Counter(user.ban, user.banTime)
        return _Account("user", user.userID, user.password, may_log_in, counter)
    if customer_id:
        return _Account("customer", customer_id, password, True, _Counter(*(counted or ())))
    return _NOBODY


def _user_named(context: AnonymousContext, username: str) -> tuple[int, bool]:
    """Return the ID of the user with that name, and whether the database takes it for the same.

    If not, it is the only user who isn't trashed and has the name as MariaDB compares it for Kimai:
    without regard to case, accents and spaces at the end. It is -1 if there is none. All names are
    read in any case, so that a client can't tell from the time which exist.
    """
    is_same = m.User.name == username
    users = context.session.execute(
        select(m.User.userID, m.User.name, is_same).where(or_(is_same, m.User.trash == 0))
    ).all()
    wanted = _folded(username)
    similar = [user_id for user_id, name, _ in users if wanted & _folded(name)]
    exact = [user_id for user_id, _, same in users if same]
    if exact:
        return exact[0], True
    return (similar[0] if len(similar) == 1 else -1), False


def _folded(name: str) -> frozenset[str]:
    """Return what a name is compared by: of the same names, one form at least is the same.

    ``utf8_general_ci`` takes ß for s, ``utf8_unicode_ci`` for ss. A name longer than any stored one
    has no form: anybody may send one, and forms stay in memory.
    """
    name = name.rstrip(" ")
    if len(name) > _LONGEST_NAME:
        return frozenset()
    two_letters = name.replace("ß", "ss").replace("ẞ", "SS")
    return frozenset({collation_key(name), collation_key(two_letters)})


def _has_password() -> ColumnElement[bool]:
    """SQL condition on customers: the API is open to them."""
    return and_(m.Customer.password.is_not(None), m.Customer.password != "")


def _user(context: AnonymousContext, key: str, valid: object) -> Principal | None:
    role = m.GlobalRole.__table__.c
    owner = func.coalesce(
        select(m.RemoteKey.ownerID).where(valid, m.RemoteKey.kind == "user").scalar_subquery(),  # type: ignore[arg-type]
        # A key that Kimai gave out.
        select(_KimaiKey.userID).where(_KimaiKey.apikey == key).scalar_subquery(),
    )
    preference = m.Preference
    rows = context.session.execute(
        select(
            preference.option,
            preference.value,
            m.User.userID,
            m.User.name,
            m.User.ban,
            m.User.banTime,
            *(role[right] for right in API_RIGHTS),
        )
        .outerjoin(m.GlobalRole, role.globalRoleID == m.User.globalRoleID)
        # A row for each preference of the user's.
        .outerjoin(
            preference,
            and_(preference.userID == m.User.userID, preference.option.in_(API_PREFERENCES)),
        )
        .where(m.User.userID == owner, m.User.active == 1, m.User.trash == 0)
    ).all()
    if not rows:
        return None
    user_id, name, ban, ban_time, *flags = rows[0][2:]
    if _bans(context, ban, ban_time):
        return None
    preferences = {option: value for option, value, *_ in rows if option is not None}
    return Principal(
        name,
        timezone(preferences.get("timezone"), context.zone),
        user_id=user_id,
        rights=granted(API_RIGHTS, flags),
        preferences=preferences,
    )


def _customer(context: AnonymousContext, valid: object) -> Principal | None:
    row = context.session.execute(
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
    if row is None:
        return None
    customer_id, name, zone, failures, failed_at = row
    if _bans(context, failures, failed_at):
        return None
    return Principal(name, timezone(zone, context.zone), customer_id=customer_id)


_KimaiKey = aliased(m.User)


def _bans(context: AnonymousContext, failures: int, since: int) -> bool:
    # The usual case reads no options.
    return bool(failures) and _is_banned(context.options, context.now, failures, since)


def _is_banned(options: Options, now: int, failures: int, since: int) -> bool:
    return 0 < options.login_tries <= failures and now - since < options.login_ban_time
