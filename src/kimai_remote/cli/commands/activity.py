"""``kimai-remote activity``."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy.orm import Session

from ...storage import models as m
from ...tracking.admin import assignments, entities
from ..admin_context import Record
from ..error_messages import fail
from ..parameters import option, repeatable
from ..resource import AMOUNTS, GROUPS, IN_GROUP, SELECTABLE, Resource

PROJECTS = repeatable("--project", "Project, by name or ID")


class Activities(Resource):
    """Activities, each offered on all projects or on those that it is assigned to."""

    entity_type = entities.ACTIVITY
    help = "Activities, which the API calls tasks."
    example = "Consulting"
    columns = ("activityID", "name", "comment", "visible", "groups")
    labels = {
        "activityID": "ID",
        "name": "Name",
        "comment": "Comment",
        "visible": "Visible",
        "trash": "In the trash",
        "groups": "Groups",
        "projects": "Projects",
    }
    filters = (
        option("--project", metavar="PROJECT", help="Only those assigned to this project."),
        IN_GROUP,
    )
    fields = SELECTABLE
    assign_options = (GROUPS, PROJECTS, *AMOUNTS)
    unassign_options = (GROUPS, PROJECTS)
    helps = {
        "add": "Add an activity. Without a project it is offered on all of them.",
        "assign": "Let groups see an activity, or assign it to projects.\n\nAn activity that is "
        "assigned to projects is offered on no others. The amounts are those of the activity on "
        "these projects.",
        "unassign": "Remove an activity from groups or projects.",
    }
    examples = {
        "list": ("", '--project "Fleet tracking"'),
        "add": (
            "Consulting --group Design",
            '"On-site visit" --group Design --project "Fleet tracking"',
        ),
        "edit": ('Consulting --comment "With customers"',),
        "assign": (
            "Consulting --group Design",
            'Consulting --project "Fleet tracking" --budget 5000',
        ),
        "unassign": ('Consulting --project "Fleet tracking"',),
    }

    def assign(
        self,
        session: Session,
        entity: m.Activity,
        *,
        group: Sequence[str] = (),
        project: Sequence[str] = (),
        **amounts: str,
    ) -> m.Activity:
        if amounts and not project:
            fail("--budget, --effort and --approved need --project.")
        super().assign(session, entity, group=group)
        for each in project:
            assignments.assign_to_project(session, entity, each, amounts)
        return entity

    def unassign(
        self,
        session: Session,
        entity: m.Activity,
        *,
        group: Sequence[str] = (),
        project: Sequence[str] = (),
    ) -> m.Activity:
        super().unassign(session, entity, group=group)
        for each in project:
            assignments.unassign_from_project(session, entity, each)
        return entity

    def assignment(self, record: Record) -> str:
        projects = ", ".join(project["name"] for project in record["projects"])
        return f"{super().assignment(record)} and offered on {projects or 'every project'}"


group = Activities().group()
