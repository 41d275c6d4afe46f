"""Errors of administration, with what a caller needs to say what to do about them."""

from __future__ import annotations

from collections.abc import Iterable

from ...errors import NotFound, Refused
from .entities import EntityType, did_you_mean


class NameTaken(Refused):
    """Another object has the name.

    :param entity_id: ID of that object.
    :param is_trashed: it is in the trash.
    :param owner: noun of what the name must be unique in, such as ``customer``.
    """

    def __init__(
        self,
        entity_type: EntityType,
        name: str,
        entity_id: int | None = None,
        *,
        is_trashed: bool = False,
        owner: str = "",
    ) -> None:
        subject = f"This {owner} already has" if owner else "There is already"
        where = " in the trash" if is_trashed else ""
        shown_id = "" if entity_id is None else f" (ID {entity_id})"
        super().__init__(f"{subject} {entity_type.with_article} named {name!r}{where}{shown_id}.")
        self.entity_type = entity_type
        self.name = name
        self.entity_id = entity_id
        self.is_trashed = is_trashed


class UnknownOption(NotFound):
    """Kimai has no such option, as far as this service knows."""

    def __init__(self, name: str, known: Iterable[str]) -> None:
        super().__init__(f"There is no option {name[:60]!r}.{did_you_mean(name, known)}")


class UnusedOption(Refused):
    """Only Kimai's PHP reads the option, or nothing does."""

    def __init__(self, name: str, known: Iterable[str], *, is_kimai: bool) -> None:
        if is_kimai:
            text = f"kimai-remote does not use the option {name!r}; only Kimai's PHP does."
        else:
            text = str(UnknownOption(name, known))
        super().__init__(text)
        self.is_kimai = is_kimai


class RateExists(Refused):
    """There is a rate for exactly this user, project and activity."""

    def __init__(self) -> None:
        super().__init__("There is already a rate for exactly this combination.")


class RateNotFound(NotFound):
    """There is no rate for exactly this user, project and activity."""

    def __init__(self) -> None:
        super().__init__("There is no rate for exactly this combination.")


class DefaultStatus(Refused):
    """A status can't be removed because new entries get it."""

    def __init__(self, name: str) -> None:
        super().__init__(f"New time entries get the status {name!r}.")
