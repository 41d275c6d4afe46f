"""Results of the tracking functions: rows of plain values under the API's field names."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any


class Computed(int):
    """A number that is not the stored one: Kimai's responses have it as a number, where a stored
    one is a string."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class RecordSet:
    """Records as tuples, since making an object of each costs more than reading them.

    ``columns`` names the fields of each tuple, in order. A field of the record's type that isn't
    named is missing from the response, which is not the same as null.
    """

    columns: tuple[str, ...]
    #: Read once, and inside the transaction: long lists come from the database as they are read.
    values: Iterable[Sequence[Any]]
    #: Number of records without paging; None means that these are all.
    total: int | None = None

    def chunks(self, size: int) -> Iterator[Sequence[Sequence[Any]]]:
        """The records, at most ``size`` at a time."""
        if isinstance(self.values, list) and len(self.values) <= size:
            if self.values:
                yield self.values
            return
        records = iter(self.values)
        while chunk := list(islice(records, size)):
            yield chunk

    @property
    def first(self) -> Mapping[str, Any] | None:
        """The first of records that have been read already, by field name."""
        for record in self.values:
            return dict(zip(self.columns, record, strict=True))
        return None

    @classmethod
    def one(cls, record: Mapping[str, Any]) -> RecordSet:
        """A single record."""
        return cls(tuple(record), [tuple(record.values())])


#: The result of a change that has nothing to report.
EMPTY = RecordSet((), [])
