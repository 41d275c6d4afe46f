"""Names of Kimai's rights: each is a column of a role table, holding 1 where it is granted."""

from __future__ import annotations


def _crud(prefix: str, *actions: str) -> tuple[str, ...]:
    return tuple(f"{prefix}-{action}" for action in actions)


_OBJECTS = ("customer", "project", "activity", "user")
_ENTRY_ACTIONS = ("add", "edit", "delete")

#: Rights that hold everywhere: columns of ``globalRoles``, in Kimai's order.
GLOBAL_RIGHTS: tuple[str, ...] = (
    "deb_ext-access",
    "adminPanel_extension-access",
    "ki_budget-access",
    "ki_expenses-access",
    "ki_export-access",
    "ki_invoice-access",
    "ki_timesheet-access",
    "demo_ext-access",
    *(
        right
        for name in _OBJECTS
        for right in _crud(f"core-{name}-otherGroup", "add", "edit", "delete", "assign", "unassign")
    ),
    *_crud("core-status", *_ENTRY_ACTIONS),
    "core-group-add",
    *_crud("core-group-otherGroup", "edit", "delete"),
    "adminPanel_extension-editAdvanced",
    *(
        f"ki_timesheets-{owner}-{action}"
        for action in _ENTRY_ACTIONS
        for owner in ("ownEntry", "otherEntry-otherGroup")
    ),
    "ki_timesheets-showRates",
    "ki_timesheets-editRates",
    *(
        f"ki_expenses-{owner}-{action}"
        for action in _ENTRY_ACTIONS
        for owner in ("ownEntry", "otherEntry-otherGroup")
    ),
    *(f"core-{name}-otherGroup-view" for name in ("customer", "project", "activity", "group")),
    "core-user-otherGroup-view",
)

#: Rights inside one group: columns of ``membershipRoles``, in Kimai's order.
MEMBERSHIP_RIGHTS: tuple[str, ...] = (
    *(
        right
        for name in _OBJECTS
        for right in _crud(f"core-{name}", "add", "edit", "delete", "assign", "unassign")
    ),
    "core-user-view",
    *_crud("core-group", "edit", "delete"),
    *_crud("ki_timesheets-otherEntry-ownGroup", *_ENTRY_ACTIONS),
    *_crud("ki_expenses-otherEntry-ownGroup", *_ENTRY_ACTIONS),
)

#: Rights of the roles a new database starts with. Administrators have all of them.
DEFAULT_USER_RIGHTS: frozenset[str] = frozenset(
    {
        "ki_budget-access",
        "ki_expenses-access",
        "ki_export-access",
        "ki_invoice-access",
        "ki_timesheet-access",
        "ki_timesheets-showRates",
        *_crud("ki_timesheets-ownEntry", *_ENTRY_ACTIONS),
        *_crud("ki_expenses-ownEntry", *_ENTRY_ACTIONS),
    }
)
DEFAULT_GROUPLEADER_RIGHTS: frozenset[str] = frozenset(
    {
        "core-user-view",
        *_crud("ki_timesheets-otherEntry-ownGroup", *_ENTRY_ACTIONS),
        *_crud("ki_expenses-otherEntry-ownGroup", *_ENTRY_ACTIONS),
    }
)
