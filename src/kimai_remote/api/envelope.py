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

    def total(self, count: int) -> int:
        """Number of records without paging.

        :param count: how many records the answer has.
        """
        known = None if self.items is None else self.items.total
        return count if known is None else known

    @classmethod
    def failure(cls, msg: str) -> Envelope:
        return cls(None, msg)
