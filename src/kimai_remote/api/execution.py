"""The pattern of every method, stated once: transaction, key, work, envelope."""

from __future__ import annotations

from .. import _compat  # noqa: F401  (before the first import of Spyne)

# isort: split
import functools
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo

from spyne import MethodContext, rpc
from spyne.model.complex import ComplexModel
from spyne.model.fault import Fault
from sqlalchemy.orm import Session

from ..config import Settings
from ..errors import Denied, Refused, Unavailable
from ..storage.transactions import Database
from ..tracking.authentication import Accounts
from ..tracking.context import Call
from ..tracking.credentials import Credentials
from ..tracking.rate_limit import LoginRateLimit
from ..tracking.record_set import RecordSet
from . import audit_log
from .fields import Item, Unicode, always
from .instrumentation import CallRecord, Observer, Outcome, RequestInfo
from .records import result_of

log = logging.getLogger(__name__)

#: Fault code for a call that may well work a moment later.
UNAVAILABLE = "Server.Unavailable"


def internal_error(request_info: RequestInfo) -> Fault:
    """What a client is told of a defect: nothing but where the administrator finds it."""
    where = f" as {request_info.request_id}" if request_info.request_id else ""
    return Fault("Server", f"Internal error. The administrator finds it in the log{where}.")


@dataclass(frozen=True)
class Service:
    """What the methods work with; each call finds it in ``ctx.udc["service"]``.

    :param clock: the server's time in unix seconds.
    :param observers: are told of each call.
    """

    database: Database
    credentials: Credentials
    settings: Settings
    clock: Callable[[], float] = time.time
    observers: tuple[Observer, ...] = ()

    @cached_property
    def accounts(self) -> Accounts:
        return Accounts(
            self.credentials,
            lifetime=self.settings.key_lifetime * 86_400,
            upgrades=not self.settings.shared_with_kimai,
        )

    @cached_property
    def login_rate_limit(self) -> LoginRateLimit:
        return LoginRateLimit(self.settings.login_rate)

    def call(self, session: Session, request_info: RequestInfo) -> LoginContext:
        zone = ZoneInfo(self.settings.timezone)
        kept = self.database.has_entry_counts(session)
        return LoginContext(
            session,
            int(self.clock()),
            zone,
            has_entry_counts=kept,
            service=self,
            request_info=request_info,
        )


@dataclass(kw_only=True)
class LoginContext(Call):
    """A call that knows where it came from."""

    service: Service
    request_info: RequestInfo
    #: What is done once the transaction is committed: it may be run more than once until then.
    afterwards: list[Callable[[], None]] = field(default_factory=list)
    #: The answer is a refusal, though the transaction is committed.
    is_refused: bool = False
    #: Who logged in by this call.
    logged_in: dict[str, str] = field(default_factory=dict)

    @property
    def caller(self) -> dict[str, str]:
        """Who calls, for the logs."""
        if self._principal is None:
            return self.logged_in
        kind = "user" if self._principal.customer_id is None else "customer"
        return {kind: self._principal.name}

    def log_in(self, username: str, password: str) -> Envelope:
        """Authenticate: the key, or the failure that is the same for every reason."""
        login_rate_limit, address = self.service.login_rate_limit, self.request_info.address
        if not login_rate_limit.allows(address, self.now):
            self.note("login refused", reason="too many failures from this address")
            self.is_refused = True
            return Envelope.failure(
                "Too many failed logins from your address. Please wait a minute."
            )
        login = self.service.accounts.authenticate(self, username, password)
        # A name that nobody has may be a password that was typed into the wrong field.
        name = {} if login.kind == "nobody" else {login.kind: username}
        if login.key is None:
            self.afterwards.append(lambda: login_rate_limit.failed(address, self.now))
            self.note("login refused", **name, reason=login.reason)
            self.is_refused = True
            return Envelope.failure(str(Denied()))
        self.note("login", **name)
        self.logged_in = name
        return Envelope(RecordSet.one({"apiKey": login.key}))

    def note(self, event: str, **details: Any) -> None:
        """Write to the audit log, once the transaction is committed."""
        self.afterwards.append(lambda: audit_log.record(event, self.request_info, **details))


def method(
    *parameters: Any,
    items: type[Item],
    result: str,
    writes: bool = False,
    key: bool = True,
    names: dict[str, str] | None = None,
    legacy_boolean: bool = False,
) -> Callable[[Callable[..., RecordSet | Envelope]], Any]:
    """Expose a function as a method of the API.

    The function gets a :class:`Call` and the parameters, and returns :class:`RecordSet` or an
    :class:`Envelope`. It runs in one transaction that is rolled back if it raises.

    :param parameters: Spyne types of the parameters that follow the API key.
    :param items: type of the records in the answer.
    :param result: name of the answer's type.
    :param writes: whether the function changes anything.
    :param key: whether the method takes an API key, as its first parameter.
    :param names: public names of parameters that are Python keywords.
    :param legacy_boolean: Kimai's contract had the method answer a boolean until 2018.
    """

    def expose(function: Callable[..., RecordSet | Envelope]) -> Any:
        code, name = function.__code__, function.__name__
        arguments = list(code.co_varnames[1 : code.co_argcount])
        types = list(parameters)
        if key:
            arguments.insert(0, "apiKey")
            types.insert(0, always(Unicode, "From authenticate."))
        defaults = [getattr(kind.Attributes, "default", None) for kind in types]

        @functools.wraps(function)
        def run(ctx: MethodContext, *values: Any) -> Any:
            service: Service = ctx.udc["service"]
            request_info: RequestInfo = ctx.udc["request_info"]
            observed: CallRecord = ctx.udc["observed"]
            # A protocol that writes rows as they are read does it inside the transaction.
            encode: Callable[[Envelope], Any] = ctx.udc.get("encode", _whole)
            call: LoginContext | None = None

            def work(session: Session) -> Any:
                nonlocal call
                call = service.call(session, request_info)
                given = dict(zip(arguments, map(_plain, values, defaults, arguments), strict=True))
                if key:
                    call.principal = service.accounts.identify(call, given.pop("apiKey"))
                answer = function(call, *given.values())
                if isinstance(answer, Envelope):
                    observed.outcome = _outcome(call, answer)
                    return encode(answer)
                if writes:
                    call.note(
                        "changed",
                        **call.caller,
                        method=name,
                        what=audit_log.summary(given),
                        new=next(iter((answer.first or {}).values()), None),
                    )
                observed.outcome = Outcome.SUCCESS
                return encode(Envelope(answer))

            try:
                answer = service.database.run(work, writes=writes)
            except Denied as error:
                observed.outcome = Outcome.REFUSED
                audit_log.record(
                    "refused", request_info, **(call.caller if call else {}), method=name
                )
                return encode(Envelope.failure(str(error)))
            except Refused as error:
                observed.outcome = Outcome.FAILURE
                return encode(Envelope.failure(str(error)))
            except Unavailable as error:
                observed.outcome = Outcome.UNAVAILABLE
                log.error("%s was not served in request %s", name, request_info.request_id)
                raise Fault(UNAVAILABLE, str(error)) from error
            except Exception as error:
                observed.outcome = Outcome.FAULT
                log.exception("%s failed in request %s", name, request_info.request_id)
                raise internal_error(request_info) from error
            finally:
                observed.caller = call.caller if call else {}
            for effect in call.afterwards if call else ():
                effect()
            return answer

        return rpc(
            *types,
            _args=arguments,
            _returns=result_of(items, result),
            _in_arg_names=names or {},
            # Protocols read these from the descriptor.
            _udd={"legacy_boolean": legacy_boolean, "writes": writes},
        )(run)

    return expose


def _outcome(call: LoginContext, answer: Envelope) -> Outcome:
    if call.is_refused:
        return Outcome.REFUSED
    return Outcome.SUCCESS if answer.success else Outcome.FAILURE


def _whole(envelope: Envelope) -> Envelope:
    """The envelope with all of its rows read."""
    if envelope.items is None:
        return envelope
    return replace(envelope, items=replace(envelope.items, values=list(envelope.items.values)))


def _plain(value: Any, default: Any, name: str) -> Any:
    """A parameter as the tracking functions take it: records become dicts of the given fields.

    :raises Refused: a text with a NUL character, which not every database can store.
    """
    if value is None:
        return default
    if isinstance(value, ComplexModel):
        fields = ((field, getattr(value, field)) for field in value.get_flat_type_info(type(value)))
        return {field: _plain(given, None, field) for field, given in fields if given is not None}
    if isinstance(value, str) and "\0" in value:
        raise Refused(f"{name} contains a NUL character.")
    return value


@dataclass(frozen=True, slots=True)
class Envelope:
    """Success with records, or failure with a text. Both are ordinary results of a call."""

    items: RecordSet | None
    msg: str | None = None

    @property
    def success(self) -> bool:
        return self.items is not None

    def total(self, count: int) -> int:
        """Number of records without paging.

        :param count: how many records the answer has.
        """
        known = None if self.items is None else self.items.total
        return count if known is None else known

    @classmethod
    def failure(cls, msg: str) -> Envelope:
        return cls(None, msg)
