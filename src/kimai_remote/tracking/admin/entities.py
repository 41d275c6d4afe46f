"""The types of objects that are administered, their tables, and looking them up."""

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
class EntityType:
    """A type of object that is administered.

    :param key: column of its ID.
    :param name: column of its name.
    :param trashes: whether it is put into the trash instead of being removed.
    :param may_share_names: whether several objects may have one name, where that is asked for.
    :param article: indefinite article of the noun.
    """

    noun: str
    plural: str
    model: type[m.Base]
    key: str
    name: str = "name"
    trashes: bool = True
    may_share_names: bool = False
    article: str = "a"

    @property
    def with_article(self) -> str:
        """The noun with its indefinite article, as in ``an activity``."""
        return f"{self.article} {self.noun}"

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
        """An object as people are shown it: type, name and ID."""
        return f"{self.noun} {getattr(entity, self.name)!r} (ID {getattr(entity, self.key)})"


USER = EntityType("user", "users", m.User, "userID")
CUSTOMER = EntityType("customer", "customers", m.Customer, "customerID", may_share_names=True)
PROJECT = EntityType("project", "projects", m.Project, "projectID", may_share_names=True)
ACTIVITY = EntityType(
    "activity", "activities", m.Activity, "activityID", may_share_names=True, article="an"
)
GROUP = EntityType("group", "groups", m.Group, "groupID")
STATUS = EntityType("status", "statuses", m.Status, "statusID", name="status", trashes=False)
GLOBAL_ROLE = EntityType("global role", "global roles", m.GlobalRole, "globalRoleID", trashes=False)
MEMBERSHIP_ROLE = EntityType(
    "membership role", "membership roles", m.MembershipRole, "membershipRoleID", trashes=False
)

#: Tables of what belongs to a group.
GROUP_LINKS: dict[EntityType, type[m.Base]] = {
    USER: m.GroupUser,
    CUSTOMER: m.GroupCustomer,
    PROJECT: m.GroupProject,
    ACTIVITY: m.GroupActivity,
}


class NameTaken(Refused):
    """Another object has the name.

    :param entity_id: ID of that object.
    :param is_trashed: it is in the trash.
    :param owner: noun of what the name must be unique in, such as ``customer``.
    """

    def __init__(
        self,
        entity_type: EntityType,
        name: str,
        entity_id: int | None = None,
        *,
        is_trashed: bool = False,
        owner: str = "",
    ) -> None:
        subject = f"This {owner} already has" if owner else "There is already"
        where = " in the trash" if is_trashed else ""
        shown_id = "" if entity_id is None else f" (ID {entity_id})"
        super().__init__(f"{subject} {entity_type.with_article} named {name!r}{where}{shown_id}.")
        self.entity_type = entity_type
        self.name = name
        self.entity_id = entity_id
        self.is_trashed = is_trashed


_ID = re.compile(r"(id:)?(\d{1,10})", re.ASCII)
#: Characters of a name that an error shows.
_LONGEST_SHOWN = 60


def find(
    session: Session, entity_type: EntityType, reference: str, *, trash: bool | None = None
) -> Any:
    """Return the object that a reference means.

    :param reference: its ID, ``id:`` and its ID, or its exact name. Names are compared here and
        not by the database, so that all databases find the same.
    :param trash: True for an object in the trash, False for one that isn't; by default one in the
        trash is returned only if no other has the name.
    :raises NotFound: there is none; the text suggests similar names.
    :raises Refused: several have this name; the text lists them.
    """
    trashed = entity_type.columns["trash"] if entity_type.trashes else literal(0)
    rows = session.execute(
        select(entity_type.key_column, entity_type.name_column, trashed).order_by(
            entity_type.key_column
        )
    ).all()
    matches = _matching(rows, reference)
    candidates = [row for row in matches if trash is None or bool(row[2]) is trash]
    if matches and not candidates:
        state = "isn't in the trash" if trash else "is in the trash"
        raise NotFound(f"The {entity_type.noun} {_shown(reference)} {state}.")
    if trash is None and len(candidates) > 1:
        candidates = [row for row in candidates if not row[2]] or candidates
    if not candidates:
        names = [row[1] for row in rows if not row[2]]
        raise NotFound(
            f"There is no {entity_type.noun} {_shown(reference)}.{did_you_mean(reference, names)}"
        )
    if len(candidates) > 1:
        raise Refused(
            f"{_shown(reference)} matches several {entity_type.plural}: "
            f"{_listed(session, entity_type, candidates)}. Use an ID, as in id:{candidates[0][0]}."
        )
    return session.get(entity_type.model, candidates[0][0])


def find_id(
    session: Session, entity_type: EntityType, reference: str, *, trash: bool | None = None
) -> int:
    """Return the ID of the object that :func:`find` returns."""
    entity_id: int = getattr(find(session, entity_type, reference, trash=trash), entity_type.key)
    return entity_id


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return `` Did you mean 'Acme'?``, or nothing if no known name is similar."""
    folded = {each.casefold(): each for each in known}
    similar = difflib.get_close_matches(name.casefold()[:200], folded, n=3)
    if not similar:
        return ""
    return f" Did you mean {' or '.join(repr(folded[each]) for each in similar)}?"


def _matching(rows: Sequence[Any], reference: str) -> list[Any]:
    id_match = _ID.fullmatch(reference)
    by_id = [row for row in rows if id_match and row[0] == int(id_match[2])]
    if id_match and id_match[1]:
        return by_id
    return by_id + [row for row in rows if row[1] == reference and row not in by_id]


def _listed(session: Session, entity_type: EntityType, rows: Sequence[Any]) -> str:
    """Return IDs and names of objects; of projects the customers too."""
    owners: dict[int, str] = {}
    if entity_type is PROJECT:
        statement = select(m.Project.projectID, m.Customer.name).join(
            m.Customer, m.Customer.customerID == m.Project.customerID
        )
        for project_id, customer in session.execute(
            statement.where(m.Project.projectID.in_([row[0] for row in rows]))
        ):
            owners[project_id] = f" of customer {customer!r}"
    return ", ".join(f"{row[0]} {row[1]!r}{owners.get(row[0], '')}" for row in rows)


def _shown(reference: str) -> str:
    is_long = len(reference) > _LONGEST_SHOWN
    return repr(reference[: _LONGEST_SHOWN - 1] + "…" if is_long else reference)
