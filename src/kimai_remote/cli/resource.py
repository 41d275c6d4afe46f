"""Commands that most types of objects have, made from a declaration of each type."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar

import click
from sqlalchemy.orm import Session

from ..tracking.admin import accounts, assignments, editing, queries, recordings
from ..tracking.admin.entities import GROUP_LINKS, EntityType, find
from .admin_context import AdminContext, Record, open_admin
from .error_messages import fail
from .output import count, note, print_change, print_record, print_records
from .parameters import JSON, NAME, NEW_NAME, examples, option, repeatable

GROUPS = repeatable("--group", "Group, by name or ID")
IN_GROUP = option("--group", metavar="GROUP", help="Only those in this group.")
SAME_NAME = option("--same-name", is_flag=True, help="Even if another one has this name.")
TRASHED = option("--trashed", is_flag=True, help="Only those in the trash.")
ALL = option("--all", "everything", is_flag=True, help="Also those in the trash.")
REFERENCE = click.Argument(
    ["reference"], metavar="NAME", help="Name or ID. 'id:5' is always an ID."
)
#: Fields of what can be selected for a time entry.
SELECTABLE = (
    option("--comment", help="Comment."),
    option("--visible/--hidden", default=None, help="Whether it is offered in lists."),
    option(
        "--filter",
        type=int,
        metavar="NUMBER",
        help="Kimai's column 'filter', a small number that only Kimai's pages use.",
    ),
)
AMOUNTS = (
    option("--budget", metavar="AMOUNT", help='Budget in money, such as 1200.50; "" for none.'),
    option("--effort", metavar="HOURS", help='Effort in hours; "" for none.'),
    option("--approved", metavar="AMOUNT", help='Approved budget; "" for none.'),
)
#: Returns further fields of a changed object, by its ID.
Report = Callable[[Session, int], dict[str, Any]]


class Resource:
    """A type of object that is administered; each has a subclass.

    Options that are columns of its table are its ``fields``; the values of others are passed to
    :meth:`create`, :meth:`update` and :meth:`assign`.
    """

    entity_type: ClassVar[EntityType]
    help: ClassVar[str]
    #: Name of an object in examples.
    example: ClassVar[str]
    #: Labels of what ``show`` prints, by field; ``list`` has a column for some of them.
    labels: ClassVar[Mapping[str, str]]
    columns: ClassVar[Sequence[str]]
    fields: ClassVar[Sequence[click.Parameter]] = ()
    filters: ClassVar[Sequence[click.Parameter]] = (IN_GROUP,)
    add_options: ClassVar[Sequence[click.Parameter]] = ()
    edit_options: ClassVar[Sequence[click.Parameter]] = ()
    trash_options: ClassVar[Sequence[click.Parameter]] = ()
    assign_options: ClassVar[Sequence[click.Parameter]] = (GROUPS,)
    unassign_options: ClassVar[Sequence[click.Parameter]] = (GROUPS,)
    #: Help and arguments of examples, by command, where the general ones aren't enough.
    helps: ClassVar[Mapping[str, str]] = {}
    examples: ClassVar[Mapping[str, Sequence[str]]] = {}
    can_log_in: ClassVar[bool] = False

    # Changes, which subclasses extend ----------------------------------------------------------

    def create(
        self,
        admin: AdminContext,
        session: Session,
        fields: Mapping[str, Any],
        *,
        same_name: bool = False,
        columns: Mapping[str, Any] | None = None,
        **assigned: Any,
    ) -> Any:
        """Add an object and assign it."""
        entity = editing.add(
            session, self.entity_type, fields, same_name=same_name, **columns or {}
        )
        return self.assign(session, entity, **assigned)

    def update(
        self, session: Session, reference: str, fields: Mapping[str, Any], **options: Any
    ) -> Any:
        """Change fields of an object."""
        return editing.edit(session, self.entity_type, reference, fields, **options)

    def assign(self, session: Session, entity: Any, *, group: Sequence[str] = ()) -> Any:
        """Assign an object to groups."""
        for each in group:
            assignments.assign(session, self.entity_type, entity, each)
        return entity

    def unassign(self, session: Session, entity: Any, *, group: Sequence[str] = ()) -> Any:
        """Remove an object from groups."""
        for each in group:
            assignments.unassign(session, self.entity_type, entity, each)
        return entity

    def assignment(self, record: Record) -> str:
        """Return what an object is assigned to, as the end of a sentence."""
        names = [group["name"] for group in record["groups"]]
        return f"is in {', '.join(names)}" if names else "is in no group"

    def after_add(self, record: Record) -> None:
        """Tell what is left to do for a new object."""
        if self.has_groups and not record["groups"]:
            note(
                "It is in no group yet, so nobody sees it. Assign it to one with: kimai-remote "
                f"{self.entity_type.noun} assign {record[self.entity_type.key]} --group GROUP"
            )

    # Commands ----------------------------------------------------------------------------------

    @property
    def has_groups(self) -> bool:
        return self.entity_type in GROUP_LINKS

    def group(self) -> click.Group:
        """Return the group with all commands."""
        noun, plural = self.entity_type.noun, self.entity_type.plural
        a_noun, example = self.entity_type.with_article, self.example
        same_name = [SAME_NAME] if self.entity_type.may_share_names else []
        assigning = self.assign_options if self.has_groups else ()
        commands = [
            self._command(
                "list",
                self._list,
                f"List {plural} by name.",
                [*self.filters, TRASHED, ALL],
                ["", "--group Design --json"] if IN_GROUP in self.filters else [""],
            ),
            self._command(
                "show", self._show, f"Show {a_noun} and what belongs to it.", [REFERENCE], [example]
            ),
            self._command(
                "add",
                self._add,
                f"Add {a_noun}.",
                [NAME, *self.add_options, *assigning, *self.fields, *same_name],
                [example],
            ),
            self._command(
                "edit",
                self._edit,
                f"Change {a_noun}. Only what is given changes.",
                [REFERENCE, NEW_NAME, *self.edit_options, *self.fields, *same_name],
                [f"{example} --name New"],
            ),
            self._command(
                "trash",
                self._trash,
                f"Move {a_noun} to the trash. Time entries stay, and 'restore' undoes it.",
                [REFERENCE, *self.trash_options],
                [example],
            ),
            self._command(
                "restore",
                self._restore,
                f"Restore {a_noun} from the trash.",
                [REFERENCE],
                [example],
            ),
        ]
        if self.has_groups:
            commands += [
                self._command(
                    "assign",
                    self._assign,
                    f"Let the members of groups see {a_noun}.",
                    [REFERENCE, *self.assign_options],
                    [f"{example} --group Design"],
                ),
                self._command(
                    "unassign",
                    self._unassign,
                    f"Remove {a_noun} from groups.",
                    [REFERENCE, *self.unassign_options],
                    [f"{example} --group Design"],
                ),
            ]
        if self.can_log_in:
            commands.append(
                self._command(
                    "unban",
                    self._unban,
                    "End the ban after failed logins.",
                    [REFERENCE],
                    [example],
                )
            )
        return click.Group(noun, commands, help=self.help, no_args_is_help=True)

    def _command(
        self,
        name: str,
        callback: Callable[..., object],
        help_: str,
        parameters: Sequence[click.Parameter],
        example_arguments: Sequence[str],
    ) -> click.Command:
        command = f"kimai-remote {self.entity_type.noun} {name}"
        arguments = self.examples.get(name, example_arguments)
        return click.Command(
            name,
            callback=callback,
            params=[*parameters, JSON],
            help=self.helps.get(name, help_),
            epilog=examples(*(f"{command} {each}".rstrip() for each in arguments)),
        )

    def _list(self, trashed: bool, everything: bool, as_json: bool, **filters: Any) -> None:
        trash: queries.Trash = "all" if everything else "only" if trashed else "no"
        with open_admin() as admin:
            records = admin.read(
                lambda session: queries.listing(session, self.entity_type, trash=trash, **filters)
            )
        columns = {name: self.labels[name] for name in self.columns}
        print_records(records, columns, as_json=as_json)

    def _show(self, reference: str, as_json: bool) -> None:
        def work(session: Session) -> dict[str, Any]:
            record = queries.show(session, self.entity_type, reference)
            if self.can_log_in and not as_json:
                record["bannedUntil"] = admin.local_time(
                    accounts.banned_until(session, self.entity_type, record[self.entity_type.key])
                )
            return record

        with open_admin() as admin:
            record = admin.read(work)
        print_record(record, self.labels, as_json=as_json)

    def _add(self, name: str, as_json: bool, **options: Any) -> None:
        fields, others = self._split(options)
        fields = {"name": name, **fields}
        record = self._change(
            "add",
            "is added",
            lambda admin, session: self.create(admin, session, fields, **others),
            as_json,
            list(fields),
        )
        self.after_add(record)

    def _edit(
        self, reference: str, as_json: bool, report: Report | None = None, **options: Any
    ) -> Record:
        fields, others = self._split(options)
        changed = [*fields, *others.keys() - {"same_name"}]
        if not changed:
            fail("Nothing to change. Give at least one option.")
        return self._change(
            "edit",
            "is changed",
            lambda admin, session: self.update(session, reference, fields, **others),
            as_json,
            changed,
            report,
        )

    def _assign(self, reference: str, as_json: bool, **options: Any) -> None:
        self._change_assignment("assign", self.assign, reference, as_json, options)

    def _unassign(self, reference: str, as_json: bool, **options: Any) -> None:
        self._change_assignment("unassign", self.unassign, reference, as_json, options)

    def _change_assignment(
        self,
        command: str,
        method: Callable[..., Any],
        reference: str,
        as_json: bool,
        options: Mapping[str, Any],
    ) -> None:
        given = _without_missing(options)
        if not given.keys() & {"group", "project"}:
            choices = [each.opts[0] for each in self.unassign_options]
            fail(f"Give {' or '.join(choices)}.")
        self._change(
            command,
            self.assignment,
            lambda admin, session: method(
                session, find(session, self.entity_type, reference), **given
            ),
            as_json,
            list(given),
        )

    def _trash(self, reference: str, as_json: bool) -> None:
        has_recordings = self.entity_type in recordings.RECORDED
        record = self._set_trash(
            reference, as_json, trash=True, report=self.running if has_recordings else None
        )
        if entries := record.get("running"):
            note(
                f"Still running on it: {count(len(entries), 'recording')} (time entry "
                f"{listed(entries)}). 'kimai-remote user stop NAME' stops a user's."
            )

    def _restore(self, reference: str, as_json: bool) -> None:
        self._set_trash(reference, as_json, trash=False)

    def _set_trash(
        self, reference: str, as_json: bool, *, trash: bool, report: Report | None = None
    ) -> Record:
        return self._change(
            "trash" if trash else "restore",
            "is in the trash" if trash else "is restored",
            lambda admin, session: editing.set_trash(
                session, self.entity_type, reference, trash=trash
            ),
            as_json,
            report=report,
        )

    def running(self, session: Session, entity_id: int) -> dict[str, Any]:
        """Report the running recordings of an object."""
        return {"running": recordings.running(session, self.entity_type, entity_id)}

    def _unban(self, reference: str, as_json: bool) -> None:
        self._change(
            "unban",
            "may log in again",
            lambda admin, session: accounts.unban(session, self.entity_type, reference),
            as_json,
        )

    def _split(self, options: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
        """Return the options that were given: those that are columns, and the others."""
        given = _without_missing(options)
        columns = {each.name for each in (*self.fields, NEW_NAME)}
        fields = {name: value for name, value in given.items() if name in columns}
        return fields, {name: given[name] for name in given if name not in columns}

    def _change(
        self,
        command: str,
        done: str | Callable[[Record], str],
        work: Callable[[AdminContext, Session], Any],
        as_json: bool,
        fields: Sequence[str] = (),
        report: Report | None = None,
    ) -> Record:
        """Change an object and print it.

        :param done: what was done, as in ``is added``, or a function of the changed object.
        :param work: returns the object.
        :param fields: names of what was given, for the audit log.
        :param report: returns what JSON has besides the changed object.
        """
        entity_type = self.entity_type

        with open_admin() as admin:

            def change(session: Session) -> Record:
                entity_id = getattr(work(admin, session), entity_type.key)
                extra = report(session, entity_id) if report else {}
                return queries.show(session, entity_type, f"id:{entity_id}") | extra

            record = admin.change(f"{entity_type.noun} {command}", change, fields=fields)
        end = done if isinstance(done, str) else done(record)
        sentence = (
            f"{entity_type.noun.capitalize()} {record[entity_type.key]}, {record['name']}, {end}."
        )
        print_change(record, sentence, as_json=as_json)
        return record


def listed(ids: Sequence[int]) -> str:
    """Return IDs as a part of a sentence."""
    return ", ".join(map(str, ids))


def _without_missing(options: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in options.items() if value is not None and value != ()}
