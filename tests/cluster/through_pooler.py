"""A plugin of pytest: tests use PostgreSQL through a pooler; the environment has its mode.

They are those of other folders, which know nothing of it.
"""

from __future__ import annotations

import os
from typing import Any

from sqlalchemy import URL, Engine

from kimai_remote.storage import engine

_create = engine.create


def _through_pooler(url: URL, *arguments: Any, **options: Any) -> Engine:
    if url.get_backend_name() == "postgresql":
        options["pooler"] = os.environ["POOLER_MODE"]
    return _create(url, *arguments, **options)


engine.create = _through_pooler
