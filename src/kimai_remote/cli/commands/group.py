"""``kimai-remote group``."""

from __future__ import annotations

from ...tracking.admin import entities
from ..resource import Resource


class Groups(Resource):
    """Groups of users, and of the customers, projects and activities that they see."""

    entity_type = entities.GROUP
    help = "Groups of users, and what they see."
    example = "Design"
    columns = ("groupID", "name")
    labels = {
        "groupID": "ID",
        "name": "Name",
        "trash": "In the trash",
        "users": "Users",
        "customers": "Customers",
        "projects": "Projects",
        "activities": "Activities",
    }
    filters = ()
    helps = {
        "add": "Add a group. Assign users, customers, projects and activities to it with their "
        "'assign'.",
        "edit": "Rename a group.",
    }
    examples = {"edit": ('Design --name "Design and text"',)}


group = Groups().group()
