"""Output compiled from the Spyne types.

Spyne's own serialisers look up every attribute of every value of every record. Here, the first
answer of a type makes a Python function from its fields that writes all records in one
expression. What they write is what Spyne would: a test compares them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from typing import Any

import msgspec
from spyne.model.complex import Array
from spyne.model.primitive import Boolean, Decimal, Integer

from ..api.execution import Envelope
from ..tracking.record_set import RecordSet
from .response_body import Body, Spool

#: Writes all records of one type and one set of columns.
Writer = Callable[[Iterable[Sequence[Any]]], list[Any]]

_SPECIAL = re.compile("[&<>\r\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_ESCAPES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", "\r": "&#13;"}


def escape(text: str) -> str:
    """Text for an XML element. Characters that XML can't carry become U+FFFD."""
    if _SPECIAL.search(text) is None:
        return text
    return _SPECIAL.sub(lambda match: _ESCAPES.get(match[0], "\ufffd"), text)


def item_type(result: Any) -> Any:
    """The type of the records in an answer of this type."""
    (item,) = result._type_info["items"]._type_info.values()
    return item


def is_computed(kind: type) -> bool:
    """Whether a field stays a number in the JSON dialect of Kimai 1."""
    return bool(getattr(kind.Attributes, "computed", False))  # type: ignore[attr-defined]


# JSON --------------------------------------------------------------------------------------------


def json_records(item: type, rows: RecordSet, native: bool) -> list[dict[str, Any]]:
    return json_writer(item, rows.columns, native)(rows.values)


@lru_cache(maxsize=256)
def json_writer(item: Any, columns: tuple[str, ...], native: bool) -> Writer:
    members = []
    names: dict[str, Any] = {"json_records": json_records}
    for variable, name, kind in _fields(item, columns):
        value = _json_value(kind, variable, native)
        if issubclass(kind, Array):
            (names[f"type_{variable}"],) = kind._type_info.values()
            value = f"json_records(type_{variable}, {variable}, {native})"
        members.append(f"{name!r}: {value}")
    return _compile(columns, "{" + ", ".join(members) + "}", names)


def _json_value(kind: type, variable: str, native: bool) -> str:
    if native or is_computed(kind):
        if issubclass(kind, Boolean):
            return _unless_none(variable, f"{variable} != 0")
        if issubclass(kind, Decimal) and not issubclass(kind, Integer):
            return _unless_none(variable, f"float({variable})")
        return variable
    if issubclass(kind, Decimal | Boolean):
        return _unless_none(variable, f"str({variable})")
    return variable


# SOAP document/literal ---------------------------------------------------------------------------


def xml_records(prefix: str, item: type, rows: RecordSet) -> str:
    return "".join(xml_writer(prefix, item, rows.columns)(rows.values))


@lru_cache(maxsize=256)
def xml_writer(prefix: str, item: Any, columns: tuple[str, ...]) -> Writer:
    tag = f"{prefix}:{item.get_type_name()}"
    names: dict[str, Any] = {"escape": escape, "xml_records": xml_records}
    parts = [f"'<{tag}>'"]
    for variable, name, kind in _fields(item, columns):
        inner = f"{prefix}:{name}"
        value = _xml_text(kind, variable)
        if issubclass(kind, Array):
            (names[f"type_{variable}"],) = kind._type_info.values()
            value = f"xml_records({prefix!r}, type_{variable}, {variable})"
        nil = f'<{inner} xsi:nil="true"/>' if kind.Attributes.min_occurs else ""
        full = f"'<{inner}>' + {value} + '</{inner}>'"
        parts.append(f"({nil!r} if {variable} is None else {full})")
    parts.append(f"'</{tag}>'")
    return _compile(columns, " + ".join(parts), names)


def _xml_text(kind: type, variable: str) -> str:
    if issubclass(kind, Boolean):
        return f"('true' if {variable} else 'false')"
    if issubclass(kind, Decimal):
        return f"str({variable})"
    return f"escape({variable})"


# SOAP rpc/encoded --------------------------------------------------------------------------------


def encoded_list(tag: str, item: type, rows: RecordSet) -> str:
    """A list of maps as an element ``tag``."""
    records = encoded_writer(item, rows.columns)(rows.values)
    opened, closed = encoded_list_tag(tag, len(records))
    return f"{opened}{''.join(records)}{closed}"


def encoded_list_tag(tag: str, length: int) -> tuple[str, str]:
    """What comes before and after the maps of a list."""
    if not length:
        return f'<{tag} SOAP-ENC:arrayType="xsd:ur-type[0]" xsi:type="SOAP-ENC:Array"/>', ""
    kind = f'SOAP-ENC:arrayType="ns2:Map[{length}]" xsi:type="SOAP-ENC:Array"'
    return f"<{tag} {kind}>", f"</{tag}>"


@lru_cache(maxsize=256)
def encoded_writer(item: Any, columns: tuple[str, ...]) -> Writer:
    names: dict[str, Any] = {"escape": escape, "encoded_list": encoded_list, "php_float": php_float}
    parts = ["'<item xsi:type=\"ns2:Map\">'"]
    for variable, name, kind in _fields(item, columns):
        if issubclass(kind, Array):
            (names[f"type_{variable}"],) = kind._type_info.values()
            value = f"encoded_list('value', type_{variable}, {variable})"
        else:
            xsd, convert = "string", "str" if issubclass(kind, Decimal | Boolean) else "escape"
            if is_computed(kind):
                xsd, convert = (
                    ("int", "str") if issubclass(kind, Integer) else ("float", "php_float")
                )
            start, nil = f'<value xsi:type="xsd:{xsd}">', '<value xsi:nil="true"/>'
            filled = f"{start!r} + {convert}({variable}) + '</value>'"
            value = f"({nil!r} if {variable} is None else {filled})"
        before, after = encoded_entry_tags(name)
        parts += [repr(before), value, repr(after)]
    parts.append("'</item>'")
    return _compile(columns, " + ".join(parts), names)


def php_float(value: Any) -> str:
    """A number as PHP writes a float: the shortest digits that mean it, and no ``.0``."""
    return repr(float(value)).removesuffix(".0")


def encoded_entry(key: str, value: str) -> str:
    before, after = encoded_entry_tags(key)
    return f"{before}{value}{after}"


def encoded_entry_tags(key: str) -> tuple[str, str]:
    """What comes before and after the value of a map's entry."""
    return f'<item><key xsi:type="xsd:string">{key}</key>', "</item>"


# Common ------------------------------------------------------------------------------------------


def _fields(item: type, columns: tuple[str, ...]) -> Iterable[tuple[str, str, Any]]:
    """Variable, name and type of each field that the records have, in the order of the type."""
    info = item.get_flat_type_info(item)  # type: ignore[attr-defined]
    unknown = set(columns) - set(info)
    if unknown:
        raise TypeError(f"{item.__name__} has no field {', '.join(sorted(unknown))}")
    for name, kind in info.items():
        if name in columns:
            yield f"c{columns.index(name)}", name, kind


def _unless_none(variable: str, value: str) -> str:
    return f"(None if {variable} is None else {value})"


def _compile(columns: tuple[str, ...], expression: str, names: dict[str, Any]) -> Writer:
    """A function that evaluates an expression for each record; all it is made of is our own."""
    if not columns:
        return lambda rows: []
    variables = ", ".join(f"c{place}" for place in range(len(columns)))
    source = f"lambda rows: [{expression} for ({variables},) in rows]"
    return eval(compile(source, f"<writer of {columns[0]}…>", "eval"), names)  # type: ignore[no-any-return]  # noqa: S307


#: RecordSet that are turned into text at once.
CHUNK = 500

_encoder = msgspec.json.Encoder(decimal_format="number")


def encode(value: Any) -> bytes:
    """A value as JSON."""
    return _encoder.encode(value)


def json(result: type, envelope: Envelope, *, native: bool) -> Body:
    """An answer in JSON.

    :param native: true numbers and booleans instead of Kimai 1's strings.
    """
    if envelope.items is None:
        return Body([encode({"success": False, "error": {"msg": envelope.msg}})])
    write = json_writer(item_type(result), envelope.items.columns, native)
    spool, count = _spooled(envelope.items, lambda rows: encode(write(rows))[1:-1], b",")
    total = envelope.total(count)
    return Body([b'{"success":true,"items":[', spool, b'],"total":%d}' % total])


def xml(prefix: str, result: type, envelope: Envelope) -> Body:
    """The children of the result element of a document/literal answer.

    :param prefix: namespace prefix of the types.
    """
    if envelope.items is None:
        return _text(
            f"<{prefix}:success>false</{prefix}:success><{prefix}:error><{prefix}:msg>"
            f"{escape(envelope.msg or '')}</{prefix}:msg></{prefix}:error>"
        )
    write = xml_writer(prefix, item_type(result), envelope.items.columns)
    spool, count = _spooled(envelope.items, lambda rows: "".join(write(rows)).encode())
    head = f"<{prefix}:success>true</{prefix}:success><{prefix}:items>"
    tail = f"</{prefix}:items><{prefix}:total>{envelope.total(count)}</{prefix}:total>"
    return Body([head.encode(), spool, tail.encode()])


def encoded(result: type, envelope: Envelope) -> Body:
    """The children of the ``return`` element of an rpc/encoded answer, as PHP writes a map."""
    if envelope.items is None:
        msg = encoded_entry(
            "msg", f'<value xsi:type="xsd:string">{escape(envelope.msg or "")}</value>'
        )
        return _text(
            encoded_entry("success", '<value xsi:type="xsd:boolean">false</value>')
            + encoded_entry("error", f'<value xsi:type="ns2:Map">{msg}</value>')
        )
    write = encoded_writer(item_type(result), envelope.items.columns)
    spool, count = _spooled(envelope.items, lambda rows: "".join(write(rows)).encode())
    # The length of the list comes before the list.
    opened, closed = encoded_list_tag("value", count)
    before, after = encoded_entry_tags("items")
    success = encoded_entry("success", '<value xsi:type="xsd:boolean">true</value>')
    total = encoded_entry("total", f'<value xsi:type="xsd:int">{envelope.total(count)}</value>')
    return Body([f"{success}{before}{opened}".encode(), spool, f"{closed}{after}{total}".encode()])


def _text(text: str) -> Body:
    return Body([text.encode()])


def _spooled(
    rows: RecordSet, write: Callable[[Sequence[Any]], bytes], between: bytes = b""
) -> tuple[Spool, int]:
    """All rows as text, and how many there were."""
    spool, count = Spool(), 0
    for chunk in rows.chunks(CHUNK):
        if count and between:
            spool.write(between)
        spool.write(write(chunk))
        count += len(chunk)
    return spool, count
