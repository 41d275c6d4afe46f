"""``/health/live`` and ``/health/ready``, for supervisors and load balancers."""

from __future__ import annotations

import msgspec
from werkzeug import Request, Response

from ..api.readiness import Readiness
from .responses import reading

LIVE, READY = "/health/live", "/health/ready"


class Health:
    """What the service says of its own state, in words that tell a stranger nothing.

    :param readiness: what is asked whether calls can be served.
    """

    def __init__(self, readiness: Readiness) -> None:
        self._readiness = readiness

    def live(self, request: Request) -> Response:
        """200 as long as the process answers; the database isn't asked."""
        return reading(request, lambda: _said(True, {}))

    def ready(self, request: Request) -> Response:
        """200 if calls can be served, else 503, within about three seconds."""
        return reading(request, self._ready)

    def _ready(self) -> Response:
        state = self._readiness.state()
        return _said(state.is_ready, {"database": state.database, "schema": state.schema})


def _said(holds: bool, checks: dict[str, str]) -> Response:
    content = {"status": "ok" if holds else "failing", "checks": checks}
    return Response(
        msgspec.json.encode(content), 200 if holds else 503, mimetype="application/json"
    )
