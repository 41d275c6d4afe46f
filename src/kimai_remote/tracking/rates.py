"""Rates of new time entries (the most specific one that fits) and the wages they make."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sqlalchemy import Integer, ScalarSelect, Select, SmallInteger, bindparam, func, or_, select

from ..errors import Refused
from ..storage.tables import ONE, activities, fixed_rates, projects, rates, statuses
from .context import CALLER_TYPES, CallContext, CallerType
from .permissions import usable_project, usable_task
from .validation import check_project


def best_rate(user: Any, project: Any, activity: Any) -> ScalarSelect[Decimal]:
    """Select the hourly rate: one set for the user before one for all users, then one for the
    activity, then one for the project. Null where none fits."""
    rate = rates.c
    return (
        select(rate.rate)
        .where(
            or_(rate.userID == user, rate.userID.is_(None)),
            or_(rate.activityID == activity, rate.activityID.is_(None)),
            or_(rate.projectID == project, rate.projectID.is_(None)),
        )
        .order_by(rate.userID.is_(None), rate.activityID.is_(None), rate.projectID.is_(None))
        .limit(ONE)
        .scalar_subquery()
    )


def best_fixed_rate(project: Any, activity: Any) -> ScalarSelect[Decimal]:
    """Select the fixed rate: one set for the activity before one for the project."""
    rate = fixed_rates.c
    return (
        select(rate.rate)
        .where(
            or_(rate.activityID == activity, rate.activityID.is_(None)),
            or_(rate.projectID == project, rate.projectID.is_(None)),
        )
        .order_by(rate.activityID.is_(None), rate.projectID.is_(None))
        .limit(ONE)
        .scalar_subquery()
    )


def best_status(default: Any) -> ScalarSelect[int]:
    """Select the status of new entries: the configured one, or the first where there is no such
    status. Entries without a status are in no list."""
    status = statuses.c.statusID
    return select(status).order_by(status != default, status).limit(ONE).scalar_subquery()


def wages(
    durations: Sequence[int | None],
    rates: Sequence[Decimal | None],
    fixed_rates: Sequence[Decimal | None],
) -> tuple[list[float | None], list[str | None]]:
    """Return what entries are worth: by the hour, not rounded, and with two decimals, where a fixed
    rate counts instead if there is one.

    A binary float, multiplied in this order, as in Kimai: clients compare the digits of both. Half
    a cent goes to where the float is nearer: 5400 seconds at 33.33 are 49.99.

    :param durations: seconds; None for what is running, which is worth nothing yet.
    """
    amounts = [
        # PHP writes -0.0 without its sign.
        None if duration is None else duration / 3600 * float(rate or 0) + 0.0
        for duration, rate in zip(durations, rates, strict=True)
    ]
    texts = [
        None if amount is None else f"{fixed or amount:.2f}"
        for amount, fixed in zip(amounts, fixed_rates, strict=True)
    ]
    return amounts, texts


@dataclass(frozen=True, slots=True)
class Terms:
    """What a new time entry gets where the client says nothing."""

    rate: Decimal
    #: None where none fits.
    fixed_rate: Decimal | None
    status_id: int

    @classmethod
    def of(cls, rate: Decimal | None, fixed_rate: Decimal | None, status_id: int) -> Terms:
        """:param rate: as :func:`terms_of` selects them."""
        fixed_rate = None if fixed_rate is None else Decimal(fixed_rate)
        return cls(Decimal(rate or 0), fixed_rate, status_id)


def assignment(caller: CallerType, project: Any, activity: Any) -> Select[*tuple[Any, ...]]:
    """Select the project if the caller may record that activity on it."""
    return (
        select(projects.c.projectID)
        .select_from(projects)
        .join(activities, activities.c.activityID == activity)
        .where(usable_project(caller, project), usable_task(caller, project, activity))
    )


def terms_of(user: Any, project: Any, activity: Any) -> tuple[Any, ...]:
    """Columns of the terms that a new entry of a user's gets, for :meth:`Terms.of`. The statement
    has the parameter ``default_status``."""
    default_status = bindparam("default_status", type_=SmallInteger)
    return (
        best_rate(user, project, activity),
        best_fixed_rate(project, activity),
        func.coalesce(best_status(default_status), default_status),
    )


_PROJECT, _ACTIVITY, _OWNER = (
    bindparam(name, type_=Integer) for name in ("project", "activity", "owner")
)
_TERMS = {
    caller: assignment(caller, _PROJECT, _ACTIVITY).with_only_columns(
        *terms_of(_OWNER, _PROJECT, _ACTIVITY)
    )
    for caller in CALLER_TYPES
}


def validate_assignment(
    context: CallContext, user_id: int, project_id: int | None, activity_id: int | None
) -> Terms:
    """Check the project and task of a new time entry; return its terms.

    :raises Refused: the caller may not record on the project, or not this task on it.
    """
    if project_id and activity_id:
        terms = context.fetch_first(
            _TERMS[context.principal.type],
            owner=user_id,
            project=project_id,
            activity=activity_id,
            default_status=context.options.default_status,
        )
        if terms is not None:
            return Terms.of(*terms)
    raise Refused("Invalid project or task")


def validate_named_assignment(
    context: CallContext, user_id: int, project_id: int | None, activity_id: int | None
) -> Terms:
    """Do the same, with an error that names a project that can't be recorded on.

    :raises Refused: as :func:`validate_assignment`.
    """
    if not activity_id:
        check_project(context, project_id)
        raise Refused("Invalid taskId.")
    try:
        return validate_assignment(context, user_id, project_id, activity_id)
    except Refused:
        check_project(context, project_id)
        raise
