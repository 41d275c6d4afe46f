"""The result of a call in each form, written while its records are still being read.

Runs inside the transaction of a call. Records are taken a few hundred at a time and their text goes
to a :class:`BodyBuffer`, so a result of any length needs little memory.

Spyne's own serialisers look up every attribute of every value of every record. Here that is done
once for a type of record and its columns. A test compares the text with that of Spyne.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from decimal import Decimal as PythonDecimal
from functools import lru_cache
from itertools import chain, repeat
from typing import Any

import msgspec
from spyne.model.complex import Array
from spyne.model.primitive import Boolean, Decimal, Integer

from ..api.execution import Envelope
from ..tracking.record_set import Computed, RecordSet
from .response_body import BodyBuffer, ResponseBody
from .soap_version import SOAP_11, XSD, XSI, SoapVersion

#: Records that are turned into text at once.
CHUNK_SIZE = 500

Rows = Sequence[Sequence[Any]]

_XSI_DECLARATION = f'xmlns:xsi="{XSI}"'
_XSD_DECLARATION = f'xmlns:xsd="{XSD}"'

_encoder = msgspec.json.Encoder(decimal_format="number")
_SPECIAL = re.compile("[&<>\r\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_ESCAPES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", "\r": "&#13;"}


def encode(value: Any) -> bytes:
    """Return a value as JSON."""
    return _encoder.encode(value)


def escape(text: str) -> str:
    """Return text for an XML element. Characters that XML can't carry become U+FFFD."""
    if _SPECIAL.search(text) is None:
        return text
    return _SPECIAL.sub(lambda match: _ESCAPES.get(match[0], "\ufffd"), text)


def escape_attribute(text: str) -> str:
    """Return text for an XML attribute in double quotes."""
    return escape(text).replace('"', "&quot;")


# Whole results ---------------------------------------------------------------------------------


def json(result: type, envelope: Envelope, *, native: bool) -> ResponseBody:
    """Return a result in JSON.

    :param native: true numbers and booleans instead of Kimai 1's strings.
    """
    if envelope.items is None:
        return ResponseBody([encode({"success": False, "error": {"msg": envelope.msg}})])
    records = json_writer(record_type_of(result), envelope.items.columns, native)
    buffer, count = _buffer(envelope.items, lambda rows: encode(records(rows))[1:-1], b",")
    total: Any = envelope.total(count)
    if not native and _is_stored_total(result, total):
        total = str(total)
    return ResponseBody([b'{"success":true,"items":[', buffer, b'],"total":', encode(total), b"}"])


def soap_document(prefix: str, result: type, envelope: Envelope) -> ResponseBody:
    """Return the children of the result element of a document/literal response.

    :param prefix: namespace prefix of the types.
    """
    if envelope.items is None:
        return _text(
            f"<{prefix}:success>false</{prefix}:success><{prefix}:error><{prefix}:msg>"
            f"{escape(envelope.msg or '')}</{prefix}:msg></{prefix}:error>"
        )
    write = document_writer(prefix, record_type_of(result), envelope.items.columns)
    buffer, count = _buffer(envelope.items, write)
    head = f"<{prefix}:success>true</{prefix}:success><{prefix}:items>"
    tail = f"</{prefix}:items><{prefix}:total>{envelope.total(count)}</{prefix}:total>"
    return ResponseBody([head.encode(), buffer, tail.encode()])


def soap_rpc(result: type, envelope: Envelope, version: SoapVersion) -> tuple[str, ResponseBody]:
    """Return the ``return`` element of an rpc/encoded response, a map as PHP writes it, and the
    declarations of the namespaces in it, in the order in which PHP first needs them."""
    map_type, encoding = 'xmlns:ns2="http://xml.apache.org/xml-soap"', version.declaration
    if envelope.items is None:
        msg = f'<value xsi:type="xsd:string">{escape(envelope.msg or "")}</value>'
        error = f'<value xsi:type="ns2:Map">{_map_entry("msg", msg)}</value>'
        content = _text(
            _map_entry("success", '<value xsi:type="xsd:boolean">false</value>')
            + _map_entry("error", error)
        )
        count = None
    else:
        write = rpc_writer(record_type_of(result), envelope.items.columns, version)
        buffer, count = _buffer(envelope.items, write)
        # The length of the list comes before the list.
        opening, closing = _list_tags(count, version)
        before, after = _map_entry_tags("items")
        success = _map_entry("success", '<value xsi:type="xsd:boolean">true</value>')
        number = envelope.total(count)
        xsd_type = "string" if _is_stored_total(result, number) else "int"
        total = _map_entry("total", f'<value xsi:type="xsd:{xsd_type}">{number}</value>')
        head, tail = f"{success}{before}{opening}", f"{closing}{after}{total}"
        content = ResponseBody([head.encode(), buffer, tail.encode()])
    # Of a response with an empty list, PHP declares the namespace of the encoding first.
    own = f"{encoding} {map_type}" if count == 0 else f"{map_type} {encoding}"
    namespaces = f"{_XSI_DECLARATION} {_XSD_DECLARATION} {own}"
    return namespaces, content.wrap(b'<return xsi:type="ns2:Map">', b"</return>")


def soap_rpc_value(xsd_type: str, text: str, version: SoapVersion) -> tuple[str, ResponseBody]:
    """Return the same as :func:`soap_rpc` for a plain value."""
    namespaces = f"{_XSD_DECLARATION} {_XSI_DECLARATION} {version.declaration}"
    return namespaces, _text(f'<return xsi:type="xsd:{xsd_type}">{escape(text)}</return>')


def _text(text: str) -> ResponseBody:
    return ResponseBody([text.encode()])


def _buffer(
    records: RecordSet, write: Callable[[Rows], bytes], separator: bytes = b""
) -> tuple[BodyBuffer, int]:
    """Return all records as text, and how many there were."""
    buffer, count = BodyBuffer(), 0
    try:
        for rows in records.chunks(CHUNK_SIZE):
            if count and separator:
                buffer.write(separator)
            buffer.write(write(rows))
            count += len(rows)
    except BaseException:
        # Reading may fail halfway; a file that waits for garbage collection fills the disk.
        buffer.close()
        raise
    return buffer, count


# Records of one type and set of columns --------------------------------------------------------


@lru_cache(maxsize=256)
def json_writer(
    record_type: Any, columns: tuple[str, ...], native: bool
) -> Callable[[Rows], list[Any]]:
    """Return a function that makes values for the JSON encoder from rows."""
    fields = list(_fields(record_type, columns))
    record = msgspec.defstruct("Record", [(name, Any) for _, name, _ in fields], gc=False)
    writers = [(index, _json_column(each, native)) for index, _, each in fields]

    def write(rows: Rows) -> list[Any]:
        values = list(zip(*rows, strict=True))
        if not values:
            return []
        return list(map(record, *(to(values[index]) for index, to in writers)))

    return write


def _json_converter(spyne_type: Any, native: bool) -> Callable[[Any], Any] | None:
    if issubclass(spyne_type, Array):
        (record_type,) = spyne_type._type_info.values()
        return lambda records: json_writer(record_type, records.columns, native)(records.values)
    if is_sometimes_computed(spyne_type):
        return int if native else _number_or_text
    if native or is_computed(spyne_type):
        if issubclass(spyne_type, Boolean):
            return bool
        if not issubclass(spyne_type, Decimal) or issubclass(spyne_type, Integer):
            return None
        return float if native else _php_number
    return str if issubclass(spyne_type, Decimal | Boolean) else None


def _php_number(value: Any) -> int | float:
    """Return a number as PHP writes it in JSON: without a fraction where it is whole."""
    number = float(value)
    return int(number) if number.is_integer() else number


def _number_or_text(value: int) -> int | str:
    return int(value) if isinstance(value, Computed) else str(value)


def _numbers_or_texts(values: Sequence[int]) -> list[int | str]:
    convert = _number_or_text if Computed in set(map(type, values)) else str
    return list(map(convert, values))


@lru_cache(maxsize=256)
def document_writer(
    prefix: str, record_type: Any, columns: tuple[str, ...]
) -> Callable[[Rows], bytes]:
    """Return a function that writes rows as document/literal elements."""
    tag = f"{prefix}:{record_type.get_type_name()}"
    fields = []
    for index, name, spyne_type in _fields(record_type, columns):
        element = f"{prefix}:{name}"
        nil = f'<{element} xsi:nil="true"/>' if spyne_type.Attributes.min_occurs else ""
        convert = _document_converter(prefix, spyne_type)
        fields.append(
            (index, _xml_column(spyne_type, f"<{element}>", convert, f"</{element}>", nil))
        )
    return _xml_writer(fields, f"<{tag}>".encode(), f"</{tag}>".encode())


def _document_converter(prefix: str, spyne_type: Any) -> Callable[[Any], str]:
    if issubclass(spyne_type, Array):
        (record_type,) = spyne_type._type_info.values()
        return lambda records: document_writer(prefix, record_type, records.columns)(
            records.values
        ).decode()
    if issubclass(spyne_type, Boolean):
        return lambda value: "true" if value else "false"
    if is_computed(spyne_type) and not issubclass(spyne_type, Integer):
        return _xsd_decimal
    return str if issubclass(spyne_type, Decimal) else escape


def _xsd_decimal(value: Any) -> str:
    """Return a number without an exponent, which xs:decimal doesn't have."""
    text = str(value)
    return format(PythonDecimal(text), "f") if "e" in text or "E" in text else text


@lru_cache(maxsize=256)
def rpc_writer(
    record_type: Any, columns: tuple[str, ...], version: SoapVersion = SOAP_11
) -> Callable[[Rows], bytes]:
    """Return a function that writes rows as maps, as PHP does."""
    fields = []
    for index, name, spyne_type in _fields(record_type, columns):
        start, end = _map_entry_tags(name)
        before, convert, after = _rpc_converter(spyne_type, version)
        nil = f'{start}<value xsi:nil="true"/>{end}'
        fields.append(
            (index, _xml_column(spyne_type, f"{start}{before}", convert, f"{after}{end}", nil))
        )
    return _xml_writer(fields, b'<item xsi:type="ns2:Map">', b"</item>")


def _rpc_converter(spyne_type: Any, version: SoapVersion) -> tuple[str, Callable[[Any], str], str]:
    """Return what comes before a value, what writes it, and what comes after it."""
    if issubclass(spyne_type, Array):
        (record_type,) = spyne_type._type_info.values()

        def write_list(records: RecordSet) -> str:
            rows = list(records.values)
            opening, closing = _list_tags(len(rows), version)
            write = rpc_writer(record_type, records.columns, version)
            return f"{opening}{write(rows).decode()}{closing}"

        return "", write_list, ""
    convert: Callable[[Any], str] = str
    xsd_type = "string"
    if is_sometimes_computed(spyne_type):
        return "", _rpc_number_or_text, "</value>"
    if is_computed(spyne_type):
        xsd_type = "int"
        if not issubclass(spyne_type, Integer):
            xsd_type, convert = "float", php_float
    elif not issubclass(spyne_type, Decimal | Boolean):
        convert = escape
    return f'<value xsi:type="xsd:{xsd_type}">', convert, "</value>"


def _rpc_number_or_text(value: int) -> str:
    xsd_type = "int" if isinstance(value, Computed) else "string"
    return f'<value xsi:type="xsd:{xsd_type}">{value}'


def php_float(value: Any) -> str:
    """Return a number as PHP's SOAP writes a float: 14 digits, exponents such as ``1.0E-6``."""
    mantissa, e, exponent = format(float(value), ".14G").partition("E")
    if not e:
        return mantissa
    fraction = "" if "." in mantissa else ".0"
    return f"{mantissa}{fraction}E{int(exponent):+d}"


def _list_tags(length: int, version: SoapVersion) -> tuple[str, str]:
    """Return what comes before and after the maps of a list."""
    if not length:
        return f"<value {version.array.format(type=version.any_type, length=0)}/>", ""
    return f"<value {version.array.format(type='ns2:Map', length=length)}>", "</value>"


def _map_entry(key: str, value: str) -> str:
    before, after = _map_entry_tags(key)
    return f"{before}{value}{after}"


def _map_entry_tags(key: str) -> tuple[str, str]:
    return f'<item><key xsi:type="xsd:string">{key}</key>', "</item>"


# Columns ---------------------------------------------------------------------------------------

#: Turns the values of one field, in all rows, into what is written.
Column = Callable[[Sequence[Any]], Iterable[Any]]


def _is_exact(spyne_type: Any) -> bool:
    """Return whether equal values of a field are written alike: 1.0 and 1.00 are not, nor are a
    computed and a stored number."""
    is_number = issubclass(spyne_type, Decimal) and not issubclass(spyne_type, Integer)
    return not (is_number or issubclass(spyne_type, Array) or is_sometimes_computed(spyne_type))


def _column(spyne_type: Any, write: Column) -> Column:
    """Return a column that writes each distinct value once, where there are few: most columns are
    names, IDs and flags."""

    def write_distinct(values: Sequence[Any]) -> Iterable[Any]:
        distinct = list(set(values))
        if 4 * len(distinct) > len(values):
            return write(values)
        return map(dict(zip(distinct, write(distinct), strict=True)).__getitem__, values)

    return write_distinct if _is_exact(spyne_type) else write


def _json_column(spyne_type: Any, native: bool) -> Column:
    convert = _json_converter(spyne_type, native)
    if convert is None:
        return lambda values: values
    if convert is _number_or_text:
        return _numbers_or_texts
    return _column(
        spyne_type,
        lambda values: [None if value is None else convert(value) for value in values],
    )


def _xml_column(
    spyne_type: Any, before: str, convert: Callable[[Any], str], after: str, nil: str
) -> Column:
    """Return a function that writes elements.

    :param convert: writes what is between ``before`` and ``after``.
    :param nil: stands for null.
    """
    null = nil.encode()

    def write(values: Sequence[Any]) -> list[bytes]:
        if convert is str or (convert is escape and _is_plain(values)):
            return [
                null if value is None else f"{before}{value!s}{after}".encode() for value in values
            ]
        return [
            null if value is None else f"{before}{convert(value)}{after}".encode()
            for value in values
        ]

    return _column(spyne_type, write)


def _is_plain(texts: Sequence[str | None]) -> bool:
    """Return whether no text has characters that XML escapes."""
    return _SPECIAL.search("".join([text for text in texts if text is not None])) is None


def _xml_writer(
    fields: list[tuple[int, Column]], before: bytes, after: bytes
) -> Callable[[Rows], bytes]:
    """Return a function that writes rows.

    :param before: comes before each record, and ``after`` after it.
    """

    def write(rows: Rows) -> bytes:
        # By column, which takes four fifths of the time by row.
        values = list(zip(*rows, strict=True))
        if not values:
            return b""
        texts = [column(values[index]) for index, column in fields]
        size = len(values[0])
        records = zip(repeat(before, size), *texts, repeat(after, size), strict=True)
        return b"".join(chain.from_iterable(records))

    return write


# Types -----------------------------------------------------------------------------------------


def _is_stored_total(result: Any, total: int) -> bool:
    """Return whether Kimai's database counted a total, which is a string then; its 0 is not."""
    return total != 0 and not is_computed(result._type_info["total"])


def record_type_of(result: Any) -> Any:
    """Return the type of the records in a result of this type."""
    (record_type,) = result._type_info["items"]._type_info.values()
    return record_type


def is_computed(spyne_type: Any) -> bool:
    """Return whether a field stays a number in the JSON form of Kimai 1."""
    return bool(getattr(spyne_type.Attributes, "computed", False))


def is_sometimes_computed(spyne_type: Any) -> bool:
    """Return whether a field stays a number there in some records."""
    return bool(getattr(spyne_type.Attributes, "sometimes_computed", False))


def _fields(record_type: Any, columns: tuple[str, ...]) -> Iterator[tuple[int, str, Any]]:
    """Return index in the rows, name and type of the fields that the rows have, in type order."""
    members = record_type.get_flat_type_info(record_type)
    unknown = set(columns) - set(members)
    if unknown:
        raise TypeError(f"{record_type.__name__} has no field {', '.join(sorted(unknown))}")
    for name, spyne_type in members.items():
        if name in columns:
            yield columns.index(name), name, spyne_type
