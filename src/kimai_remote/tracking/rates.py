"""Rates of new time entries (the most specific one that fits) and the wages they make."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from sqlalchemy import ScalarSelect, or_, select

from ..errors import Refused
from ..storage import models as m
from .context import CallContext
from .permissions import usable_project, usable_task
from .validation import check_project


def best_rate(user_id: int, project_id: int, activity_id: int) -> ScalarSelect[Decimal]:
    """Select the hourly rate: one set for the user before one for all users, then one for the
    activity, then one for the project. Null where none fits."""
    rate = m.rates.c
    return (
        select(rate.rate)
        .where(
            or_(rate.userID == user_id, rate.userID.is_(None)),
            or_(rate.activityID == activity_id, rate.activityID.is_(None)),
            or_(rate.projectID == project_id, rate.projectID.is_(None)),
        )
        .order_by(rate.userID.is_(None), rate.activityID.is_(None), rate.projectID.is_(None))
        .limit(1)
        .scalar_subquery()
    )


def best_fixed_rate(project_id: int, activity_id: int) -> ScalarSelect[Decimal]:
    """Select the fixed rate: one set for the activity before one for the project."""
    rate = m.fixed_rates.c
    return (
        select(rate.rate)
        .where(
            or_(rate.activityID == activity_id, rate.activityID.is_(None)),
            or_(rate.projectID == project_id, rate.projectID.is_(None)),
        )
        .order_by(rate.activityID.is_(None), rate.projectID.is_(None))
        .limit(1)
        .scalar_subquery()
    )


def best_status(default: int) -> ScalarSelect[int]:
    """Select the status of new entries: the configured one, or the first where there is no such
    status. Entries without a status are in no list."""
    status = m.Status.statusID
    return select(status).order_by(status != default, status).limit(1).scalar_subquery()


def wage(duration: int, rate: Decimal | None, fixed_rate: Decimal | None) -> tuple[float, str]:
    """Return what an entry is worth: by the hour, not rounded, and with two decimals, where a
    fixed rate counts instead if there is one.

    A binary float, multiplied in this order, as in Kimai: clients compare the digits of both. Half
    a cent goes to where the float is nearer: 5400 seconds at 33.33 are 49.99.

    :param duration: seconds.
    """
    hourly = duration / 3600 * float(rate or 0) + 0.0  # PHP writes -0.0 without its sign
    return hourly, f"{fixed_rate or hourly:.2f}"


@dataclass(frozen=True, slots=True)
class Terms:
    """What a new time entry gets where the client says nothing."""

    rate: Decimal
    #: None where none fits.
    fixed_rate: Decimal | None
    status_id: int


def validate_assignment(
    context: CallContext, user_id: int, project_id: int | None, activity_id: int | None
) -> Terms:
    """Check the project and task of a new time entry; return its terms.

    :raises Refused: the caller may not record on the project, or not this task on it.
    """
    if project_id and activity_id:
        default_status = context.options.default_status
        terms = context.session.execute(
            select(
                best_rate(user_id, project_id, activity_id),
                best_fixed_rate(project_id, activity_id),
                best_status(default_status),
            )
            .select_from(m.Project)
            .join(m.Activity, m.Activity.activityID == activity_id)
            .where(
                usable_project(context, project_id), usable_task(context, project_id, activity_id)
            )
        ).first()
        if terms is not None:
            rate, fixed_rate, status_id = terms
            fixed_rate = None if fixed_rate is None else Decimal(fixed_rate)
            return Terms(Decimal(rate or 0), fixed_rate, status_id or default_status)
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
