"""Logging in, and recognising who a key belongs to."""

from __future__ import annotations

from sqlalchemy import func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import aliased

from ..errors import Denied
from ..storage import models as m
from . import dates
from .call import Call, Principal, granted
from .credentials import KEY_LENGTH

#: The global rights that the API asks for.
API_RIGHTS = (
    "core-user-otherGroup-view",
    "adminPanel_extension-editAdvanced",
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


def authenticate(call: Call, username: str, password: str) -> str | None:
    """The API key of a user, or None where name and password are not a user's who may log in.

    Counts failures, so the transaction is to be committed in both cases.
    """
    user = call.session.execute(
        select(
            m.User.userID, m.User.password, m.User.active, m.User.trash, m.User.ban, m.User.banTime
        ).where(m.User.name == username)
    ).first()
    fits = call.credentials.check_password(password, user.password if user else None)
    if user is None or not user.active or user.trash:
        return None
    if _is_banned(call, user.ban, user.banTime):
        return None
    if not fits:
        # A ban that is over starts counting anew.
        over = user.ban >= call.options.login_tries
        failures = 1 if over else m.User.ban + 1
        _set(call, user.userID, ban=failures, banTime=call.now)
        return None
    if user.ban:
        _set(call, user.userID, ban=0, banTime=0)
    return _key(call, user.userID)


def identify(call: Call, key: str | None) -> Principal:
    """The user whose key this is.

    :raises Denied: nobody's key, or of a user who is trashed, inactive or banned.
    """
    if not key or len(key) > KEY_LENGTH:
        raise Denied
    role = m.GlobalRole.__table__.c
    owner = func.coalesce(
        select(m.RemoteKey.userID)
        .where(m.RemoteKey.keyHash == call.credentials.key_hash(key))
        .scalar_subquery(),
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
        raise Denied
    user_id, name, ban, ban_time, zone, *flags = found
    if _is_banned(call, ban, ban_time):
        raise Denied
    return Principal(
        user_id,
        name,
        dates.timezone(zone, call.zone),
        granted(API_RIGHTS, flags),
    )


_KimaiKey = aliased(m.User)


def _is_banned(call: Call, failures: int, since: int) -> bool:
    if not failures:
        return False
    options = call.options
    return (
        0 < options.login_tries <= failures and call.now - since < options.login_ban_time
    )  # fmt: skip


def _set(call: Call, user_id: int, **values: object) -> None:
    call.session.execute(update(m.User).where(m.User.userID == user_id).values(**values))


def _key(call: Call, user_id: int) -> str:
    """The user's key; its hash is stored when it is given out for the first time."""
    stored = select(m.RemoteKey.generation).where(m.RemoteKey.userID == user_id)
    generation = call.session.scalar(stored)
    if generation is None:
        generation = 0
        key_hash = call.credentials.key_hash(call.credentials.api_key(user_id, generation))
        try:
            with call.session.begin_nested():
                call.session.add(
                    m.RemoteKey(keyHash=key_hash, userID=user_id, generation=0, created=call.now)
                )
        except IntegrityError:
            # Another login of the same user was faster.
            generation = call.session.scalar(stored) or 0
    return call.credentials.api_key(user_id, generation)
