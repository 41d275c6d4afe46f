"""Columns of entries that refuse null in this database. Kimai's installers and updates differ."""

from __future__ import annotations

from weakref import WeakKeyDictionary

from sqlalchemy import Engine, inspect
from sqlalchemy.orm import Session

from .models import Expense, TimeEntry, real_name

_known: WeakKeyDictionary[Engine, frozenset[tuple[str, str]]] = WeakKeyDictionary()


def refuses_null(session: Session, entry: type[TimeEntry] | type[Expense], column: str) -> bool:
    """Return whether a column can't be null; the tables are inspected once a process."""
    engine = session.connection().engine
    if engine not in _known:
        inspector = inspect(session.connection())
        _known[engine] = frozenset(
            (model.__tablename__, each["name"])
            for model in (TimeEntry, Expense)
            for each in inspector.get_columns(real_name(model.__tablename__, engine))
            if not each["nullable"]
        )
    return (entry.__tablename__, column) in _known[engine]
