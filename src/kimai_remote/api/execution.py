"""Execution of a call, the same for every method: transaction, API key, work, response, logs."""

from __future__ import annotations

from .. import _compat  # noqa: F401  (before the first import of Spyne)

# isort: split
import functools
import logging
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from spyne import MethodContext, rpc
from spyne.model.complex import ComplexModel
from spyne.model.fault import Fault
from sqlalchemy import Connection

from ..config import Settings
from ..errors import (
    Denied,
    ErrorHandling,
    Outcome,
    Refused,
    TooManyFailures,
    Unavailable,
    handling_of,
)
from ..storage.transactions import Database
from ..tracking.authentication import ApiKeyDeriver, Authenticator, BannedInFuture, comparable
from ..tracking.context import AnonymousContext
from ..tracking.passwords import PasswordHasher
from ..tracking.rate_limit import LoginLimit
from ..tracking.record_set import RecordSet
from . import audit_log
from .fields import Item, Unicode, always, null_of
from .instrumentation import CallRecord, Observer, RequestInfo
from .records import result_of

log = logging.getLogger(__name__)
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Envelope:
    """Result of every method but getVersion: success with records, or failure with a text."""

    items: RecordSet | None
    msg: str | None = None

    @property
    def success(self) -> bool:
        return self.items is not None

    def total(self, count: int) -> int:
        """Return the number of records without paging.

        :param count: number of records in this envelope.
        """
        total = None if self.items is None else self.items.total
        return count if total is None else total

    @classmethod
    def failure(cls, msg: str) -> Envelope:
        return cls(None, msg)


class ApiFault(Fault):
    """An exception as a fault that Spyne's protocols write."""

    def __init__(self, error: Exception, request_info: RequestInfo | None = None) -> None:
        self.handling: ErrorHandling = handling_of(error)
        text = str(error)
        if self.handling.outcome is Outcome.FAULT:  # clients are told nothing of a defect
            request_id = request_info.request_id if request_info else ""
            suffix = f" as {request_id}" if request_id else ""
            text = f"Internal error. The administrator finds it in the log{suffix}."
        super().__init__(self.handling.fault_code, text)


@dataclass(frozen=True)
class Service:
    """The API over one database; safe to use from many threads.

    :param clock: the server's time in unix seconds.
    :param observers: are told of each call.
    :raises ConfigurationError: Redis can't be used as configured.
    """

    database: Database
    keys: ApiKeyDeriver
    passwords: PasswordHasher
    settings: Settings
    clock: Callable[[], float] = time.time
    observers: tuple[Observer, ...] = ()

    def __post_init__(self) -> None:
        # Threads that ask for it at the same time would each get another one that counts.
        _ = self.login_limit

    @cached_property
    def authenticator(self) -> Authenticator:
        return Authenticator(
            self.keys,
            self.passwords,
            lifetime=self.settings.key_lifetime * 86_400,
            upgrades=not self.settings.shared_with_kimai,
            shares_keys=self.settings.shared_with_kimai,
        )

    @cached_property
    def login_limit(self) -> LoginLimit:
        return LoginLimit(
            self.settings.login_rate,
            self.keys.pseudonym,
            redis_url=self.settings.login_limit_redis,
            refuses_without_redis=self.settings.login_limit_fallback == "refuse",
        )

    @cached_property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.settings.timezone)


def read_all(envelope: Envelope) -> Envelope:
    """Return the envelope with its records read, which is impossible after the transaction."""
    if envelope.items is None:
        return envelope
    return replace(envelope, items=replace(envelope.items, values=list(envelope.items.values)))


@dataclass
class RequestContext:
    """State of one call outside its transaction: ``ctx.udc`` of Spyne's context.

    A protocol has a subclass with what its responses need of the request.
    """

    service: Service
    request_info: RequestInfo
    #: Filled in while the call runs, for logs and metrics.
    record: CallRecord = field(init=False)
    #: Writes the result in the form of the protocol, inside the transaction: records are read from
    #: the database as they are written.
    render: Callable[[Envelope], Any] = field(default_factory=lambda: read_all, init=False)


#: What has failed too often, for the audit log.
_FAILURES = {"address": "from this address", "name": "with this name"}


@dataclass(frozen=True, kw_only=True, slots=True)
class LoginContext:
    """Context of ``authenticate``, which has no API key yet, and no transaction of its own: a
    password is checked between two."""

    request: RequestContext
    #: The server's time in unix seconds, the same all through the call.
    now: int
    #: Run once the call is done.
    on_commit: list[Callable[[], None]]

    def log_in(self, username: str, password: str) -> Envelope:
        """Return the API key, or the failure that is the same for every reason."""
        service, record = self.request.service, self.request.record
        address = self.request.request_info.address
        try:
            with service.login_limit.attempt(address, comparable(username)) as attempt:
                login = service.authenticator.authenticate(self._transact, username, password)
                attempt.failed = login.key is None
        except TooManyFailures as error:
            self._audit("login refused", reason=f"too many failures {_FAILURES[error.subject]}")
            record.outcome = Outcome.REFUSED
            return Envelope.failure(str(error))
        # A name that nobody has may be a password that was typed into the wrong field.
        name = {} if login.account_type == "nobody" else {login.account_type: username}
        if login.key is None:
            self._audit("login refused", **name, reason=login.reason)
            record.outcome = Outcome.REFUSED
            return Envelope.failure(str(Denied()))
        self._audit("login", **name)
        record.caller = name
        return Envelope(RecordSet.one({"apiKey": login.key}))

    def _transact(self, work: Callable[[AnonymousContext], T], *, writes: bool) -> T:
        service = self.request.service

        def in_transaction(connection: Connection) -> T:
            return work(AnonymousContext(connection=connection, now=self.now, zone=service.zone))

        return service.database.execute(in_transaction, writes=writes)

    def _audit(self, event: str, **details: Any) -> None:
        request_info = self.request.request_info
        self.on_commit.append(lambda: audit_log.record(event, request_info, **details))


def rpc_method(
    *parameter_types: Any,
    items: type[Item],
    result: str,
    tag: str,
    writes: bool = False,
    needs_key: bool = True,
    needs_options: bool | None = None,
    public_names: dict[str, str] | None = None,
    legacy_boolean: bool = False,
    legacy_false: bool = False,
    counted: bool = False,
) -> Callable[[Callable[..., RecordSet | Envelope]], Any]:
    """Expose a function as a method of the API.

    The function gets a ``CallContext`` and the parameters, and returns a :class:`RecordSet`. It
    runs in one transaction that is rolled back if it raises.

    :param parameter_types: Spyne types of the parameters that follow the API key.
    :param items: type of the records in the result.
    :param result: name of the result's type.
    :param tag: the group of methods that it belongs to in OpenRPC, in a word or two.
    :param writes: whether the function changes anything.
    :param needs_key: whether the method takes an API key, as its first parameter. A function whose
        method takes none gets a :class:`LoginContext` instead, and returns an :class:`Envelope`.
    :param needs_options: whether the function usually reads ``context.options``; by default those
        that write do.
    :param public_names: names of parameters that are Python keywords, in the API.
    :param legacy_boolean: whether Kimai's method returned a boolean until 2018.
    :param legacy_false: whether it returned false for nothing, according to Kimai's service map.
    :param counted: whether Kimai's database counted the items, so that ``total`` is a string.
    """

    def expose(function: Callable[..., RecordSet | Envelope]) -> Any:
        code = function.__code__
        names = list(code.co_varnames[1 : code.co_argcount])
        types = list(parameter_types)
        if needs_key:
            names.insert(0, "apiKey")
            types.insert(0, always(Unicode, "From authenticate."))
        nulls = [null_of(each) for each in types]
        method = _Method(
            function,
            names,
            nulls,
            writes=writes,
            needs_key=needs_key,
            needs_options=writes if needs_options is None else needs_options,
        )

        @functools.wraps(function)
        def run(ctx: MethodContext, *values: Any) -> Any:
            return method.run(ctx.udc, values)

        return rpc(
            *types,
            _args=names,
            _returns=result_of(items, result, counted=counted),
            _in_arg_names=public_names or {},
            # Protocols read these from the descriptor.
            _udd={
                "legacy_boolean": legacy_boolean,
                "legacy_false": legacy_false,
                "tag": tag,
                "writes": writes,
                "logs_in": not needs_key,
            },
        )(run)

    return expose


def plain_method(*, tag: str) -> Callable[[Callable[[Database], str]], Any]:
    """Expose a function as a method without parameters, whose result is a text without envelope.

    :param tag: see :func:`rpc_method`.
    """

    def expose(function: Callable[[Database], str]) -> Any:
        @functools.wraps(function)
        def run(ctx: MethodContext) -> str:
            request: RequestContext = ctx.udc
            try:
                return function(request.service.database)
            except Exception as error:
                _record_failure(request, function.__name__, error)
                raise ApiFault(error, request.request_info) from error

        return rpc(_returns=always(Unicode), _udd={"tag": tag})(run)

    return expose


@dataclass(frozen=True, slots=True)
class _Method:
    """A method of the API, and how a call of it runs."""

    #: Returns a :class:`RecordSet`; the one that logs in, an :class:`Envelope`.
    function: Callable[..., Any]
    parameters: Sequence[str]
    #: What null means, of each parameter.
    nulls: Sequence[Any]
    writes: bool
    needs_key: bool
    needs_options: bool

    @property
    def name(self) -> str:
        return self.function.__name__

    def run(self, request: RequestContext, values: Sequence[Any]) -> Any:
        """Run a call; return what ``request.render`` made of its result."""
        on_commit: list[Callable[[], None]] = []
        run = self._run_in_transaction if self.needs_key else self._run_login
        try:
            rendered = run(request, values, on_commit)
        except Exception as error:
            return self._fail(request, error)
        for effect in on_commit:
            effect()
        return rendered

    def _arguments(self, values: Sequence[Any]) -> dict[str, Any]:
        """:raises Refused: a text with a NUL character."""
        converted = map(to_python, values, self.nulls, self.parameters)
        return dict(zip(self.parameters, converted, strict=True))

    def _run_login(
        self,
        request: RequestContext,
        values: Sequence[Any],
        on_commit: list[Callable[[], None]],
    ) -> Any:
        context = LoginContext(
            request=request, now=int(request.service.clock()), on_commit=on_commit
        )
        return request.render(self.function(context, *self._arguments(values).values()))

    def _run_in_transaction(
        self,
        request: RequestContext,
        values: Sequence[Any],
        on_commit: list[Callable[[], None]],
    ) -> Any:
        rendered: Any = None

        def work(connection: Connection) -> None:
            # May run more than once, so it starts from nothing.
            nonlocal rendered
            _discard(rendered)
            rendered = None
            on_commit.clear()
            request.record.outcome, request.record.caller = None, {}
            result = self._execute(request, connection, values, on_commit)
            request.record.outcome = Outcome.SUCCESS
            rendered = request.render(Envelope(result))

        try:
            request.service.database.execute(work, writes=self.writes)
        except Exception:
            _discard(rendered)
            raise
        return rendered

    def _execute(
        self,
        request: RequestContext,
        connection: Connection,
        values: Sequence[Any],
        on_commit: list[Callable[[], None]],
    ) -> RecordSet:
        service = request.service
        arguments = self._arguments(values)
        anonymous = AnonymousContext(
            connection=connection,
            now=int(service.clock()),
            zone=service.zone,
            on_commit=on_commit,
        )
        principal = service.authenticator.identify(
            anonymous, arguments.pop("apiKey"), with_options=self.needs_options
        )
        request.record.caller = {principal.type: principal.name}
        context = anonymous.authenticated(
            principal, has_entry_counts=service.database.has_entry_counts(connection)
        )
        result: RecordSet = self.function(context, *arguments.values())
        if self.writes:
            new_id = next(iter((result.first or {}).values()), None)
            on_commit.append(
                lambda: audit_log.record(
                    "changed",
                    request.request_info,
                    **request.record.caller,
                    method=self.name,
                    what=audit_log.summary(arguments),
                    new=new_id,
                )
            )
        return result

    def _fail(self, request: RequestContext, error: Exception) -> Any:
        """Return the response to a call that raised.

        :raises ApiFault: the exception is no ordinary result of the API.
        """
        if isinstance(error, BannedInFuture):
            with suppress(Unavailable):  # then the next call has it begin
                request.service.database.execute(error.begin_ban, writes=True)
        handling = _record_failure(request, self.name, error)
        if handling.outcome is Outcome.REFUSED:
            audit_log.record(
                "refused", request.request_info, **request.record.caller, method=self.name
            )
        if handling.fault_code:
            raise ApiFault(error, request.request_info) from error
        return request.render(Envelope.failure(str(error)))


def _record_failure(request: RequestContext, method: str, error: Exception) -> ErrorHandling:
    """Set the outcome of a call that raised, and log the error if the table says so."""
    handling, request_id = handling_of(error), request.request_info.request_id
    request.record.outcome = handling.outcome
    if handling.log_level is not None:
        defect = error if handling.outcome is Outcome.FAULT else None
        text = "%s failed in request %s" if defect else "%s was not served in request %s"
        log.log(handling.log_level, text, method, request_id, exc_info=defect)
    return handling


def _discard(rendered: Any) -> None:
    """Close a response that is not going to be sent: a long one is in a file."""
    close = getattr(rendered, "close", None)
    if close is not None:
        close()


def to_python(value: Any, null: Any, name: str) -> Any:
    """Return a parameter as the tracking functions take it: records become dicts of the set fields.

    :raises Refused: a text with a NUL character, which not every database can store.
    """
    if value is None:
        return null
    if isinstance(value, ComplexModel):
        members = (
            (member, getattr(value, member)) for member in value.get_flat_type_info(type(value))
        )
        return {
            member: to_python(content, None, member)
            for member, content in members
            if content is not None
        }
    if isinstance(value, str) and "\0" in value:
        raise Refused(f"{name} contains a NUL character.")
    return value
