"""The body of a response while it is being written: in memory as long as it is small."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator
from typing import IO

#: Bytes that are kept in memory; more of them go to a temporary file.
IN_MEMORY = 1024 * 1024
READ_SIZE = 256 * 1024


class BodyBuffer:
    """Bytes that are written once and then read once.

    A response must be complete before its first byte is sent, since an error on the way has to
    become a fault. A long one waits in a temporary file, so memory stays bounded.
    """

    def __init__(self) -> None:
        self._chunks: list[bytes] = []
        self._file: IO[bytes] | None = None
        self.length = 0

    def write(self, content: bytes) -> None:
        self.length += len(content)
        if self._file is None and self.length > IN_MEMORY:
            self._file = tempfile.TemporaryFile()  # noqa: SIM115 (see close)
            self._file.writelines(self._chunks)
            self._chunks.clear()
        if self._file is None:
            self._chunks.append(content)
        else:
            self._file.write(content)

    def __iter__(self) -> Iterator[bytes]:
        if self._file is None:
            yield from self._chunks
            return
        self._file.seek(0)
        while content := self._file.read(READ_SIZE):
            yield content

    def close(self) -> None:
        """Remove the temporary file."""
        if self._file is not None:
            self._file.close()


class ResponseBody:
    """Parts of a response in order, as the iterable that WSGI sends and closes."""

    def __init__(self, parts: Iterable[bytes | BodyBuffer] = ()) -> None:
        self._parts = list(parts)

    @property
    def length(self) -> int:
        return sum(
            [part.length if isinstance(part, BodyBuffer) else len(part) for part in self._parts]
        )

    def __iter__(self) -> Iterator[bytes]:
        for part in self._parts:
            if isinstance(part, BodyBuffer):
                yield from part
            else:
                yield part

    def __add__(self, other: ResponseBody) -> ResponseBody:
        return ResponseBody([*self._parts, *other._parts])

    def wrap(self, before: bytes, after: bytes) -> ResponseBody:
        """Return the body with text before and after it."""
        return ResponseBody([before, *self._parts, after])

    def close(self) -> None:
        """Remove the temporary files of a long response."""
        for part in self._parts:
            if isinstance(part, BodyBuffer):
                part.close()
