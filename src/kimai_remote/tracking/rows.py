"""What the tracking functions return: rows of plain values under the API's field names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select
from sqlalchemy.orm import Session


@dataclass(frozen=True, slots=True)
class Rows:
    """Records as tuples, since making an object of each costs more than reading them.

    ``columns`` names the fields of each tuple, in order. A field of the record's type that isn't
    named is absent from the answer, which is not the same as null.
    """

    columns: tuple[str, ...]
    values: Sequence[Sequence[Any]]
    #: Number of records without paging; None means that these are all.
    total: int | None = None

    def __len__(self) -> int:
        return len(self.values)

    @classmethod
    def one(cls, record: Mapping[str, Any]) -> Rows:
        """A single record."""
        return cls(tuple(record), [tuple(record.values())])

    @classmethod
    def fetch(cls, session: Session, statement: Select[*tuple[Any, ...]]) -> Rows:
        """All records of a statement whose columns are labelled with the API's field names."""
        return cls(tuple(statement.selected_columns.keys()), session.execute(statement).all())


#: The answer of a change that has nothing to report.
NOTHING = Rows((), [])
