"""What tells clients how to call: SMD and OpenRPC, derived from the Spyne service."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from spyne.model import primitive
from spyne.model.complex import Array, ComplexModelBase

from .. import __version__
from ..api.service import RemoteApi


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter of a method as clients see it."""

    name: str
    kind: Any

    @property
    def is_optional(self) -> bool:
        return self.kind.Attributes.min_occurs == 0  # type: ignore[no-any-return]

    @property
    def default(self) -> Any:
        return getattr(self.kind.Attributes, "default", None)


@dataclass(frozen=True, slots=True)
class Method:
    """A method as clients see it."""

    name: str
    doc: str
    parameters: tuple[Parameter, ...]
    result: Any
    #: Kimai's contract had it answer a boolean until 2018.
    legacy_boolean: bool
    #: Whether a call may change something.
    writes: bool


def methods() -> Iterator[Method]:
    """All methods of the service, in the order in which they are declared."""
    for name, descriptor in RemoteApi.public_methods.items():
        message = descriptor.in_message
        parameters = message.get_flat_type_info(message).items()
        ((_, result),) = descriptor.out_message._type_info.items()
        traits = descriptor.udd or {}
        yield Method(
            name,
            " ".join(inspect.cleandoc(descriptor.doc or "").split()),
            tuple(Parameter(public, kind) for public, kind in parameters),
            result,
            bool(traits.get("legacy_boolean")),
            bool(traits.get("writes")),
        )


def documentation(kind: Any) -> str:
    """The documentation of a type or parameter."""
    # Spyne keeps that of a parameter or field here; a record has its class's.
    doc = kind.Annotations.doc or getattr(kind.Attributes, "doc", None) or ""
    return " ".join(doc.split())


class Discovery:
    """Builds the descriptions once; only the address differs between requests."""

    def smd(self, url: str) -> dict[str, Any]:
        """The Dojo Service Mapping Description, as Zend's JSON-RPC server gave it."""
        return {
            "transport": "POST",
            "envelope": "JSON-RPC-2.0",
            "contentType": "application/json",
            "SMDVersion": "2.0",
            "description": inspect.cleandoc(RemoteApi.__doc__ or ""),
            "target": url,
            "services": self._services,
            "methods": self._services,
        }

    def openrpc(self, url: str) -> dict[str, Any]:
        """The OpenRPC description."""
        return {**self._openrpc, "servers": [{"name": "this server", "url": url}]}

    @cached_property
    def _services(self) -> dict[str, Any]:
        return {
            method.name: {
                "envelope": "JSON-RPC-2.0",
                "transport": "POST",
                "name": method.name,
                "description": method.doc,
                "parameters": [_smd_parameter(parameter) for parameter in method.parameters],
                "returns": _json_type(method.result),
            }
            for method in methods()
        }

    @cached_property
    def _openrpc(self) -> dict[str, Any]:
        schemas: dict[str, Any] = {}
        return {
            "openrpc": "1.3.2",
            "info": {
                "title": inspect.cleandoc(RemoteApi.__doc__ or ""),
                "version": __version__,
                "description": "The types are those of ?types=native. Without it, every database "
                "value of an answer is a string, as Kimai 1 sent it; parameters are taken in "
                "either form.",
            },
            "methods": [_openrpc_method(method, schemas) for method in methods()],
            "components": {"schemas": schemas},
        }


def _smd_parameter(parameter: Parameter) -> dict[str, Any]:
    described = {
        "name": parameter.name,
        "type": _json_type(parameter.kind),
        "optional": parameter.is_optional,
    }
    if parameter.is_optional:
        described["default"] = parameter.default
    return {**described, **_description(parameter.kind)}


def _openrpc_method(method: Method, schemas: dict[str, Any]) -> dict[str, Any]:
    return {
        "name": method.name,
        "description": method.doc,
        "paramStructure": "either",
        "params": [
            {
                "name": parameter.name,
                **_description(parameter.kind),
                "required": not parameter.is_optional,
                "schema": _parameter_schema(parameter, schemas),
            }
            for parameter in method.parameters
        ],
        "result": {"name": f"{method.name}Result", "schema": _schema(method.result, schemas)},
        # OpenRPC has no word of its own for it.
        "x-writes": method.writes,
    }


def _parameter_schema(parameter: Parameter, schemas: dict[str, Any]) -> dict[str, Any]:
    schema = _schema(parameter.kind, schemas)
    if parameter.is_optional and parameter.default is not None:
        schema = {**schema, "default": parameter.default}
    return schema


def _description(kind: Any) -> dict[str, str]:
    doc = documentation(kind)
    return {"description": doc} if doc else {}


def _json_type(kind: Any) -> str:
    if issubclass(kind, Array):
        return "array"
    if issubclass(kind, ComplexModelBase):
        return "object"
    if issubclass(kind, primitive.Boolean):
        return "boolean"
    if issubclass(kind, primitive.Integer):
        return "integer"
    return "number" if issubclass(kind, primitive.Decimal) else "string"


def _schema(kind: Any, schemas: dict[str, Any]) -> dict[str, Any]:
    """The JSON schema of a type; records go into ``schemas`` and are referred to."""
    if issubclass(kind, Array):
        (item,) = kind._type_info.values()
        return {"type": "array", "items": _schema(item, schemas)}
    if issubclass(kind, ComplexModelBase):
        name = kind.get_type_name()
        if name not in schemas:
            schemas[name] = {}  # a record that contains itself would end here
            members = kind.get_flat_type_info(kind)
            schemas[name] = {
                "type": "object",
                **_description(kind),
                "properties": {
                    member: _member_schema(of, schemas) for member, of in members.items()
                },
                "required": [m for m, of in members.items() if of.Attributes.min_occurs],
            }
        return {"$ref": f"#/components/schemas/{name}"}
    return {"type": _json_type(kind)}


def _member_schema(kind: Any, schemas: dict[str, Any]) -> dict[str, Any]:
    schema = _schema(kind, schemas)
    if "$ref" in schema or schema["type"] == "array":
        return schema
    if kind.Attributes.nillable:
        schema["type"] = [schema["type"], "null"]
    return {**schema, **_description(kind)}
