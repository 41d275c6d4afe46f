"""The pattern of every method, stated once: transaction, key, work, envelope."""

from __future__ import annotations

import functools
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from spyne import MethodContext, rpc
from spyne.model.complex import ComplexModel
from spyne.model.fault import Fault
from sqlalchemy.orm import Session

from ..config import Settings
from ..errors import Refused, Unavailable
from ..storage.database import Database
from ..tracking import accounts
from ..tracking.call import Call
from ..tracking.credentials import Credentials
from ..tracking.rows import Rows
from .envelope import Envelope
from .fields import Item, Unicode, always
from .types import result_of

log = logging.getLogger(__name__)

#: Spyne sends these texts as they are; nothing of what happened inside may be in them.
INTERNAL_ERROR = "Internal error. The administrator finds it in the log."
#: Fault code for a call that may well work a moment later.
UNAVAILABLE = "Server.Unavailable"


@dataclass(frozen=True)
class Desk:
    """What the methods work with; it is the ``config`` of each Spyne Application.

    :param clock: the server's time in unix seconds.
    """

    database: Database
    credentials: Credentials
    settings: Settings
    clock: Callable[[], float] = time.time

    def call(self, session: Session) -> Call:
        zone = ZoneInfo(self.settings.timezone)
        return Call(session, self.credentials, int(self.clock()), zone)


def method(
    *parameters: Any,
    items: type[Item],
    result: str,
    writes: bool = False,
    key: bool = True,
    names: dict[str, str] | None = None,
    legacy_boolean: bool = False,
) -> Callable[[Callable[..., Rows | Envelope]], Any]:
    """Expose a function as a method of the API.

    The function gets a :class:`Call` and the parameters, and returns :class:`Rows` or an
    :class:`Envelope`. It runs in one transaction that is rolled back if it raises.

    :param parameters: Spyne types of the parameters that follow the API key.
    :param items: type of the records in the answer.
    :param result: name of the answer's type.
    :param writes: whether the function changes anything.
    :param key: whether the method takes an API key, as its first parameter.
    :param names: public names of parameters that are Python keywords.
    :param legacy_boolean: Kimai's contract had the method answer a boolean until 2018.
    """

    def expose(function: Callable[..., Rows | Envelope]) -> Any:
        code = function.__code__
        arguments = list(code.co_varnames[1 : code.co_argcount])
        types = list(parameters)
        if key:
            arguments.insert(0, "apiKey")
            types.insert(0, always(Unicode, "From authenticate."))
        defaults = [getattr(kind.Attributes, "default", None) for kind in types]

        @functools.wraps(function)
        def run(ctx: MethodContext, *values: Any) -> Envelope:
            desk: Desk = ctx.app.config

            def work(session: Session) -> Envelope:
                call = desk.call(session)
                given = list(map(_plain, values, defaults, arguments))
                if key:
                    call.principal = accounts.identify(call, given.pop(0))
                answer = function(call, *given)
                return answer if isinstance(answer, Envelope) else Envelope(answer)

            try:
                return desk.database.run(work, writes=writes)
            except Refused as error:
                return Envelope.failure(str(error))
            except Unavailable as error:
                raise Fault(UNAVAILABLE, str(error)) from error
            except Exception as error:
                log.exception("%s failed", function.__name__)
                raise Fault("Server", INTERNAL_ERROR) from error

        return rpc(
            *types,
            _args=arguments,
            _returns=result_of(items, result),
            _in_arg_names=names or {},
            _udd={"legacy_boolean": legacy_boolean},  # protocols read it from the descriptor
        )(run)

    return expose


def _plain(value: Any, default: Any, name: str) -> Any:
    """A parameter as the tracking functions take it: records become dicts of the given fields.

    :raises Refused: a text with a NUL character, which not every database can store.
    """
    if value is None:
        return default
    if isinstance(value, ComplexModel):
        fields = ((field, getattr(value, field)) for field in value.get_flat_type_info(type(value)))
        return {
            field: _plain(given, None, field) for field, given in fields if given is not None
        }  # fmt: skip
    if isinstance(value, str) and "\0" in value:
        raise Refused(f"{name} contains a NUL character.")
    return value
