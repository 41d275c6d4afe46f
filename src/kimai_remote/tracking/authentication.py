"""Logging in, API keys, and whose key a call carries. Users and customers alike."""

from __future__ import annotations

import base64
import functools
import hmac
import operator
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from sqlalchemy import (
    Select,
    String,
    Table,
    and_,
    bindparam,
    case,
    func,
    insert,
    literal_column,
    or_,
    select,
    update,
)
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from ..errors import Denied
from ..storage import models as m
from ..storage import prepared_statements
from ..storage.tables import (
    ONE,
    ZERO,
    configuration,
    customers,
    global_roles,
    not_trashed,
    number,
    preferences,
    remote_keys,
    users,
    word,
)
from .collation import collation_key
from .context import OPTIONS, AnonymousContext, Options, Principal, timezone

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

    def identify(
        self, context: AnonymousContext, key: str | None, *, with_options: bool = False
    ) -> Principal:
        """Return the user or customer whose key this is.

        :param with_options: whether to read ``context.options`` in the same statement.

        :raises Denied: nobody's key, an expired one, or of somebody who is trashed, inactive or
            banned.
        """
        if not key or len(key) > KEY_LENGTH:
            raise Denied
        (found,) = prepared_statements.fetch(
            context.connection,
            _IDENTITY_AND_OPTIONS if with_options else _IDENTITY,
            {
                "key": key,
                "key_hash": self.keys.hash(key),
                "oldest": context.now - self.lifetime if self.lifetime else -1,
            },
        )
        user_id, user, customer_id, customer, zone, failures, failed_at, rights, chosen = found[:9]
        if with_options:
            context.options = Options.of(_parsed(found[9]))
        if user_id is None and customer_id is None:
            raise Denied
        # The usual case reads no options.
        if failures and _is_banned(context.options, context.now, failures, failed_at):
            raise Denied
        if user_id is None:
            return Principal(customer, timezone(zone, context.zone), customer_id=customer_id)
        preferred = _parsed(chosen)
        return Principal(
            user,
            timezone(preferred.get("timezone"), context.zone),
            user_id=user_id,
            rights=_rights(rights),
            preferences=preferred,
        )

    def _key(self, context: AnonymousContext, account_type: str, account_id: int) -> str:
        """Return the key; its hash is stored when it is given out for the first time.

        No two logins of an account get here at once, since :func:`_find` locks it.
        """
        connection = context.connection
        if self.shares_keys and not self.lifetime and account_type == "user":
            # Read after the lock: a key that was revoked meanwhile must not be given out.
            kimai_key: str | None = connection.scalar(_KIMAI_KEY, {"account": account_id})
            if kimai_key:
                return kimai_key
        account = {"account_type": account_type, "account": account_id}
        row = connection.execute(_KEY, account).first()
        generation, stored_hash = (0, None) if row is None else (row.generation, row.keyHash)
        if row is not None and stored_hash is not None and self._is_expired(context, row.created):
            generation, stored_hash = generation + 1, None
        key = self.keys.derive(account_type, account_id, generation)
        key_hash = self.keys.hash(key)
        values = {"keyHash": key_hash, "created": context.now, "generation": generation}
        if row is None:
            connection.execute(_ADD_KEY, {"kind": account_type, "ownerID": account_id, **values})
        # It is another one too if the server has got another secret.
        elif stored_hash != key_hash:
            connection.execute(_UPDATE_KEY, {**account, **values})
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
        statement = _UPDATE_USER if self.type == "user" else _UPDATE_CUSTOMER
        context.connection.execute(statement, {"account": self.id, "password": stored})

    def set_failures(self, context: AnonymousContext, failures: int | None) -> None:
        """Set the counter, or add one to it (None)."""
        since = 0 if failures == 0 else context.now
        execute = context.connection.execute
        if self.type == "user":
            if failures is None:
                execute(_COUNT_FAILURE_OF_USER, {"account": self.id, "since": since})
            else:
                values = {"account": self.id, "ban": failures, "banTime": since}
                execute(_UPDATE_USER, values)
            return
        account = {"account_type": self.type, "account": self.id}
        if failures is None:
            counted = execute(_COUNT_FAILURE, {**account, "since": since})
        else:
            counted = execute(_UPDATE_KEY, {**account, "failures": failures, "failedAt": since})
        if not counted.rowcount:
            _add_counter(context, self.type, self.id, since)


_NOBODY = _Account("nobody", 0, None, False, _Counter())


def _add_counter(context: AnonymousContext, account_type: str, account_id: int, since: int) -> None:
    """Count the first failure of a customer who never logged in, or of any unknown name."""
    counter = {"kind": account_type, "ownerID": account_id, "failures": 1, "failedAt": since}
    try:
        with context.connection.begin_nested():
            context.connection.execute(_ADD_KEY, counter)
    except IntegrityError:
        pass  # another unknown name was counted at the same moment; one more or less is the same


def _find(context: AnonymousContext, username: str) -> _Account:
    """Find the user of that name, else the only customer of that name with a password, else the
    user that :func:`_user_named` takes for it; lock it."""
    user_id, is_exact = _user_named(context, username)
    execute = context.connection.execute
    user = execute(_USER_TO_LOG_IN, {"account": user_id}).first()
    named = execute(_CUSTOMERS_TO_LOG_IN, {"username": username}).all()
    customer_id, password = named[0] if len(named) == 1 else (0, None)
    # Read after the lock, when it has what other attempts have counted.
    counted = execute(_FAILURES_OF_CUSTOMER, {"account": customer_id}).first()
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
    named = context.connection.execute(_NAMES, {"username": username}).all()
    wanted = _folded(username)
    similar = [user_id for user_id, name, _ in named if wanted & _folded(name)]
    exact = [user_id for user_id, _, same in named if same]
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


@functools.cache
def _rights(flags: int) -> frozenset[str]:
    """Return the rights whose bit is set; there are no more of such numbers than roles."""
    return frozenset(right for bit, right in enumerate(API_RIGHTS) if flags >> bit & 1)


def _is_banned(options: Options, now: int, failures: int, since: int) -> bool:
    return 0 < options.login_tries <= failures and now - since < options.login_ban_time


# Statements -------------------------------------------------------------------------------------

_IS_USER = users.c.userID == bindparam("account")
_IS_ACCOUNT = and_(
    remote_keys.c.kind == bindparam("account_type"), remote_keys.c.ownerID == bindparam("account")
)
#: The API is open to these customers.
_HAS_PASSWORD = and_(
    customers.c.password.is_not(None), customers.c.password != literal_column("''", String)
)

_is_same = users.c.name == bindparam("username")
_NAMES = select(users.c.userID, users.c.name, _is_same).where(or_(_is_same, not_trashed(users)))
_USER_TO_LOG_IN = (
    select(
        users.c.userID,
        users.c.password,
        users.c.active,
        users.c.trash,
        users.c.ban,
        users.c.banTime,
    )
    .where(_IS_USER)
    .with_for_update()
)
_CUSTOMERS_TO_LOG_IN = (
    select(customers.c.customerID, customers.c.password)
    .where(customers.c.name == bindparam("username"), not_trashed(customers), _HAS_PASSWORD)
    .limit(2)
    .with_for_update()
)
_FAILURES_OF_CUSTOMER = select(remote_keys.c.failures, remote_keys.c.failedAt).where(
    remote_keys.c.kind == word("customer"), remote_keys.c.ownerID == bindparam("account")
)
_COUNT_FAILURE = (
    update(remote_keys)
    .where(_IS_ACCOUNT)
    .values(failures=remote_keys.c.failures + ONE, failedAt=bindparam("since"))
)
_COUNT_FAILURE_OF_USER = (
    update(users).where(_IS_USER).values(ban=users.c.ban + ONE, banTime=bindparam("since"))
)
_UPDATE_USER = update(users).where(_IS_USER)
_UPDATE_CUSTOMER = update(customers).where(customers.c.customerID == bindparam("account"))
_KIMAI_KEY = select(users.c.apikey).where(_IS_USER).with_for_update()
_KEY = (
    select(remote_keys.c.generation, remote_keys.c.keyHash, remote_keys.c.created)
    .where(_IS_ACCOUNT)
    .with_for_update()
)
_ADD_KEY = insert(remote_keys)
_UPDATE_KEY = update(remote_keys).where(_IS_ACCOUNT)

_EQUALS: Any = literal_column("'='", String)
_SEPARATOR: Any = literal_column("'\x1e'", String)


def _stored_texts(table: Table, names: Sequence[str], *conditions: Any) -> Any:
    """Select the values of some options as one text: one row and column cost less than many."""
    pairs = func.aggregate_strings(table.c.option + _EQUALS + table.c.value, _SEPARATOR)
    return (
        select(pairs)
        .where(table.c.option.in_([word(name) for name in names]), *conditions)
        .scalar_subquery()
    )


def _parsed(texts: str | None) -> dict[str, str]:
    """Return values by option, as :func:`_stored_texts` selects them."""
    return {
        option: value
        for option, _, value in (text.partition("=") for text in (texts or "").split("\x1e"))
    }


def _identity(*columns: Any) -> Select[*tuple[Any, ...]]:
    """Select the user or customer who has the key with the hash ``key_hash`` or, given out by
    Kimai, ``key``: one row in any case."""
    nobody = select(ONE.label("one")).subquery()
    kimai_key = users.alias()
    user_id = case(
        (remote_keys.c.kind == word("user"), remote_keys.c.ownerID),
        (
            remote_keys.c.kind.is_(None),
            select(kimai_key.c.userID)
            .where(kimai_key.c.apikey == bindparam("key"))
            .scalar_subquery(),
        ),
    )
    rights = (
        case((global_roles.c[right] != ZERO, number(1 << position)), else_=ZERO)
        for position, right in enumerate(API_RIGHTS)
    )
    return (
        select(
            users.c.userID,
            users.c.name,
            customers.c.customerID,
            customers.c.name,
            customers.c.timezone,
            func.coalesce(users.c.ban, remote_keys.c.failures),
            func.coalesce(users.c.banTime, remote_keys.c.failedAt),
            functools.reduce(operator.add, rights),
            _stored_texts(preferences, API_PREFERENCES, preferences.c.userID == users.c.userID),
            *columns,
        )
        .select_from(nobody)
        .outerjoin(
            remote_keys,
            and_(
                nobody.c.one == ONE,
                remote_keys.c.keyHash == bindparam("key_hash"),
                remote_keys.c.created > bindparam("oldest"),
            ),
        )
        .outerjoin(
            users, and_(users.c.userID == user_id, users.c.active == ONE, not_trashed(users))
        )
        .outerjoin(
            customers,
            and_(
                remote_keys.c.kind == word("customer"),
                customers.c.customerID == remote_keys.c.ownerID,
                not_trashed(customers),
                _HAS_PASSWORD,
            ),
        )
        .outerjoin(global_roles, global_roles.c.globalRoleID == users.c.globalRoleID)
    )


_IDENTITY = _identity()
_IDENTITY_AND_OPTIONS = _identity(_stored_texts(configuration, OPTIONS))
