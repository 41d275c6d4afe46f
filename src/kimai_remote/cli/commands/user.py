"""``kimai-remote user``."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from typing import Any

import click
from sqlalchemy.orm import Session

from ...errors import NotFound
from ...storage import models as m
from ...tracking.admin import accounts, assignments, entities, recordings
from ...tracking.admin.entities import find
from ..admin_context import AdminContext, Record, open_admin
from ..error_messages import fail
from ..output import note, print_change, printable
from ..parameters import option
from ..resource import GROUPS, REFERENCE, Report, Resource, listed

ROLE = option("--role", metavar="ROLE", help="Global role, by name or ID.")
TIMEZONE = option(
    "--timezone", metavar="ZONE", help="Time zone, such as Europe/Berlin; the server's by default."
)
MEMBERSHIP_ROLE = option(
    "--membership-role", metavar="ROLE", help="Membership role in these groups; User by default."
)
STOP_RECORDING = option(
    "--stop-recording/--keep-recording",
    default=None,
    help="Whether to stop a running recording of the user; asked for at a terminal.",
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
    edit_options = (ROLE, TIMEZONE, STOP_RECORDING)
    trash_options = (STOP_RECORDING,)
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
        "edit": ("ben --inactive --stop-recording", "ben --role Admin --timezone Europe/Berlin"),
        "trash": ("ben", "ben --stop-recording"),
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

    def group(self) -> click.Group:
        group = super().group()
        group.add_command(
            self._command(
                "stop",
                self._stop,
                "Stop the running recording of a user, who may be in the trash. Times are rounded "
                "as configured.",
                [REFERENCE],
                [self.example],
            )
        )
        return group

    def _edit(
        self,
        reference: str,
        as_json: bool,
        report: Report | None = None,
        stop_recording: bool | None = None,
        **options: Any,
    ) -> Record:
        if options["active"] is not False:
            if stop_recording is not None:
                fail("--stop-recording and --keep-recording need --inactive.")
            return super()._edit(reference, as_json, report, **options)
        stop = self._stops(reference, stop_recording, as_json)
        record = super()._edit(
            reference, as_json, _stop_and_report if stop else self.running, **options
        )
        _tell(record)
        return record

    def _trash(self, reference: str, as_json: bool, stop_recording: bool | None = None) -> None:
        stop = self._stops(reference, stop_recording, as_json, trash=False)
        report = _stop_and_report if stop else self.running
        _tell(self._set_trash(reference, as_json, trash=True, report=report))

    def _stops(
        self, reference: str, choice: bool | None, as_json: bool, trash: bool | None = None
    ) -> bool:
        """Return whether to stop the running recording of a user; ask, if that can be asked."""
        if choice is not None or as_json or not sys.stdin.isatty():
            return bool(choice)

        def work(session: Session) -> tuple[str, list[int]]:
            user = find(session, self.entity_type, reference, trash=trash)
            return user.name, recordings.running(session, self.entity_type, user.userID)

        with open_admin() as admin:
            name, entries = admin.read(work)
        question = f"{name} has a running recording (time entry {listed(entries)}). Stop it?"
        return bool(entries) and click.confirm(printable(question), err=True)

    def _stop(self, reference: str, as_json: bool) -> None:
        with open_admin() as admin:

            def change(session: Session) -> Record:
                user = find(session, self.entity_type, reference)
                entries = recordings.stop(session, user.userID)
                if not entries:
                    raise NotFound(f"The {self.entity_type.label(user)} has no running recording.")
                return {"userID": user.userID, "name": user.name, "stopped": entries}

            record = admin.change("user stop", change, fields=["end"])
        sentence = f"The recording of user {record['userID']}, {record['name']}, is stopped."
        print_change(record, sentence, as_json=as_json)


def _stop_and_report(session: Session, user_id: int) -> dict[str, Any]:
    return {"stopped": recordings.stop(session, user_id), "running": []}


def _tell(record: Record) -> None:
    """Tell whether the running recording of a user was stopped or goes on."""
    if record.get("stopped"):
        note(f"The running recording (time entry {listed(record['stopped'])}) is stopped.")
    elif record["running"]:
        note(
            f"The recording (time entry {listed(record['running'])}) keeps running. Stop it with: "
            f"kimai-remote user stop {record['userID']}"
        )


group = Users().group()
