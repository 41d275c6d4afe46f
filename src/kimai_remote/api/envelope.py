"""What every method but getVersion answers."""

from __future__ import annotations

from dataclasses import dataclass

from ..tracking.rows import Rows


@dataclass(frozen=True, slots=True)
class Envelope:
    """Success with records, or failure with a text. Both are ordinary results of a call."""

    items: Rows | None
    msg: str | None = None

    @property
    def success(self) -> bool:
        return self.items is not None

    @property
    def total(self) -> int:
        """Number of records without paging."""
        if self.items is None:
            return 0
        return len(self.items) if self.items.total is None else self.items.total

    @classmethod
    def failure(cls, msg: str) -> Envelope:
        return cls(None, msg)
