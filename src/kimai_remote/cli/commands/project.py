"""``kimai-remote project``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session

from ...storage import models as m
from ...tracking.admin import entities
from ...tracking.admin.entities import CUSTOMER, find_id
from ..admin_context import AdminContext
from ..parameters import option
from ..resource import AMOUNTS, IN_GROUP, SELECTABLE, Resource


class Projects(Resource):
    """Projects, each of a customer."""

    entity_type = entities.PROJECT
    help = "Projects of customers."
    example = '"Fleet tracking"'
    columns = ("projectID", "name", "customerName", "budget", "visible", "internal", "groups")
    labels = {
        "projectID": "ID",
        "name": "Name",
        "customerName": "Customer",
        "comment": "Comment",
        "budget": "Budget",
        "effort": "Effort (hours)",
        "approved": "Approved budget",
        "visible": "Visible",
        "internal": "Internal",
        "trash": "In the trash",
        "groups": "Groups",
        "activities": "Activities",
    }
    filters = (
        option("--customer", metavar="CUSTOMER", help="Only projects of this customer."),
        IN_GROUP,
    )
    fields = (
        *SELECTABLE,
        *AMOUNTS,
        option(
            "--internal/--external", default=None, help="Whether it is hidden from the customer."
        ),
    )
    add_options = (
        option("--customer", metavar="CUSTOMER", required=True, help="Customer, by name or ID."),
    )
    edit_options = (
        option("--customer", metavar="CUSTOMER", help="The customer that it is moved to."),
    )
    helps = {"add": "Add a project to a customer."}
    examples = {
        "list": ("", '--customer "Blue Harbour"'),
        "add": (
            '"Fleet tracking" --customer "Blue Harbour" --group Design --budget 48000 --effort 400',
        ),
        "edit": ('"Fleet tracking" --budget 52000 --approved 40000 --internal',),
    }

    def create(
        self,
        admin: AdminContext,
        session: Session,
        fields: Mapping[str, Any],
        *,
        customer: str = "",
        **options: Any,
    ) -> m.Project:
        columns = {"customerID": find_id(session, CUSTOMER, customer, trash=False)}
        project: m.Project = super().create(admin, session, fields, columns=columns, **options)
        return project

    def update(
        self,
        session: Session,
        reference: str,
        fields: Mapping[str, Any],
        *,
        customer: str | None = None,
        **options: Any,
    ) -> m.Project:
        if customer is not None:
            options["customerID"] = find_id(session, CUSTOMER, customer, trash=False)
        project: m.Project = super().update(session, reference, fields, **options)
        return project


group = Projects().group()
