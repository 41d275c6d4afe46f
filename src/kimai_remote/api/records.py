"""Every record that the API takes or returns, with its fields in order.

Times are unix seconds, durations seconds, money has two decimals in the installation's currency,
flags are booleans. In the JSON form of Kimai 1 (the default) all of them are sent as strings.
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
    formatted,
    list_of,
    maybe,
    not_empty,
    nullable,
    sometimes_computed,
)

#: A point in time in a response.
_TIME = formatted(Integer32, "unixtime")


class Error(Item):
    """The reason why a call failed."""

    _type_info = [("msg", always(Unicode, "Message for people. Clients compare some of them."))]


class ApiKey(Item):
    """Result of authenticate."""

    _type_info = [("apiKey", always(Unicode, "Pass it to every other method."))]


class StartedRecording(Item):
    """Result of startRecord."""

    _type_info = [("timeEntryID", computed(always(Integer32, "ID of the new time entry.")))]


class SavedEntry(Item):
    """Result of a change: the ID of what was created."""

    _type_info = [("id", computed(always(Integer32, "ID of the new entry.")))]


class User(Item):
    """A person who records time."""

    _type_info = [
        ("userID", always(Integer32)),
        ("name", always(Unicode, "Login name.")),
    ]


class Customer(Item):
    """A customer, who has projects."""

    _type_info = [
        ("customerID", always(Integer32)),
        ("name", always(Unicode)),
        ("contact", nullable(Unicode)),
        ("visible", always(Boolean)),
    ]


class Task(Item):
    """A type of work. Kimai also calls it an activity."""

    _type_info = [
        ("activityID", always(Integer32)),
        ("name", always(Unicode)),
        ("visible", always(Boolean)),
        ("budget", maybe(Decimal, "Amount. Only in the tasks of a project.")),
        ("approved", maybe(Decimal, "Amount. Only in the tasks of a project.")),
        ("effort", maybe(Decimal, "Hours. Only in the tasks of a project.")),
    ]


class Project(Item):
    """A project, on which time is recorded."""

    _type_info = [
        ("projectID", always(Integer32)),
        ("customerID", always(Integer32)),
        ("name", always(Unicode)),
        ("comment", nullable(Unicode)),
        ("visible", always(Boolean)),
        ("filter", always(Boolean)),
        ("trash", always(Boolean)),
        ("budget", nullable(Decimal, "Amount.")),
        ("effort", nullable(Decimal, "Hours.")),
        ("approved", nullable(Decimal, "Amount.")),
        ("internal", always(Boolean, "Hidden from the customer.")),
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
        ("start", always(_TIME, "Unix seconds.")),
        ("end", always(_TIME, "0, since it is running.")),
        ("duration", always(Integer32, "As stored: 0, since it is running.")),
        ("description", nullable(Unicode)),
        ("servertime", computed(always(_TIME, "The server's time in unix seconds."))),
        ("customerID", nullable(Integer32)),
        ("customerName", nullable(Unicode)),
        ("projectName", nullable(Unicode)),
        ("activityName", nullable(Unicode)),
    ]


class TimesheetRow(Item):
    """A time entry in a list, cut to the requested period."""

    _type_info = [
        ("timeEntryID", always(Integer32)),
        ("start", sometimes_computed(always(_TIME, "Unix seconds."))),
        ("end", sometimes_computed(always(_TIME, "Unix seconds; 0 while it is running."))),
        ("duration", computed(nullable(Integer32, "Seconds; null while it is running."))),
        ("formattedDuration", nullable(Unicode, "Hours and minutes, such as 1:05.")),
        (
            "wage_decimal",
            computed(nullable(Decimal, "Duration times hourly rate, not rounded.")),
        ),
        (
            "wage",
            formatted(
                nullable(Unicode, "The fixed rate, or else wage_decimal, with two decimals."),
                "decimal",
            ),
        ),
        ("budget", nullable(Decimal, "Amount.")),
        ("approved", nullable(Decimal, "Amount.")),
        ("rate", nullable(Decimal, "Hourly rate.")),
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
    """A complete time entry."""

    _type_info = [
        ("timeEntryID", always(Integer32)),
        ("start", always(_TIME, "Unix seconds.")),
        ("end", always(_TIME, "Unix seconds; 0 while it is running.")),
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
        ("rate", nullable(Decimal, "Hourly rate.")),
        ("fixedRate", nullable(Decimal, "Fixed amount for the entry. 0 or null for none.")),
        ("budget", nullable(Decimal, "Amount.")),
        ("approved", nullable(Decimal, "Amount.")),
        ("statusID", nullable(Integer32)),
        ("billable", nullable(Integer32, "Percent.")),
        ("projectName", nullable(Unicode)),
        ("customerName", nullable(Unicode)),
        ("activityName", nullable(Unicode)),
        ("customerID", nullable(Integer32)),
    ]


class ExpenseRow(Item):
    """An expense in a list."""

    _type_info = [
        ("expenseID", always(Integer32)),
        ("timestamp", always(_TIME, "Unix seconds.")),
        ("multiplier", always(Decimal, "Quantity.")),
        ("value", always(Decimal, "Price per unit.")),
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
    """A complete expense."""

    _type_info = [
        ("expenseID", always(Integer32)),
        ("timestamp", always(_TIME, "Unix seconds.")),
        ("userID", always(Integer32)),
        ("projectID", always(Integer32)),
        ("designation", always(Unicode)),
        ("comment", nullable(Unicode)),
        ("commentType", always(Integer32)),
        ("refundable", always(Boolean)),
        ("cleared", always(Boolean, "Billed.")),
        ("multiplier", always(Decimal, "Quantity.")),
        ("value", always(Decimal, "Price per unit.")),
        ("projectName", nullable(Unicode)),
        ("customerID", nullable(Integer32)),
        ("customerName", nullable(Unicode)),
    ]


class ActiveRecordingChange(Item):
    """Fields of the running recording to change. Omitted fields keep their values."""

    _type_info = [
        ("projectID", not_empty(maybe(Integer32))),
        ("activityID", not_empty(maybe(Integer32))),
        ("description", maybe(Unicode)),
        ("comment", maybe(Unicode)),
        ("start", maybe(DateText)),
        ("end", maybe(DateText, "Stops the recording.")),
        ("timeEntryID", maybe(Integer32, "The entry to change; the running one by default.")),
    ]


class TimeEntryInput(Item):
    """A time entry to create, or the fields of one to change."""

    _type_info = [
        ("id", maybe(Integer32, "Required for an update.")),
        ("projectId", maybe(Integer32, "Required for a new entry.")),
        ("taskId", maybe(Integer32, "Required for a new entry.")),
        ("start", maybe(DateText, "Required for a new entry.")),
        ("end", maybe(DateText, "Required for a new entry.")),
        ("location", maybe(Unicode, "At most 50 characters.")),
        ("trackingNumber", maybe(Unicode, "At most 30 characters.")),
        ("description", maybe(Unicode)),
        ("comment", maybe(Unicode)),
        ("commentType", maybe(Integer32, "0 to 2.")),
        ("rate", maybe(Decimal, "Hourly rate. Default: the most specific rate that applies.")),
        (
            "fixedRate",
            maybe(Decimal, "Fixed amount. Default: the most specific fixed rate that applies."),
        ),
        ("flagCleared", maybe(Boolean, "Billed.")),
        ("statusId", maybe(Integer32, "Default: the option defaultStatusID.")),
        ("flagBillable", maybe(Integer32, "Percent.")),
        ("budget", maybe(Decimal, "Amount.")),
        ("approved", maybe(Decimal, "Amount.")),
    ]


class ExpenseInput(Item):
    """An expense to create, or the fields of one to change."""

    _type_info = [
        ("id", maybe(Integer32, "Required for an update.")),
        ("projectId", maybe(Integer32, "Required for a new expense.")),
        ("date", maybe(DateText, "Required for a new expense.")),
        ("designation", maybe(Unicode)),
        ("comment", maybe(Unicode)),
        ("commentType", maybe(Integer32, "0 to 2.")),
        ("refundable", maybe(Boolean)),
        ("cleared", maybe(Boolean, "Billed.")),
        ("multiplier", maybe(Decimal, "Quantity. Default: 1.")),
        ("value", maybe(Decimal, "Price per unit. Default: 0.")),
    ]


def result_of(item: type[Item], name: str, *, counted: bool = False) -> type[ComplexModel]:
    """The envelope type of a method whose items are of one type: items (a list even of one) and
    total on success, error on failure.

    :param counted: whether Kimai's database counted the items.
    """
    total = maybe(Integer32, "On success: number of items without paging.")
    fields = [
        ("success", always(Boolean, "Whether the call succeeded.")),
        ("items", list_of(item)),
        ("total", total if counted else computed(total)),
        ("error", Error.customize(min_occurs=0)),
    ]
    body = {"__namespace__": NAMESPACE, "__type_name__": name, "_type_info": fields}
    return type(name, (ComplexModel,), body)
