"""The kinds of objects that are administrated, and where they are kept."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import literal, select
from sqlalchemy.orm import Session

from ...errors import NotFound, Refused
from ...storage import models as m


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of object.

    :param key: column of its number.
    :param name: column of its name.
    :param trashes: whether it is put into the trash instead of being removed.
    """

    noun: str
    plural: str
    model: type[m.Base]
    key: str
    name: str = "name"
    trashes: bool = True

    @property
    def columns(self) -> Any:
        return self.model.__table__.c

    @property
    def key_column(self) -> Any:
        return self.columns[self.key]

    @property
    def name_column(self) -> Any:
        return self.columns[self.name]

    def label(self, entity: Any) -> str:
        """How people are told of an object: its name and number."""
        return f"{self.noun} {getattr(entity, self.name)!r} ({getattr(entity, self.key)})"


USER = Kind("user", "users", m.User, "userID")
CUSTOMER = Kind("customer", "customers", m.Customer, "customerID")
PROJECT = Kind("project", "projects", m.Project, "projectID")
ACTIVITY = Kind("activity", "activities", m.Activity, "activityID")
GROUP = Kind("group", "groups", m.Group, "groupID")
STATUS = Kind("status", "statuses", m.Status, "statusID", name="status", trashes=False)
GLOBAL_ROLE = Kind("global role", "global roles", m.GlobalRole, "globalRoleID", trashes=False)
MEMBERSHIP_ROLE = Kind(
    "membership role", "membership roles", m.MembershipRole, "membershipRoleID", trashes=False
)

#: The tables that say what belongs to a group.
GROUP_LINKS: dict[Kind, type[m.Base]] = {
    USER: m.GroupUser,
    CUSTOMER: m.GroupCustomer,
    PROJECT: m.GroupProject,
    ACTIVITY: m.GroupActivity,
}


_NUMBER = re.compile(r"(id:)?(\d{1,10})", re.ASCII)
#: Characters of a name that is shown in an error.
_LONGEST = 60


def find(session: Session, kind: Kind, given: str, *, trash: bool | None = None) -> Any:
    """The object that somebody means.

    :param given: its number, ``id:`` and its number, or its name as it is written. Names are
        compared here and not by the database, so that all databases find the same.
    :param trash: True for one in the trash, False for one that isn't; by default one in the trash
        is found where no other has the name.
    :raises NotFound: there is none; the text names those of a similar name.
    :raises Refused: several have this name; the text lists them.
    """
    trashed = kind.columns["trash"] if kind.trashes else literal(0)
    everything = session.execute(
        select(kind.key_column, kind.name_column, trashed).order_by(kind.key_column)
    ).all()
    found = _matching(everything, given)
    wanted = [row for row in found if trash is None or bool(row[2]) is trash]
    if found and not wanted:
        state = "isn't in the trash" if trash else "is in the trash"
        raise NotFound(f"The {kind.noun} {_shown(given)} {state}.")
    if trash is None and len(wanted) > 1:
        wanted = [row for row in wanted if not row[2]] or wanted
    if not wanted:
        names = [row[1] for row in everything if not row[2]]
        raise NotFound(f"There is no {kind.noun} {_shown(given)}.{suggestion(given, names)}")
    if len(wanted) > 1:
        raise Refused(
            f"{_shown(given)} may be each of these {kind.plural}: "
            f"{_candidates(session, kind, wanted)}. Name it by its number, as in id:{wanted[0][0]}."
        )
    return session.get(kind.model, wanted[0][0])


def suggestion(given: str, known: Iterable[str]) -> str:
    """`` Did you mean 'Acme'?``, or nothing where no known name is similar."""
    folded = {name.casefold(): name for name in known}
    near = difflib.get_close_matches(given.casefold()[:200], folded, n=3)
    return f" Did you mean {' or '.join(repr(folded[name]) for name in near)}?" if near else ""


def _matching(rows: Sequence[Any], given: str) -> list[Any]:
    number = _NUMBER.fullmatch(given)
    by_number = [row for row in rows if number and row[0] == int(number[2])]
    if number and number[1]:
        return by_number
    by_name = [row for row in rows if row[1] == given and row not in by_number]
    return by_number + by_name


def _candidates(session: Session, kind: Kind, rows: Sequence[Any]) -> str:
    places: dict[int, str] = {}
    if kind is PROJECT:
        owner = select(m.Project.projectID, m.Customer.name).join(
            m.Customer, m.Customer.customerID == m.Project.customerID
        )
        found = session.execute(owner.where(m.Project.projectID.in_([row[0] for row in rows])))
        places = {number: f" of {CUSTOMER.noun} {name!r}" for number, name in found}
    return ", ".join(f"{row[0]} {row[1]!r}{places.get(row[0], '')}" for row in rows)


def _shown(given: str) -> str:
    return repr(given if len(given) <= _LONGEST else given[: _LONGEST - 1] + "…")
