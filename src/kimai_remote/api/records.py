"""Every record that the API takes or returns, with its fields in order.

Times are unix seconds, durations seconds, money has two decimals in the installation's currency,
flags are booleans. In the JSON dialect of Kimai 1 (the default) all of them are sent as strings.
"""

from __future__ import annotations

from .. import _compat  # noqa: F401  (before the first import of Spyne)

# isort: split
from spyne.model.complex import ComplexModel

from .fields import (
    NAMESPACE,
    Boolean,
    DateText,
    Decimal,
    Integer32,
    Item,
    Unicode,
    always,
    computed,
    list_of,
    maybe,
    nullable,
)


class Error(Item):
    """Why a call was refused."""

    _type_info = [("msg", always(Unicode, "Text for people; clients compare some of them."))]


class ApiKey(Item):
    """What ``authenticate`` answers."""

    _type_info = [("apiKey", always(Unicode, "Pass this to every other method."))]


class StartedRecording(Item):
    """What ``startRecord`` answers."""

    _type_info = [("timeEntryID", always(Integer32, "Number of the new time entry."))]


class SavedEntry(Item):
    """What a change answers: the number of what was created."""

    _type_info = [("id", always(Integer32, "Number of the new entry."))]


class User(Item):
    """Somebody who records time."""

    _type_info = [
        ("userID", always(Integer32)),
        ("name", always(Unicode, "Login name.")),
    ]


class Customer(Item):
    """Who projects are for."""

    _type_info = [
        ("customerID", always(Integer32)),
        ("name", always(Unicode)),
        ("contact", nullable(Unicode)),
        ("visible", always(Boolean)),
    ]


class Task(Item):
    """A kind of work; Kimai also calls it an activity."""

    _type_info = [
        ("activityID", always(Integer32)),
        ("name", always(Unicode)),
        ("visible", always(Boolean)),
        ("budget", maybe(Decimal, "Money; only in a project's tasks.")),
        ("approved", maybe(Decimal, "Money; only in a project's tasks.")),
        ("effort", maybe(Decimal, "Hours; only in a project's tasks.")),
    ]


class Project(Item):
    """What time is recorded on."""

    _type_info = [
        ("projectID", always(Integer32)),
        ("customerID", always(Integer32)),
        ("name", always(Unicode)),
        ("comment", nullable(Unicode)),
        ("visible", always(Boolean)),
        ("filter", always(Boolean)),
        ("trash", always(Boolean)),
        ("budget", nullable(Decimal, "Money.")),
        ("effort", nullable(Decimal, "Hours.")),
        ("approved", nullable(Decimal, "Money.")),
        ("internal", always(Boolean, "Not to be shown to the customer.")),
        ("customerName", always(Unicode)),
        ("customerVisible", always(Boolean)),
        ("tasks", list_of(Task)),
    ]


class ActiveRecording(Item):
    """The running recording."""

    _type_info = [
        ("timeEntryID", always(Integer32)),
        ("activityID", always(Integer32)),
        ("projectID", always(Integer32)),
        ("start", always(Integer32, "Unix seconds.")),
        ("end", always(Integer32, "0, since it is running.")),
        ("duration", always(Integer32, "As stored: 0, since it is running.")),
        ("description", nullable(Unicode)),
        ("servertime", computed(always(Integer32, "The server's time in unix seconds."))),
        ("customerID", nullable(Integer32)),
        ("customerName", nullable(Unicode)),
        ("projectName", nullable(Unicode)),
        ("activityName", nullable(Unicode)),
    ]


class TimesheetRow(Item):
    """A time entry as the time sheet shows it, cut to the period asked for."""

    _type_info = [
        ("timeEntryID", always(Integer32)),
        ("start", always(Integer32, "Unix seconds.")),
        ("end", always(Integer32, "Unix seconds; 0 while it is running.")),
        ("duration", nullable(Integer32, "Seconds; null while it is running.")),
        ("formattedDuration", nullable(Unicode, "Hours and minutes, such as 1:05.")),
        ("wage_decimal", computed(nullable(Decimal, "Money for this work."))),
        ("wage", nullable(Unicode, "The same as a text with two decimals.")),
        ("budget", nullable(Decimal, "Money.")),
        ("approved", nullable(Decimal, "Money.")),
        ("rate", nullable(Decimal, "Money an hour.")),
        ("projectID", always(Integer32)),
        ("activityID", always(Integer32)),
        ("userID", always(Integer32)),
        ("customerName", nullable(Unicode)),
        ("customerID", nullable(Integer32)),
        ("activityName", nullable(Unicode)),
        ("projectName", nullable(Unicode)),
        ("projectComment", nullable(Unicode)),
        ("location", nullable(Unicode)),
        ("trackingNumber", nullable(Unicode)),
        ("statusID", nullable(Integer32)),
        ("status", nullable(Unicode)),
        ("billable", nullable(Integer32, "Percent.")),
        ("description", nullable(Unicode)),
        ("comment", nullable(Unicode)),
        ("cleared", always(Boolean, "Billed.")),
        ("commentType", always(Integer32)),
        ("userAlias", nullable(Unicode)),
        ("userName", nullable(Unicode)),
    ]


class TimeEntry(Item):
    """A whole time entry."""

    _type_info = [
        ("timeEntryID", always(Integer32)),
        ("start", always(Integer32, "Unix seconds.")),
        ("end", always(Integer32, "Unix seconds; 0 while it is running.")),
        ("duration", always(Integer32, "Seconds; 0 while it is running.")),
        ("userID", always(Integer32)),
        ("projectID", always(Integer32)),
        ("activityID", always(Integer32)),
        ("description", nullable(Unicode)),
        ("comment", nullable(Unicode)),
        ("commentType", always(Integer32)),
        ("cleared", always(Boolean, "Billed.")),
        ("location", nullable(Unicode)),
        ("trackingNumber", nullable(Unicode)),
        ("rate", nullable(Decimal, "Money an hour.")),
        ("fixedRate", nullable(Decimal, "Money for the whole entry; 0 if there is none.")),
        ("budget", nullable(Decimal, "Money.")),
        ("approved", nullable(Decimal, "Money.")),
        ("statusID", nullable(Integer32)),
        ("billable", nullable(Integer32, "Percent.")),
        ("projectName", nullable(Unicode)),
        ("customerName", nullable(Unicode)),
        ("activityName", nullable(Unicode)),
        ("customerID", nullable(Integer32)),
    ]


class ExpenseRow(Item):
    """An expense as the list shows it."""

    _type_info = [
        ("expenseID", always(Integer32)),
        ("timestamp", always(Integer32, "Unix seconds.")),
        ("multiplier", always(Decimal, "How many.")),
        ("value", always(Decimal, "Money a piece.")),
        ("projectID", always(Integer32)),
        ("designation", always(Unicode)),
        ("userID", always(Integer32)),
        ("customerName", nullable(Unicode)),
        ("customerID", nullable(Integer32)),
        ("projectName", nullable(Unicode)),
        ("comment", nullable(Unicode)),
        ("refundable", always(Boolean)),
        ("commentType", always(Integer32)),
        ("userName", nullable(Unicode)),
        ("cleared", always(Boolean, "Billed.")),
    ]


class Expense(Item):
    """A whole expense."""

    _type_info = [
        ("expenseID", always(Integer32)),
        ("timestamp", always(Integer32, "Unix seconds.")),
        ("userID", always(Integer32)),
        ("projectID", always(Integer32)),
        ("designation", always(Unicode)),
        ("comment", nullable(Unicode)),
        ("commentType", always(Integer32)),
        ("refundable", always(Boolean)),
        ("cleared", always(Boolean, "Billed.")),
        ("multiplier", always(Decimal, "How many.")),
        ("value", always(Decimal, "Money a piece.")),
        ("projectName", nullable(Unicode)),
        ("customerID", nullable(Integer32)),
        ("customerName", nullable(Unicode)),
    ]


class ActiveRecordingChange(Item):
    """Fields of the running recording to change; what isn't given stays."""

    _type_info = [
        ("projectID", maybe(Integer32)),
        ("activityID", maybe(Integer32)),
        ("description", maybe(Unicode)),
        ("comment", maybe(Unicode)),
        ("start", maybe(DateText)),
        ("end", maybe(DateText, "Stops the recording.")),
        ("timeEntryID", maybe(Integer32, "The entry to change; the running one by default.")),
    ]


class TimeEntryInput(Item):
    """A time entry to create, or the fields of one to change."""

    _type_info = [
        ("id", maybe(Integer32, "Needed for an update.")),
        ("projectId", maybe(Integer32, "Needed for a new entry.")),
        ("taskId", maybe(Integer32, "Needed for a new entry.")),
        ("start", maybe(DateText, "Needed for a new entry.")),
        ("end", maybe(DateText, "Needed for a new entry.")),
        ("location", maybe(Unicode, "At most 50 characters.")),
        ("trackingNumber", maybe(Unicode, "At most 30 characters.")),
        ("description", maybe(Unicode)),
        ("comment", maybe(Unicode)),
        ("commentType", maybe(Integer32, "0 to 2.")),
        ("rate", maybe(Decimal, "Money an hour; by default the best fitting rate.")),
        ("fixedRate", maybe(Decimal, "Money; by default the best fitting fixed rate.")),
        ("flagCleared", maybe(Boolean, "Billed.")),
        ("statusId", maybe(Integer32, "By default the option defaultStatusID.")),
        ("flagBillable", maybe(Integer32, "Percent.")),
        ("budget", maybe(Decimal, "Money.")),
        ("approved", maybe(Decimal, "Money.")),
    ]


class ExpenseInput(Item):
    """An expense to create, or the fields of one to change."""

    _type_info = [
        ("id", maybe(Integer32, "Needed for an update.")),
        ("projectId", maybe(Integer32, "Needed for a new expense.")),
        ("date", maybe(DateText, "Needed for a new expense.")),
        ("designation", maybe(Unicode)),
        ("comment", maybe(Unicode)),
        ("commentType", maybe(Integer32, "0 to 2.")),
        ("refundable", maybe(Boolean)),
        ("cleared", maybe(Boolean, "Billed.")),
        ("multiplier", maybe(Decimal, "How many; 1 by default.")),
        ("value", maybe(Decimal, "Money a piece; 0 by default.")),
    ]


def result_of(item: type[Item], name: str) -> type[ComplexModel]:
    """The envelope type of a method whose items are of one type: items (a list even of one) and
    total on success, error on failure."""
    fields = [
        ("success", always(Boolean, "Whether the call was carried out.")),
        ("items", list_of(item)),
        ("total", computed(maybe(Integer32, "On success: number of items without paging."))),
        ("error", Error.customize(min_occurs=0)),
    ]
    body = {"__namespace__": NAMESPACE, "__type_name__": name, "_type_info": fields}
    return type(name, (ComplexModel,), body)
