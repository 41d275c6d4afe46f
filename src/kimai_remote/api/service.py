"""The one Spyne service: all methods of the Kimai 1 Remote API.

The signatures and texts here are the only description of the API; WSDL, SMD, OpenRPC and the
checks of incoming values are derived from them.
"""

from __future__ import annotations

from .. import _compat  # noqa: F401  (before the first import of Spyne)

# isort: split
from typing import Any

from spyne.service import ServiceBase

from ..storage.transactions import Database
from ..tracking import catalog, expenses, timer, timesheet
from ..tracking.context import CallContext
from ..tracking.kimai_version import kimai_version
from ..tracking.record_set import RecordSet
from . import records as t
from .execution import Envelope, LoginContext, plain_method, rpc_method
from .fields import (
    Boolean,
    DateText,
    Integer32,
    Unicode,
    always,
    legacy_any,
    legacy_list,
    legacy_required,
    optional,
    or_null,
)

_FROM = optional(DateText, "0", "Start of the period. 0 for no limit.")
_TO = optional(DateText, "0", "End of the period. 0 for no limit.")
_CLEARED = or_null(
    optional(Integer32, -1, "-1: all, 0: open, 1: cleared."),
    None,
    "Null: all, or the open ones with the preference ui.hideClearedEntries.",
)
_START = optional(Integer32, 0, "Number of records to skip, if there is a limit.")
_LIMIT = optional(Integer32, 0, "Maximum number of records. 0 for all.")
_ROW_LIMIT = optional(
    Integer32,
    0,
    "Maximum number of records. 0 for the first ones, as many as the user's preference "
    "ui.rowlimit says; 100 by default.",
)
_UPDATE = legacy_required(
    optional(Boolean, False, "Change the record with the given id instead of creating one.")
)


class RemoteApi(ServiceBase):
    """Kimai 1 Remote API."""

    @rpc_method(
        always(Unicode, "Login name."),
        always(Unicode, "Password."),
        items=t.ApiKey,
        result="AuthenticateResult",
        tag="service",
        writes=True,
        needs_key=False,
    )
    def authenticate(context: LoginContext, username: str | None, password: str | None) -> Envelope:
        """Log in. A user gets the same API key each time. A wrong name and a wrong password get
        the same response. Too many failures ban the user for a while."""
        return context.log_in(username or "", password or "")

    @plain_method(tag="service")
    def getVersion(database: Database) -> str:
        """The version of Kimai 1, a dash, and the revision of its database, as Kimai's clients
        compare them. The only method that returns plain text and needs no key."""
        return kimai_version(database)

    @rpc_method(
        legacy_required(
            optional(
                Integer32, doc="Project to record on. Without project and task, the last ones."
            )
        ),
        legacy_required(optional(Integer32, doc="Task (activity) to record.")),
        items=t.StartedRecording,
        result="StartRecordResult",
        tag="recording",
        writes=True,
    )
    def startRecord(
        context: CallContext, projectId: int | None, activityId: int | None
    ) -> RecordSet:
        """Start recording at the server's time. A running recording is stopped first."""
        return timer.start(context, projectId, activityId)

    @rpc_method(
        legacy_required(
            optional(Integer32, doc="The time entry to stop; the running one by default.")
        ),
        items=t.SavedEntry,
        result="StopRecordResult",
        tag="recording",
        writes=True,
        legacy_boolean=True,
    )
    def stopRecord(context: CallContext, entryId: int | None) -> RecordSet:
        """Stop a running recording at the server's time; times are rounded as configured."""
        return timer.stop(context, entryId)

    @rpc_method(items=t.User, result="UsersResult", tag="catalog", legacy_false=True)
    def getUsers(context: CallContext) -> RecordSet:
        """Users whom the caller may see, by name."""
        return catalog.users(context)

    @rpc_method(items=t.Customer, result="CustomersResult", tag="catalog", legacy_false=True)
    def getCustomers(context: CallContext) -> RecordSet:
        """Visible customers of the caller's groups, by name."""
        return catalog.customers(context)

    @rpc_method(
        legacy_any(optional(Boolean, False, "Include the tasks of each project.")),
        items=t.Project,
        result="ProjectsResult",
        tag="catalog",
        legacy_false=True,
    )
    def getProjects(context: CallContext, includeTasks: bool) -> RecordSet:
        """Visible projects of the caller's groups, by name."""
        return catalog.projects(context, with_tasks=includeTasks)

    @rpc_method(
        legacy_list(optional(Integer32, doc="Only tasks that can be recorded on this project.")),
        items=t.Task,
        result="TasksResult",
        tag="catalog",
        legacy_false=True,
    )
    def getTasks(context: CallContext, projectId: int | None) -> RecordSet:
        """Visible tasks of the caller's groups, by name. With a project, also the budgets."""
        return catalog.tasks(context, projectId)

    @rpc_method(items=t.ActiveRecording, result="ActiveRecordingResult", tag="recording")
    def getActiveRecording(context: CallContext) -> RecordSet:
        """The running recording; a failure if there is none."""
        return timer.active(context)

    @rpc_method(
        always(t.ActiveRecordingChange),
        items=t.SavedEntry,
        result="UpdateActiveRecordingResult",
        tag="recording",
        writes=True,
    )
    def updateActiveRecording(context: CallContext, record: dict[str, Any] | None) -> RecordSet:
        """Change the running recording, or the time entry timeEntryID. An end stops it."""
        return timer.update_active(context, record)

    @rpc_method(
        _FROM,
        _TO,
        _CLEARED,
        _START,
        _ROW_LIMIT,
        needs_options=True,
        items=t.TimesheetRow,
        result="TimesheetResult",
        tag="time sheet",
        counted=True,
        public_names={"from_": "from"},
    )
    def getTimesheet(
        context: CallContext, from_: str, to: str, cleared: int | None, start: int, limit: int
    ) -> RecordSet:
        """The caller's time entries, newest first."""
        return timesheet.rows(context, from_, to, cleared, start, limit)

    @rpc_method(
        always(Integer32, "ID of the time entry."),
        items=t.TimeEntry,
        result="TimesheetRecordResult",
        tag="time sheet",
    )
    def getTimesheetRecord(context: CallContext, id: int | None) -> RecordSet:  # noqa: A002
        """One complete time entry."""
        return timesheet.record(context, id)

    @rpc_method(
        always(t.TimeEntryInput),
        _UPDATE,
        items=t.SavedEntry,
        result="SetTimesheetRecordResult",
        tag="time sheet",
        writes=True,
    )
    def setTimesheetRecord(
        context: CallContext, record: dict[str, Any] | None, doUpdate: bool
    ) -> RecordSet:
        """Create a time entry, or change one. Omitted fields keep their values or get defaults."""
        return timesheet.save(context, record, update=doUpdate)

    @rpc_method(
        always(Integer32, "ID of the time entry."),
        items=t.SavedEntry,
        result="RemoveTimesheetRecordResult",
        tag="time sheet",
        writes=True,
    )
    def removeTimesheetRecord(context: CallContext, id: int | None) -> RecordSet:  # noqa: A002
        """Remove a time entry."""
        return timesheet.remove(context, id)

    @rpc_method(
        _FROM,
        _TO,
        or_null(optional(Integer32, -1, "-1: all, 0: refundable, 1: not refundable."), 0),
        _CLEARED,
        _START,
        _LIMIT,
        items=t.ExpenseRow,
        result="ExpensesResult",
        tag="expenses",
        counted=True,
        public_names={"from_": "from"},
    )
    def getExpenses(
        context: CallContext,
        from_: str,
        to: str,
        refundable: int,
        cleared: int | None,
        start: int,
        limit: int,
    ) -> RecordSet:
        """The caller's expenses, newest first."""
        return expenses.rows(context, from_, to, refundable, cleared, start, limit)

    @rpc_method(
        always(Integer32, "ID of the expense."),
        items=t.Expense,
        result="ExpenseRecordResult",
        tag="expenses",
    )
    def getExpenseRecord(context: CallContext, id: int | None) -> RecordSet:  # noqa: A002
        """One complete expense."""
        return expenses.record(context, id)

    @rpc_method(
        always(t.ExpenseInput),
        _UPDATE,
        items=t.SavedEntry,
        result="SetExpenseRecordResult",
        tag="expenses",
        writes=True,
    )
    def setExpenseRecord(
        context: CallContext, record: dict[str, Any] | None, doUpdate: bool
    ) -> RecordSet:
        """Create an expense, or change one. Omitted fields keep their values or get defaults."""
        return expenses.save(context, record, update=doUpdate)

    @rpc_method(
        always(Integer32, "ID of the expense."),
        items=t.SavedEntry,
        result="RemoveExpenseRecordResult",
        tag="expenses",
        writes=True,
    )
    def removeExpenseRecord(context: CallContext, id: int | None) -> RecordSet:  # noqa: A002
        """Remove an expense."""
        return expenses.remove(context, id)
