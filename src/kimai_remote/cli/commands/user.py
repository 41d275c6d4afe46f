"""``kimai-remote user``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy.orm import Session

from ...storage import models as m
from ...tracking.admin import accounts, assignments, entities
from ..admin_context import AdminContext, Record
from ..output import note
from ..parameters import option
from ..resource import GROUPS, Resource

ROLE = option("--role", metavar="ROLE", help="Global role, by name or ID.")
TIMEZONE = option(
    "--timezone", metavar="ZONE", help="Time zone, such as Europe/Berlin; the server's by default."
)
MEMBERSHIP_ROLE = option(
    "--membership-role", metavar="ROLE", help="Membership role in these groups; User by default."
)


class Users(Resource):
    """Users, with a global role, and a membership role in each of their groups."""

    entity_type = entities.USER
    help = "Users, who record time."
    example = "ben"
    can_log_in = True
    columns = ("userID", "name", "alias", "globalRole", "active", "hasPassword", "groups")
    labels = {
        "userID": "ID",
        "name": "Name",
        "alias": "Alias",
        "mail": "Email",
        "globalRole": "Role",
        "timezone": "Time zone",
        "active": "Active",
        "hasPassword": "Password",
        "bannedUntil": "Banned until",
        "trash": "In the trash",
        "groups": "Groups",
    }
    fields = (
        option("--alias", help="Name that reports show."),
        option("--mail", help="Email address."),
        option("--active/--inactive", default=None, help="Whether the user can log in."),
    )
    add_options = (ROLE, TIMEZONE)
    edit_options = (ROLE, TIMEZONE)
    assign_options = (GROUPS, MEMBERSHIP_ROLE)
    helps = {
        "add": "Add a user. Without a role the user gets the global role User. "
        "Then set a password with 'password set'.",
        "assign": "Make a user a member of groups, or give a member another role there.",
        "unassign": "End a user's membership of groups.",
    }
    examples = {
        "add": (
            "anna --role Admin --group Design --membership-role Admin",
            'ben --alias "Ben Ode" --mail ben@example.com --group Design',
        ),
        "edit": ("ben --inactive", "ben --role Admin --timezone Europe/Berlin"),
        "assign": ("ben --group Design --membership-role Groupleader",),
    }

    def create(
        self,
        admin: AdminContext,
        session: Session,
        fields: Mapping[str, Any],
        *,
        group: Sequence[str] = (),
        **options: Any,
    ) -> m.User:
        return accounts.add_user(session, fields, groups=group, **options)

    def update(
        self, session: Session, reference: str, fields: Mapping[str, Any], **options: Any
    ) -> m.User:
        return accounts.edit_user(session, reference, fields, **options)

    def assign(
        self,
        session: Session,
        entity: m.User,
        *,
        group: Sequence[str] = (),
        membership_role: str | None = None,
    ) -> m.User:
        for each in group:
            assignments.join(session, entity, each, membership_role)
        return entity

    def after_add(self, record: Record) -> None:
        super().after_add(record)
        note(f"Set a password with: kimai-remote password set {record['userID']}")


group = Users().group()
