"""Logging in, API keys, and whose key a call carries. Users and customers alike."""

from __future__ import annotations

import base64
import functools
import hmac
import operator
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Literal, Protocol, TypeVar

from sqlalchemy import (
    Connection,
    Insert,
    Row,
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
from sqlalchemy.orm import Session

from ..errors import Denied
from ..storage import dialects, prepared_statements
from ..storage import models as m
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
from .collation import collation_key, loose_key
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


#: Seconds that the clocks of servers of one database may differ.
_CLOCK_DIFFERENCE = 300
#: Attempts at a login whose account got another password while one was checked.
_CHECKS = 3
#: Rows that count unknown names. With one for all, a login with an unknown name would wait for all
#: others that end at the same moment.
_ROWS_OF_NOBODY = 256
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


T = TypeVar("T")


class Transact(Protocol):
    """Runs a function in a transaction of its own, as :meth:`.Database.execute` does."""

    def __call__(self, work: Callable[[AnonymousContext], T], *, writes: bool) -> T: ...


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

    def pseudonym(self, purpose: str, text: str) -> str:
        """Return what stands for a text where others may read it: all servers agree on it."""
        return self._digest(purpose, text).hex()[:32]

    def number(self, purpose: str, text: str, limit: int) -> int:
        """Return a number below a limit: the same for the same text, and unknown to clients."""
        return int.from_bytes(self._digest(purpose, text)) % limit

    @property
    def fingerprint(self) -> str:
        """What the secret can be compared by, but not found out."""
        return self.pseudonym("fingerprint", "")

    def _digest(self, purpose: str, text: str) -> bytes:
        message = f"kimai-remote:{purpose}:{text}".encode("utf-8", "surrogatepass")
        return hmac.digest(self._secret, message, "sha256")


class BannedInFuture(Denied):
    """The account of a key is banned from a time on that is in the future: a clock was ahead.

    Such a ban begins now, else it would last until ``loginBanTime`` after that time.
    """

    def __init__(self, account_type: AccountType, account_id: int, now: int) -> None:
        super().__init__()
        self._statement = _BEGIN_BAN[account_type]
        self._values = {"account": account_id, "now": now}

    def begin_ban(self, connection: Connection) -> None:
        """Have the ban begin now."""
        connection.execute(self._statement, self._values)


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

    def authenticate(self, transact: Transact, username: str, password: str) -> Login:
        """Return the API key of the user or customer with that name and password.

        No transaction is open while a password is checked or hashed, so a login delays no other
        call. The account is read before, and locked afterwards for as long as it takes to count.
        What counts is what it is then: of many attempts at once, each sees those before it.

        Whether the name exists or not, an attempt takes the same steps: a transaction that reads,
        one password check, and a transaction of as many statements, whose third locks one row.
        """
        # No name is longer. Of a longer one, no more is read than what makes it longer.
        username = username[: _LONGEST_NAME + 1]
        for _ in range(_CHECKS):
            account = transact(partial(self._find, username=username), writes=False)
            matches = self.passwords.matches(password, account.password)
            complete = partial(self._complete, account=account, matches=matches)
            login = transact(complete, writes=True)
            if login is not None:
                break
        else:
            return Login(None, account.type, "password changed meanwhile")
        # Not before: it takes as long as a check, which would tell that a password was right.
        stored = account.password or ""
        if login.key and self.upgrades and self.passwords.needs_rehash(stored):
            rehashed = self.passwords.hash(password)
            transact(partial(account.replace_password, old=stored, new=rehashed), writes=True)
        return login

    def _find(self, context: AnonymousContext, username: str) -> _Account:
        """Return the user of that name, else the only customer of that name with a password, else
        the user that :func:`_user_named` takes for it, else nobody."""
        user_id, is_exact = _user_named(context, username)
        user = context.connection.execute(_USER_TO_CHECK, {"account": user_id}).first()
        named = context.connection.execute(_CUSTOMERS_TO_CHECK, {"username": username}).all()
        row = self.keys.number("unknown name", username, _ROWS_OF_NOBODY)
        if user is not None and (is_exact or len(named) != 1):
            return _Account("user", user_id, user.password, row)
        if len(named) == 1:
            return _Account("customer", *named[0], row)
        return _Account("nobody", row, None, row)

    def _complete(
        self, context: AnonymousContext, account: _Account, matches: bool
    ) -> Login | None:
        """Return the result of an attempt whose password was checked, and count it.

        :param matches: whether the password was that of ``account``.
        :returns: None if it was, but the account has another one by now.
        """
        options = context.options  # read before anything is locked
        state, key = account.lock(context)
        failures, failed_at = state.failures, state.failed_at
        if is_banned(options, context.now, failures, failed_at):
            if failed_at > context.now:
                account.set_failures(context, failures)
            else:
                _count_unknown(context, account.row_of_nobody)
            return Login(None, account.type, "banned")
        if not state.may_log_in:
            _count_unknown(context, account.row_of_nobody)
            reason = "unknown name" if account.type == "nobody" else "account closed"
            return Login(None, account.type, reason)
        if not matches:
            # A ban that is over starts counting anew.
            again = failures >= options.login_tries
            account.set_failures(context, 1 if again else failures + 1)
            return Login(None, account.type, "wrong password")
        if state.password != account.password:
            return None
        if failures:
            account.set_failures(context, 0)
        if self.shares_keys and not self.lifetime and state.kimai_key:
            return Login(state.kimai_key, account.type)
        return Login(self._key(context, account, key), account.type)

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
                **self._valid_times(context.now),
            },
        )
        user_id, user, customer_id, customer, zone, failures, failed_at, rights, chosen = found[:9]
        if with_options:
            context.options = Options.of(_parsed(found[9]))
        if user_id is None and customer_id is None:
            raise Denied
        # The usual case reads no options.
        if failures and is_banned(context.options, context.now, failures, failed_at):
            if failed_at > context.now:
                if user_id is None:
                    raise BannedInFuture("customer", customer_id, context.now)
                raise BannedInFuture("user", user_id, context.now)
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

    def _key(self, context: AnonymousContext, account: _Account, row: Row | None) -> str:
        """Return the key; its hash is stored when it is given out for the first time.

        :param row: what is stored of the key. No two logins of an account get here at once, since
            it is locked.
        """
        generation, stored_hash = (0, None) if row is None else (row[0], row[1])
        if row is not None and stored_hash is not None:
            times = self._valid_times(context.now)
            if not times["oldest"] < row[2] <= times["newest"]:  # it has expired
                generation, stored_hash = generation + 1, None
        key = self.keys.derive(account.type, account.id, generation)
        key_hash = self.keys.hash(key)
        values = {"keyHash": key_hash, "created": context.now, "generation": generation}
        if row is None:
            owner = {"kind": account.type, "ownerID": account.id}
            context.connection.execute(_ADD_KEY, {**owner, **values})
        # It is another one too if the server has got another secret.
        elif stored_hash != key_hash:
            context.connection.execute(_UPDATE_KEY, {**account.as_parameters, **values})
        return key

    def _valid_times(self, now: int) -> dict[str, int]:
        """Return between which times a key that is valid was made. One from the future, when a
        clock was ahead, isn't: it would be valid for longer than the lifetime."""
        if not self.lifetime:
            return {"oldest": -1, "newest": 2**31 - 1}
        return {"oldest": now - self.lifetime, "newest": now + _CLOCK_DIFFERENCE}


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


def forget_keys(session: Session) -> int:
    """Remove what is stored of all keys, which no secret will derive again.

    Keys that Kimai 1 gave out stay valid.

    :returns: their number.
    """
    is_given = m.RemoteKey.keyHash.is_not(None)
    keys = session.scalar(select(func.count()).select_from(m.RemoteKey).where(is_given)) or 0
    session.execute(update(m.RemoteKey).where(is_given).values(keyHash=None))
    return keys


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
class _State:
    """What is stored of a locked account."""

    #: Failed logins since the last good one, and the time of the last one.
    failures: int = 0
    failed_at: int = 0
    may_log_in: bool = False
    password: str | None = None
    #: The key that Kimai gave out.
    kimai_key: str | None = None


@dataclass(frozen=True, slots=True)
class _Account:
    """An account with a name and a password; type ``nobody`` counts failures of unknown names."""

    type: Literal["user", "customer", "nobody"]
    id: int
    #: As it was read before the check.
    password: str | None
    #: ID of the counter that is written where none of the account may be.
    row_of_nobody: int

    @property
    def as_parameters(self) -> dict[str, Any]:
        return {"account_type": self.type, "account": self.id}

    def lock(self, context: AnonymousContext) -> tuple[_State, Row | None]:
        """Lock the account; return what is stored of it and of its key."""
        row = context.connection.execute(_LOCK[self.type], {"account": self.id}).first()
        key = context.connection.execute(_KEY, self.as_parameters).first()
        if self.type == "user":
            return _State() if row is None else _State(*row), key
        if self.type == "nobody" or row is None:
            return _State(), key
        failures, failed_at = (0, 0) if key is None else key[3:]
        return _State(failures, failed_at, True, *row), key

    def set_failures(self, context: AnonymousContext, failures: int) -> None:
        """Set the counter of a locked account."""
        failed_at = context.now if failures else 0
        if self.type == "user":
            values = {"account": self.id, "ban": failures, "banTime": failed_at}
            context.connection.execute(_UPDATE_USER, values)
            return
        counter = {"kind": self.type, "ownerID": self.id, "failures": failures}
        context.connection.execute(
            _set_counter(dialects.of(context.connection)), {**counter, "failedAt": failed_at}
        )

    def replace_password(self, context: AnonymousContext, old: str, new: str) -> None:
        """Store a hash in place of another one, unless that has been replaced meanwhile."""
        statement = _REHASH_OF_USER if self.type == "user" else _REHASH_OF_CUSTOMER
        context.connection.execute(statement, {"account": self.id, "old": old, "password": new})


def _count_unknown(context: AnonymousContext, row: int) -> None:
    """Write a counter of unknown names, so that a failure that counts for no account takes as long
    as others. Nothing reads its number."""
    _Account("nobody", row, None, row).set_failures(context, 1)


@functools.cache
def _set_counter(dialect: dialects.Dialect) -> Insert:
    """Return the statement that sets a counter, whether it exists or not: from a second statement
    at the first failure, one could tell whose it is."""
    return dialect.insert_or_update(remote_keys, "failures", "failedAt")


def comparable(username: str) -> str:
    """Return the form of a name in which those that are the same are equal."""
    return loose_key(username[: _LONGEST_NAME + 1])


def _user_named(context: AnonymousContext, username: str) -> tuple[int, bool]:
    """Return the ID of the user with that name, and whether the database takes it for the same.

    If not, it is the only user who isn't trashed and has the name as MariaDB compares it for Kimai:
    without regard to case, accents and spaces at the end. It is -1 if there is none. All names are
    read in any case, so that a client can't tell from the time which exist.
    """
    named = prepared_statements.fetch(context.connection, _NAMES, {"username": username})
    wanted = _folded(username)
    similar = [
        user_id
        for user_id, name, _ in named
        # The usual name takes a tenth of the time so.
        if (name.rstrip(" ").upper() in wanted if name.isascii() else wanted & _folded(name))
    ]
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


def is_banned(options: Options, now: int, failures: int, since: int) -> bool:
    """Return whether so many failures, the last one ``since`` then, are a ban.

    It is one too if ``since`` is in the future, because a clock was ahead. Whoever finds such a ban
    has it begin now.
    """
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
_USER_TO_CHECK = select(users.c.password).where(_IS_USER)
_CUSTOMERS_TO_CHECK = (
    select(customers.c.customerID, customers.c.password)
    .where(customers.c.name == bindparam("username"), not_trashed(customers), _HAS_PASSWORD)
    .limit(2)
)
_IS_CUSTOMER = customers.c.customerID == bindparam("account")
_LOCK = {
    "user": select(
        users.c.ban,
        users.c.banTime,
        and_(users.c.active == ONE, not_trashed(users)),
        users.c.password,
        users.c.apikey,
    )
    .where(_IS_USER)
    .with_for_update(),
    "customer": select(customers.c.password)
    .where(_IS_CUSTOMER, not_trashed(customers))
    .with_for_update(),
    "nobody": select(remote_keys.c.failures)
    .where(remote_keys.c.kind == word("nobody"), remote_keys.c.ownerID == bindparam("account"))
    .with_for_update(),
}
_KEY = (
    select(
        remote_keys.c.generation,
        remote_keys.c.keyHash,
        remote_keys.c.created,
        remote_keys.c.failures,
        remote_keys.c.failedAt,
    )
    .where(_IS_ACCOUNT)
    .with_for_update()
)
_UPDATE_USER = update(users).where(_IS_USER)
_BEGIN_BAN = {
    "user": _UPDATE_USER.where(users.c.banTime > bindparam("now")).values(banTime=bindparam("now")),
    "customer": update(remote_keys)
    .where(
        remote_keys.c.kind == word("customer"),
        remote_keys.c.ownerID == bindparam("account"),
        remote_keys.c.failedAt > bindparam("now"),
    )
    .values(failedAt=bindparam("now")),
}
_REHASH_OF_USER = update(users).where(_IS_USER, users.c.password == bindparam("old"))
_REHASH_OF_CUSTOMER = update(customers).where(
    _IS_CUSTOMER, customers.c.password == bindparam("old")
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
                remote_keys.c.created <= bindparam("newest"),
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
