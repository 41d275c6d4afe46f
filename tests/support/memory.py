"""The memory that a process uses."""

from __future__ import annotations

import os
from pathlib import Path


def resident(process: int) -> int:
    """Return the bytes that a process has in memory, without what it shares as files."""
    pages = Path(f"/proc/{process}/statm").read_text().split()
    return (int(pages[1]) - int(pages[2])) * os.sysconf("SC_PAGE_SIZE")
