"""Reading the body of a request, however it comes: with a length or in chunks."""

from __future__ import annotations

from werkzeug import Request
from werkzeug.exceptions import BadRequest, RequestEntityTooLarge, RequestTimeout

_PIECE = 64 * 1024


def read(request: Request, most: int) -> bytes:
    """The whole body.

    :raises RequestEntityTooLarge: it is longer than ``most`` bytes; no more than that is read.
    :raises RequestTimeout: it didn't come in time (see :mod:`kimai_remote.web.intake`).
    :raises BadRequest: it ended too soon.
    """
    length = request.content_length
    if length is not None and length > most:
        raise RequestEntityTooLarge(_TOO_LARGE.format(most=most))
    # Werkzeug's own limit cuts a chunked body off in silence.
    stream = request.stream
    pieces = bytearray()
    try:
        while piece := stream.read(min(_PIECE, most + 1 - len(pieces))):
            pieces += piece
            if len(pieces) > most:
                raise RequestEntityTooLarge(_TOO_LARGE.format(most=most))
    except TimeoutError:
        raise RequestTimeout(_TOO_SLOW) from None
    except OSError:
        raise BadRequest(_CUT_SHORT) from None
    if length is not None and len(pieces) < length:
        raise BadRequest(_CUT_SHORT)
    return bytes(pieces)


_TOO_LARGE = "A request may have {most} bytes here."
_TOO_SLOW = "The request's body didn't come in time."
_CUT_SHORT = "The request ended before its body was complete."
