"""The methods of the Spyne service as clients see them, and their description as an SMD."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from spyne.model import primitive
from spyne.model.complex import Array, ComplexModelBase

from .. import __version__
from ..api.fields import DateText
from ..api.service import RemoteApi


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter of a method as clients see it."""

    name: str
    spyne_type: Any

    @property
    def is_optional(self) -> bool:
        return self.spyne_type.Attributes.min_occurs == 0  # type: ignore[no-any-return]

    @property
    def was_optional(self) -> bool:
        """Whether the parameter was optional in Kimai too."""
        return self.is_optional and not hasattr(self.spyne_type.Attributes, "legacy_required")

    @property
    def default(self) -> Any:
        return getattr(self.spyne_type.Attributes, "default", None)


@dataclass(frozen=True, slots=True)
class Method:
    """A method as clients see it."""

    name: str
    doc: str
    parameters: tuple[Parameter, ...]
    result: Any
    #: Whether Kimai's method returned a boolean until 2018.
    legacy_boolean: bool
    #: Whether it returned false for nothing, according to Kimai's service map.
    legacy_false: bool
    #: Whether a call may change something.
    writes: bool
    #: The group of methods that it belongs to, in a word or two.
    tag: str


def methods() -> Iterator[Method]:
    """Return all methods of the service, in the order in which they are declared."""
    for name, descriptor in RemoteApi.public_methods.items():
        message = descriptor.in_message
        parameters = message.get_flat_type_info(message).items()
        ((_, result),) = descriptor.out_message._type_info.items()
        traits = descriptor.udd or {}
        yield Method(
            name,
            " ".join(inspect.cleandoc(descriptor.doc or "").split()),
            tuple(Parameter(public, spyne_type) for public, spyne_type in parameters),
            result,
            bool(traits.get("legacy_boolean")),
            bool(traits.get("legacy_false")),
            bool(traits.get("writes")),
            traits["tag"],
        )


def documentation(spyne_type: Any) -> str:
    """Return the documentation of a type or parameter."""
    # Spyne keeps that of a parameter or field here; a record has its class's.
    doc = spyne_type.Annotations.doc or getattr(spyne_type.Attributes, "doc", None) or ""
    return " ".join([*doc.split(), *getattr(spyne_type.Attributes, "null_doc", "").split()])


def smd(url: str, *, lists_methods: bool = False) -> dict[str, Any]:
    """Return the Dojo Service Mapping Description, as Zend's JSON-RPC server had it.

    Its types are Kimai's, which are those of PHP: a record and an envelope are arrays.

    :param url: URL that calls go to.
    :param lists_methods: ``methods`` is a list, for ``dojo/rpc/JsonService``. Kimai's clients find
        a method there by its name, and ``dojox.rpc.Service`` does in ``services``.
    """
    services = _smd_services()
    smd: dict[str, Any] = {
        "transport": "POST",
        "envelope": "JSON-RPC-2.0",
        "contentType": "application/json",
        "SMDVersion": "2.0",
        "description": f"{title()}, by kimai-remote {__version__}.",
        "target": url,
        "services": services,
        "methods": services,
    }
    if lists_methods:
        smd |= {"methods": list(services.values()), "serviceUrl": url}
    return smd


def title() -> str:
    """Return the name of the API."""
    return inspect.cleandoc(RemoteApi.__doc__ or "").rstrip(".")


@functools.cache
def _smd_services() -> dict[str, Any]:
    return {
        method.name: {
            "envelope": "JSON-RPC-2.0",
            "transport": "POST",
            "name": method.name,
            "description": method.doc,
            "parameters": [_smd_parameter(parameter) for parameter in method.parameters],
            "returns": _smd_returns(method),
        }
        for method in methods()
    }


def _smd_returns(method: Method) -> str | list[str]:
    """Return the type or types of a result.

    Zend's list has each type once for each form of a call: with every number of optional parameters
    left out, and with each type of theirs.
    """
    calls = 1
    for parameter in method.parameters:
        if parameter.was_optional:
            types = _smd_type(parameter.spyne_type)
            calls += len(types) if isinstance(types, list) else 1
    types = [_php_type(method.result), *["boolean"] * method.legacy_false]
    returned = [each for each in types for _ in range(calls)]
    return returned if len(returned) > 1 else returned[0]


def _smd_type(spyne_type: Any) -> str | list[str]:
    """Return the type or types of a parameter."""
    attributes = spyne_type.Attributes
    if getattr(attributes, "legacy_any", False):
        return "any"
    if getattr(attributes, "legacy_list", False):
        return [_php_type(spyne_type), "array"]
    return _php_type(spyne_type)


def _php_type(spyne_type: Any) -> str:
    if issubclass(spyne_type, ComplexModelBase):
        return "array"
    return "integer" if issubclass(spyne_type, DateText) else json_type(spyne_type)


def _smd_parameter(parameter: Parameter) -> dict[str, Any]:
    described: dict[str, Any] = {
        "name": parameter.name,
        "type": _smd_type(parameter.spyne_type),
        "optional": parameter.is_optional,
    }
    if parameter.is_optional:
        is_date = issubclass(parameter.spyne_type, DateText)
        described["default"] = int(parameter.default) if is_date else parameter.default
    return {**described, **description(parameter.spyne_type)}


def description(spyne_type: Any) -> dict[str, str]:
    """Return the documentation of a type or parameter as a member of an object; none if it has
    none."""
    doc = documentation(spyne_type)
    return {"description": doc} if doc else {}


def json_type(spyne_type: Any) -> str:
    """Return the type of JSON that a Spyne type has."""
    if issubclass(spyne_type, Array):
        return "array"
    if issubclass(spyne_type, ComplexModelBase):
        return "object"
    if issubclass(spyne_type, primitive.Boolean):
        return "boolean"
    if issubclass(spyne_type, primitive.Integer):
        return "integer"
    return "number" if issubclass(spyne_type, primitive.Decimal) else "string"
