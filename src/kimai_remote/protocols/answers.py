"""The envelope of an answer in each dialect, written while the rows are still being read.

Called inside the transaction of a call. Rows are taken a few hundred at a time and the text goes
to a :class:`Spool`, so an answer of any length needs little memory.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from ..api.envelope import Envelope
from ..tracking.rows import Rows
from .serializers import (
    encoded_entry,
    encoded_entry_tags,
    encoded_list_tag,
    encoded_writer,
    escape,
    item_type,
    json_writer,
    xml_writer,
)
from .spool import Body, Spool

#: Rows that are turned into text at once.
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
    return Body(
        [f"{success}{before}{opened}".encode(), spool, f"{closed}{after}{total}".encode()]
    )  # fmt: skip


def _text(text: str) -> Body:
    return Body([text.encode()])


def _spooled(
    rows: Rows, write: Callable[[Sequence[Any]], bytes], between: bytes = b""
) -> tuple[Spool, int]:
    """All rows as text, and how many there were."""
    spool, count = Spool(), 0
    for chunk in rows.chunks(CHUNK):
        if count and between:
            spool.write(between)
        spool.write(write(chunk))
        count += len(chunk)
    return spool, count
