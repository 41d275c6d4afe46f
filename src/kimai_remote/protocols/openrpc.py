"""The OpenRPC documents, derived from the Spyne service: one for each form of values in JSON."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from spyne.model.complex import Array, ComplexModelBase

from .. import __version__
from ..api.fields import DateText
from ..errors import (
    HANDLING,
    InvalidParameter,
    InvalidRequest,
    MalformedRequest,
    Unavailable,
    UnknownMethod,
)
from .discovery import Method, Parameter, description, json_type, methods, title
from .rendering import is_computed, is_sometimes_computed

Schema = dict[str, Any]

#: What Kimai's authors wrote about the API.
_KIMAI_PAGE = "https://github.com/kimai/kimai1/wiki/Kimai-Remote-Api"
_LICENSE = {"name": "MIT", "url": "https://spdx.org/licenses/MIT.html"}
_FORMS = {
    False: "Values in responses are as Kimai 1 sent them: what comes from the database is a string "
    'or null, with "1" for true and "0" for false. Parameters are accepted as strings too. '
    "?types=native, in the URL of this description and of calls, stands for numbers and booleans.",
    True: "Values in responses are JSON numbers and booleans. Without ?types=native, in the URL of "
    "this description and of calls, they are strings, as Kimai 1 sent them.",
}

#: The names of errors, and how their messages begin: in the words of the specification of JSON-RPC
#: where it has some.
_ERRORS: dict[type[BaseException], tuple[str, str]] = {
    MalformedRequest: ("ParseError", "Parse error"),
    InvalidRequest: ("InvalidRequest", "Invalid Request"),
    UnknownMethod: ("MethodNotFound", "Method not found"),
    InvalidParameter: ("InvalidParams", "Invalid params"),
    Unavailable: ("Unavailable", str(Unavailable())),
    Exception: ("InternalError", "Internal error"),
}
#: Those of a request that names no method.
_BEFORE_METHODS = (MalformedRequest, UnknownMethod)

_WHOLE = "^-?[0-9]+$"
_TWO_DECIMALS = r"^-?[0-9]+\.[0-9]{2}$"
_DECIMAL = r"^-?[0-9]+(\.[0-9]+)?$"
_POSITIVE = "^[1-9][0-9]*$"


def openrpc(url: str, *, native: bool) -> dict[str, Any]:
    """Return the OpenRPC document of one form of values.

    :param url: URL of the JSON endpoint.
    :param native: true numbers and booleans instead of Kimai 1's strings.
    """
    server = {"name": "this server", "url": f"{url}?types=native" if native else url}
    return {**_document(native), "servers": [server]}


@functools.cache
def _document(native: bool) -> dict[str, Any]:
    schemas = _Schemas(native)
    described = [_method(method, schemas) for method in methods()]
    return {
        "openrpc": "1.3.2",
        "info": {
            "title": title(),
            "version": __version__,
            "description": _FORMS[native],
            "license": _LICENSE,
        },
        "externalDocs": {"description": "The API as Kimai 1 had it", "url": _KIMAI_PAGE},
        "methods": described,
        "components": {
            "schemas": schemas.by_name,
            "errors": {
                name: {"code": HANDLING[error].jsonrpc_code, "message": message}
                for error, (name, message) in _ERRORS.items()
            },
        },
    }


def _method(method: Method, schemas: _Schemas) -> dict[str, Any]:
    return {
        "name": method.name,
        "summary": method.doc.partition(". ")[0].rstrip("."),
        "description": method.doc,
        "tags": [{"name": method.tag}],
        "paramStructure": "either",
        "params": [_parameter(parameter, schemas) for parameter in method.parameters],
        "result": {"name": f"{method.name}Result", "schema": schemas.result(method.result)},
        "errors": [
            {"$ref": f"#/components/errors/{name}"}
            for error, (name, _) in _ERRORS.items()
            if error not in _BEFORE_METHODS and (method.parameters or error is not InvalidParameter)
        ],
        "examples": [
            _example(method, example)
            for example in _examples(schemas.is_native).get(method.name, [])
        ],
        # OpenRPC has no word of its own for it.
        "x-writes": method.writes,
    }


def _parameter(parameter: Parameter, schemas: _Schemas) -> dict[str, Any]:
    schema = schemas.input(parameter.spyne_type)
    if parameter.is_optional and parameter.default is not None:
        schema = {**schema, "default": parameter.default}
    return {
        "name": parameter.name,
        **description(parameter.spyne_type),
        "required": not parameter.is_optional,
        "schema": schema,
    }


# Examples ----------------------------------------------------------------------------------------


def _example(method: Method, example: dict[str, Any]) -> dict[str, Any]:
    return {
        "name": example["name"],
        "params": [
            {"name": parameter.name, "value": example["params"][parameter.name]}
            for parameter in method.parameters
            if parameter.name in example["params"]
        ],
        "result": {"name": f"{method.name}Result", "value": example["result"]},
    }


@functools.cache
def _examples(native: bool) -> dict[str, list[dict[str, Any]]]:
    """Return recorded calls by method: their ``name``, ``params`` by name, and ``result``."""
    recorded = json.loads(Path(__file__).with_name("openrpc_examples.json").read_bytes())
    return recorded["native" if native else "strings"]  # type: ignore[no-any-return]


# Schemas -----------------------------------------------------------------------------------------


class _Schemas:
    """The schemas of a document. Records are collected in ``by_name`` and referred to."""

    def __init__(self, native: bool) -> None:
        self.is_native = native
        self.by_name: dict[str, Schema] = {}

    def result(self, spyne_type: Any) -> Schema:
        """Return the schema of a method's result: an envelope, or a plain value."""
        if not issubclass(spyne_type, ComplexModelBase):
            return self._output(spyne_type)
        name = spyne_type.get_type_name()
        members = spyne_type.get_flat_type_info(spyne_type)
        self.by_name[name] = {
            "title": name,
            "type": "object",
            "properties": {
                "success": {"type": "boolean", **description(members["success"])},
                "items": self._output(members["items"]),
                "total": {**self._total(members["total"]), **description(members["total"])},
                "error": self._reference(members["error"], self._output),
            },
            "required": ["success"],
            "if": {"properties": {"success": {"const": True}}},
            "then": {"required": ["items", "total"], "not": {"required": ["error"]}},
            "else": {"required": ["error"], "not": {"required": ["items"]}},
        }
        return {"$ref": f"#/components/schemas/{name}"}

    def _total(self, spyne_type: Any) -> Schema:
        if self.is_native or is_computed(spyne_type):
            return {"type": "integer", "minimum": 0}
        # Kimai's database counted them, unless there were none.
        counted: Schema = {"type": "string", "pattern": _POSITIVE}
        return {"oneOf": [counted, {"type": "integer", "enum": [0]}]}

    def input(self, spyne_type: Any) -> Schema:
        """Return the schema of a parameter, or of a field in one.

        It has no formats: OpenRPC's own validator of calls fails on those that it doesn't know.
        """
        if issubclass(spyne_type, ComplexModelBase):
            return self._reference(spyne_type, self.input)
        schema = self._input_value(spyne_type)
        return _or_null(schema) if spyne_type.Attributes.nillable else schema

    def _input_value(self, spyne_type: Any) -> Schema:
        if issubclass(spyne_type, DateText):
            return {"type": ["string", "integer"], "examples": ["2026-03-02 09:30", 1772443800]}
        value_type = json_type(spyne_type)
        if value_type == "number":
            return {"type": ["number", "string"], "pattern": _DECIMAL}
        # Clients of Kimai send back what they got.
        as_text = not self.is_native
        if value_type == "boolean" and as_text:
            return {"type": ["boolean", "string"], "enum": [False, True, "0", "1"]}
        if value_type != "integer":
            return {"type": value_type}
        text: Schema = {"type": ["integer", "string"], "pattern": _WHOLE} if as_text else {}
        return {"type": "integer", **text, "minimum": -(2**31), "maximum": 2**31 - 1}

    def _output(self, spyne_type: Any) -> Schema:
        """Return the schema of a value in a result."""
        if issubclass(spyne_type, Array):
            (item,) = spyne_type._type_info.values()
            return {"type": "array", "items": self._output(item)}
        if issubclass(spyne_type, ComplexModelBase):
            return self._reference(spyne_type, self._output)
        schema = self._output_value(spyne_type)
        return _or_null(schema) if spyne_type.Attributes.nillable else schema

    def _output_value(self, spyne_type: Any) -> Schema:
        native = _native_output(spyne_type)
        if self.is_native or is_computed(spyne_type) or native["type"] == "string":
            return native
        if native["type"] == "boolean":
            return {"type": "string", "pattern": _WHOLE, "examples": ["0", "1"]}
        if native["type"] == "number":
            return {"type": "string", "pattern": _TWO_DECIMALS, "format": "decimal"}
        types = ["string", "integer"] if is_sometimes_computed(spyne_type) else "string"
        return {**native, "type": types, "pattern": _WHOLE}

    def _reference(self, spyne_type: Any, schema_of: Callable[[Any], Schema]) -> Schema:
        """Return a reference to a record.

        :param schema_of: returns the schema of a field.
        """
        name = spyne_type.get_type_name()
        if name not in self.by_name:
            self.by_name[name] = {}  # a record that contains itself would end here
            members = spyne_type.get_flat_type_info(spyne_type)
            self.by_name[name] = {
                "title": name,
                "type": "object",
                **description(spyne_type),
                "properties": {
                    member: _described(schema_of(of), of) for member, of in members.items()
                },
                "required": [m for m, of in members.items() if of.Attributes.min_occurs],
            }
        return {"$ref": f"#/components/schemas/{name}"}


def _or_null(schema: Schema) -> Schema:
    """Return the schema of a simple type, or null."""
    types = [schema["type"]] if isinstance(schema["type"], str) else schema["type"]
    values = {"enum": [*schema["enum"], None]} if "enum" in schema else {}
    return {**schema, "type": [*types, "null"], **values}


def _described(schema: Schema, spyne_type: Any) -> Schema:
    """Return the schema of a field with its documentation; a record has its own."""
    if "$ref" in schema or issubclass(spyne_type, Array):
        return schema
    return {**schema, **description(spyne_type)}


def _native_output(spyne_type: Any) -> Schema:
    """Return the schema of a simple type in a result, with its format in OpenAPI's registry."""
    value_type = json_type(spyne_type)
    usual_format = "decimal" if value_type == "number" else None
    value_format = getattr(spyne_type.Attributes, "json_format", usual_format)
    return {"type": value_type, **({"format": value_format} if value_format else {})}
