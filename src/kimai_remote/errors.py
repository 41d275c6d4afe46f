"""Exceptions that mean something to a caller, and the one table of the response to each.

Anything else that is raised is a defect. ``str(error)`` is written for people.
"""

from __future__ import annotations

import enum
import logging
from collections.abc import Sequence
from dataclasses import dataclass


class KimaiRemoteError(Exception):
    """Base of all errors of this package."""


class ConfigurationError(KimaiRemoteError):
    """A setting is missing or wrong. The text says which one and what to do."""

    #: The extra of this package that installs what is missing.
    extra: str | None = None


# Errors of a method: the call is well-formed --------------------------------------------------


class Refused(KimaiRemoteError):
    """A call that can't be carried out as asked.

    The text becomes ``error.msg`` of the API's failure envelope; the transaction is rolled back.
    """


class NotFound(Refused):
    """No record has that ID or name."""


class Denied(Refused):
    """Unknown user, wrong key or missing right: one text for all, so that nothing leaks."""

    def __init__(self, text: str = "Unknown user or no permissions.") -> None:
        super().__init__(text)


class UnknownRecord(Denied):
    """No record has that ID, or one that the caller may not know of: one text for both, so that
    nobody finds out which IDs exist."""

    def __init__(self, text: str = "Invalid ID") -> None:
        super().__init__(text)


class TooManyFailures(Refused):
    """Too many logins from an address, or with a name, have failed in the last minute.

    :ivar subject: ``address`` or ``name``.
    """

    def __init__(self, subject: str) -> None:
        if subject == "name":
            super().__init__("Too many failed logins with this name. Please wait a minute.")
        else:
            super().__init__("Too many failed logins from your address. Please wait a minute.")
        self.subject = subject


class Unavailable(KimaiRemoteError):
    """The database can't serve this call now; the same call may work a moment later."""

    def __init__(
        self, text: str = "The database is not available at the moment. Please try again."
    ) -> None:
        super().__init__(text)


class BatchLimitReached(Unavailable):
    """A call of a batch that is not run, since those before it cost too much."""

    def __init__(
        self,
        text: str = "Not run: the calls before it in the batch took too long, or had too much to "
        "answer.",
    ) -> None:
        super().__init__(text)


# Errors of a request: it is no call -----------------------------------------------------------


class RequestError(KimaiRemoteError):
    """A request that is not a call of a method."""


class MalformedRequest(RequestError):
    """The body is not JSON, or not a SOAP envelope."""


class InvalidRequest(RequestError):
    """JSON or XML of the wrong structure."""


class UnknownMethod(RequestError):
    """There is no method of that name."""


class InvalidParameter(RequestError):
    """A value can't be read as the type that its parameter has."""


class VersionMismatch(RequestError):
    """An envelope of another version of SOAP than 1.1 and 1.2."""


class MustUnderstand(RequestError):
    """A request with SOAP headers that must be understood, which none is.

    :ivar headers: their namespaces and names.
    """

    def __init__(self, text: str, headers: Sequence[tuple[str, str]] = ()) -> None:
        super().__init__(text)
        self.headers = tuple(headers)


class UnknownContract(RequestError):
    """There is no contract of that style and version of SOAP."""


class UnsupportedMediaType(RequestError):
    """A multipart request: attachments (SwA, MTOM) are not supported."""


# The response to each --------------------------------------------------------------------------


class Outcome(enum.StrEnum):
    """Outcome of a call, for logs and metrics."""

    #: ``success: true``, or a plain value.
    SUCCESS = "success"
    #: ``success: false``: the call can't be carried out as asked.
    FAILURE = "failure"
    #: Unknown user, wrong key, missing right, ID of no record that the caller may know of.
    REFUSED = "refused"
    #: Not a call: malformed, unknown method, parameters that don't fit.
    INVALID = "invalid"
    #: The database could not serve the call; the same call may work a moment later.
    UNAVAILABLE = "unavailable"
    #: A defect, whose traceback is in the log.
    FAULT = "fault"


@dataclass(frozen=True, slots=True)
class ErrorHandling:
    """The response to one type of exception, in every protocol."""

    outcome: Outcome
    #: Code of the SOAP fault; empty for ``success: false`` in the API's envelope, which is an
    #: ordinary result in every protocol.
    fault_code: str = ""
    jsonrpc_code: int = 0
    #: HTTP status of a SOAP fault, and of an error before a protocol is known. JSON-RPC sends 200.
    http_status: int = 500
    #: Level of the log line; None for no line.
    log_level: int | None = None


#: The first class of an exception's ancestry that is in here counts.
HANDLING: dict[type[BaseException], ErrorHandling] = {
    Denied: ErrorHandling(Outcome.REFUSED),
    Refused: ErrorHandling(Outcome.FAILURE),
    MalformedRequest: ErrorHandling(Outcome.INVALID, "Client", -32700),
    InvalidRequest: ErrorHandling(Outcome.INVALID, "Client", -32600),
    UnknownMethod: ErrorHandling(Outcome.INVALID, "Client", -32601),
    InvalidParameter: ErrorHandling(Outcome.INVALID, "Client", -32602),
    VersionMismatch: ErrorHandling(Outcome.INVALID, "VersionMismatch", -32600),
    MustUnderstand: ErrorHandling(Outcome.INVALID, "MustUnderstand", -32600),
    UnknownContract: ErrorHandling(Outcome.INVALID, "Client", -32600, http_status=404),
    UnsupportedMediaType: ErrorHandling(Outcome.INVALID, "Client", -32600, http_status=415),
    BatchLimitReached: ErrorHandling(Outcome.UNAVAILABLE, "Server.Unavailable", -32000),
    Unavailable: ErrorHandling(
        Outcome.UNAVAILABLE, "Server.Unavailable", -32000, log_level=logging.ERROR
    ),
    Exception: ErrorHandling(Outcome.FAULT, "Server", -32603, log_level=logging.ERROR),
}


def handling_of(error: BaseException) -> ErrorHandling:
    """Return the response to an exception; any that is not in the table is a defect."""
    for ancestor in type(error).__mro__:
        if ancestor in HANDLING:
            return HANDLING[ancestor]
    return HANDLING[Exception]
