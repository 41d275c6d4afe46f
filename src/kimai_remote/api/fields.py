"""Declarations of fields and parameters of the API: their type, and whether they may be missing.

All are plain Spyne types. ``doc`` becomes the documentation of the WSDL and of OpenRPC.
"""

from __future__ import annotations

from .. import _compat  # noqa: F401  (before the first import of Spyne)

# isort: split
from typing import Any

from spyne.model.complex import Array, ComplexModel
from spyne.model.primitive import Boolean, Decimal, Integer32, Unicode

#: Namespace of all types and messages.
NAMESPACE = "urn:kimai-remote"

__all__ = [
    "NAMESPACE",
    "Boolean",
    "DateText",
    "Decimal",
    "Integer32",
    "Unicode",
    "always",
    "computed",
    "default_of",
    "formatted",
    "legacy_any",
    "legacy_list",
    "legacy_required",
    "list_of",
    "maybe",
    "not_empty",
    "null_of",
    "nullable",
    "optional",
    "or_null",
    "sometimes_computed",
]


class DateText(Unicode):
    """A date and time as a client writes it: any of the formats of ``tracking.dates``."""

    __type_name__ = "string"
    __namespace__ = Unicode.__namespace__


def always(spyne_type: type, doc: str = "") -> Any:
    """A field that is always there and never null, or a parameter that can't be left out."""
    return spyne_type.customize(min_occurs=1, nillable=False, **_doc(doc))  # type: ignore[attr-defined]


def nullable(spyne_type: type, doc: str = "") -> Any:
    """A field that is always there and may be null."""
    return spyne_type.customize(min_occurs=1, nillable=True, **_doc(doc))  # type: ignore[attr-defined]


def maybe(spyne_type: type, doc: str = "") -> Any:
    """A field that some responses don't have."""
    return spyne_type.customize(min_occurs=0, nillable=True, **_doc(doc))  # type: ignore[attr-defined]


def not_empty(field: Any) -> Any:
    """Marks a number that may be missing, or null, but not empty: ``""`` is 0."""
    return field.customize(not_empty=True)


def computed(field: Any) -> Any:
    """Marks a field that isn't read from the database: the JSON form of Kimai 1, in which every
    database value is a string, leaves it a number."""
    return field.customize(computed=True)


def sometimes_computed(field: Any) -> Any:
    """Marks a field whose values are computed in some records only; there they are
    :class:`..tracking.record_set.Computed`."""
    return field.customize(sometimes_computed=True)


def formatted(field: Any, json_format: str) -> Any:
    """Gives a field of a result a format of OpenAPI's registry, for OpenRPC, such as ``unixtime``.
    Decimals have theirs."""
    return field.customize(json_format=json_format)


def legacy_any(parameter: Any) -> Any:
    """Marks a parameter that Kimai's own WSDL had as xsd:anyType."""
    return parameter.customize(legacy_any=True)


def legacy_required(parameter: Any) -> Any:
    """Marks an optional parameter that Kimai's own service map had as required."""
    return parameter.customize(legacy_required=True)


def legacy_list(parameter: Any) -> Any:
    """Marks a parameter that may also be a list according to Kimai's own service map."""
    return parameter.customize(legacy_list=True)


def optional(spyne_type: type, default: Any = None, doc: str = "") -> Any:
    """A parameter that may be left out. Null, or an empty number, means the same."""
    return spyne_type.customize(min_occurs=0, nillable=True, default=default, **_doc(doc))  # type: ignore[attr-defined]


def or_null(parameter: Any, meaning: Any, doc: str = "") -> Any:
    """Gives null, and an empty number, another meaning than the parameter's default, which it has
    only where the parameter is left out. In document/literal, null is the same as left out, so
    ``doc`` isn't in its WSDL."""
    return parameter.customize(null=meaning, null_doc=doc)


def default_of(parameter: Any) -> Any:
    """Return the value of a parameter that is left out."""
    return getattr(parameter.Attributes, "default", None)


def null_of(parameter: Any) -> Any:
    """Return the value of a parameter that is null."""
    return getattr(parameter.Attributes, "null", default_of(parameter))


def _doc(doc: str) -> dict[str, str]:
    return {"doc": doc} if doc else {}


class Item(ComplexModel):
    """Base of the records. Fields are declared in the order in which they are sent."""

    __namespace__ = NAMESPACE

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if cls.__dict__.get("__doc__"):
            cls.Attributes.doc = cls.__doc__


def list_of(item: type) -> Any:
    """A field that is a list of records, or isn't there."""
    return Array(item.customize(nillable=False), min_occurs=0)  # type: ignore[attr-defined]
