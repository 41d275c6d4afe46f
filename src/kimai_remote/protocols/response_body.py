"""The body of an answer while it is being written: in memory as long as it is small."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator

#: Bytes that are kept in memory; more of them go to a temporary file.
IN_MEMORY = 1024 * 1024
CHUNK = 256 * 1024


class Spool:
    """Bytes that are written once and then read once.

    An answer must be complete before its first byte is sent, since an error on the way has to
    become a fault; so a long one waits here, and memory stays bounded whatever its length.
    """

    def __init__(self) -> None:
        # Closed by close(), which the WSGI server calls at the end of each response.
        self._file = tempfile.SpooledTemporaryFile(max_size=IN_MEMORY)  # noqa: SIM115
        self.length = 0

    def write(self, content: bytes) -> None:
        self._file.write(content)
        self.length += len(content)

    def __iter__(self) -> Iterator[bytes]:
        self._file.seek(0)
        while content := self._file.read(CHUNK):
            yield content

    def close(self) -> None:
        self._file.close()


class Body:
    """Pieces of an answer in order, as the iterable that WSGI sends."""

    def __init__(self, pieces: Iterable[bytes | Spool] = ()) -> None:
        self._pieces = list(pieces)

    @property
    def length(self) -> int:
        return sum(
            piece.length if isinstance(piece, Spool) else len(piece) for piece in self._pieces
        )

    def __iter__(self) -> Iterator[bytes]:
        for piece in self._pieces:
            if isinstance(piece, Spool):
                yield from piece
            else:
                yield piece

    def __add__(self, other: Body) -> Body:
        return Body([*self._pieces, *other._pieces])

    def close(self) -> None:
        """Give back what a long answer has taken on disk."""
        for piece in self._pieces:
            if isinstance(piece, Spool):
                piece.close()
