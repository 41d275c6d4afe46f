"""Errors that have a meaning for the caller. Anything else that is raised is a defect."""

from __future__ import annotations


class KimaiRemoteError(Exception):
    """Base of all errors of this package. ``str(error)`` is written for people."""


class ConfigurationError(KimaiRemoteError):
    """A setting is missing or wrong. The text says which one and what to do."""


class Refused(KimaiRemoteError):
    """A call that can't be carried out as asked.

    The text becomes ``error.msg`` of the API's failure envelope; the transaction is rolled back.
    """


class NotFound(Refused):
    """There is nothing of that number or name."""


class Denied(Refused):
    """No such user, wrong key or missing right: one text for all, so that nothing leaks."""

    def __init__(self) -> None:
        super().__init__("Unknown user or no permissions.")


class Unavailable(KimaiRemoteError):
    """The database can't serve this call now; the same call may work a moment later."""

    def __init__(self) -> None:
        super().__init__("The database is not available at the moment. Please try again.")
