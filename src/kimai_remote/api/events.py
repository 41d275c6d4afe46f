"""What is logged about calls, as data: one line of JSON, or merged into one by the log."""

from __future__ import annotations

import json
from typing import Any

#: Characters of a text that are written.
LONGEST = 160


class Event(dict[str, Any]):
    """The message of a log record. What isn't known is left out, long texts are cut off."""

    def __init__(self, **details: Any) -> None:
        super().__init__(
            (name, value[:LONGEST] if isinstance(value, str) else value)
            for name, value in details.items()
            if value not in (None, "")
        )

    def __str__(self) -> str:
        # In ASCII, so that a name can't move the cursor or begin a line of its own.
        return json.dumps(self)
