"""Requests without a key that are made to cost much. Each shape fills a body of any size."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from corpus import SOAP

JSON, XML = "/core/json.php", "/core/soap.php"
_XSI = 'xmlns:i="http://www.w3.org/2001/XMLSchema-instance"'
_NS = f'xmlns="urn:kimai-remote" {_XSI}'
_HEADER = 60_000


@dataclass(frozen=True)
class Request:
    """A POST; the path may have a query."""

    path: str
    body: bytes
    content_type: str = ""


#: Makes a request whose body has about so many bytes, and no more.
Shape = Callable[[int], Request]


def _fill(before: str, unit: str, after: str, size: int, codec: str = "utf-8") -> bytes:
    """Repeat a unit; ``{n}`` in it is a number."""
    length = len(unit.replace("{n}", "123456").encode(codec))
    count = max(1, (size - len((before + after).encode(codec))) // length)
    if "{n}" in unit:
        middle = "".join([unit.replace("{n}", str(number)) for number in range(count)])
    else:
        middle = unit * count
    return f"{before}{middle}{after}".encode(codec)


def _xml(before: str, unit: str, after: str, codec: str = "utf-8") -> Shape:
    before, after = f'<e:Envelope xmlns:e="{SOAP}" {_XSI}>{before}', f"{after}</e:Envelope>"
    content_type = f"text/xml; charset={codec}"
    return lambda size: Request(XML, _fill(before, unit, after, size, codec), content_type)


def _children(unit: str, namespace: str = _NS, codec: str = "utf-8") -> Shape:
    """Fill a call with elements."""
    return _xml(f"<e:Body><getUsers {namespace}>", unit, "</getUsers></e:Body>", codec)


def _attributes(unit: str, namespace: str = _NS) -> Shape:
    """Fill the start tag of a call."""
    return _xml(f"<e:Body><getUsers {namespace} ", unit, "/></e:Body>")


def _text(unit: str, codec: str = "utf-8") -> Shape:
    """Fill a parameter."""
    before = f"<e:Body><getUsers {_NS}><apiKey>"
    return _xml(before, unit, "</apiKey></getUsers></e:Body>", codec)


def _two(before: str, first: str, between: str, second: str, after: str) -> Shape:
    """Fill a half each with two units."""

    def make(size: int) -> Request:
        middle = _fill("", first, between, size // 2).decode()
        return _xml(f"{before}{middle}", second, after)(size)

    return make


def _references(target: str, unit: str, end: str) -> Shape:
    """Half of references to one value, which is filled with a unit."""
    return _two(
        "<e:Body><setExpenseRecord><apiKey>a</apiKey><record>",
        '<i href="#v"/>',
        f'</record></setExpenseRecord><v id="v" {target}>',
        unit,
        f"{end}</v></e:Body>",
    )


def _few_references(target: str, unit: str) -> Shape:
    """As many references to one value as are followed."""
    references = '<i href="#v"/>' * 9_900
    return _xml(
        "<e:Body><setExpenseRecord><apiKey>a</apiKey><record>"
        f'{references}</record></setExpenseRecord><v id="v" {target}>',
        unit,
        "</v></e:Body>",
    )


def _references_in_document(before: str, unit: str, after: str) -> Shape:
    """Many references in document/literal to one value, which is filled with a unit."""
    references = '<x href="#v"/>' * 900
    call = f"<setExpenseRecord {_NS}><apiKey>a</apiKey>{references}</setExpenseRecord>"
    return _xml(f"<e:Body>{call}{before}", unit, f"{after}</e:Body>")


def _json(before: str, unit: str, after: str) -> Shape:
    def make(size: int) -> Request:
        body = _fill(before, unit, after, size).decode()
        # No comma behind the last value.
        return Request(JSON, body.replace(f",{after}", after).encode(), "application/json")

    return make


def _values(unit: str) -> Shape:
    """Fill the list of parameters."""
    return _json('{"jsonrpc":"2.0","id":1,"method":"getTasks","params":[', f"{unit},", "]}")


def _parameter(unit: str, method: str = "getTasks", before: str = "") -> Shape:
    """Fill one parameter, a text."""
    return _json(f'{{"id":1,"method":"{method}","params":[{before}"', unit, '"]}')


def _member(before: str, unit: str, after: str = "}") -> Shape:
    """Fill a member of a call."""
    return _json('{"method":"getVersion",' + before, unit, after)


def _batch(call: str) -> Shape:
    """As many calls as a batch may have."""
    body = f"[{','.join([call] * 100)}]".encode()
    return lambda size: Request(JSON, body, "application/json")


def _raw(path: str, before: bytes, unit: bytes, after: bytes, content_type: str = "") -> Shape:
    def make(size: int) -> Request:
        count = (size - len(before + after)) // len(unit)
        return Request(path, before + unit * count + after, content_type)

    return make


def _content_type(before: str, unit: str) -> Shape:
    """Fill a header, up to what servers take."""
    return lambda size: Request(XML, b"<a/>", before + unit * (min(size, _HEADER) // len(unit)))


def _nested(opening: str, closing: str, depth: int = 240) -> Shape:
    return _children(opening * depth + closing * depth)


def _default_attributes(size: int) -> Request:
    """Attributes that a document type gives to each element."""
    document_type = _fill("<!DOCTYPE e:Envelope [<!ATTLIST a ", 'a{n} CDATA "" ', ">]>", size // 2)
    return Request(XML, document_type + _children("<a/>")(size // 2).body, "text/xml")


#: What a request of a size costs at least: all of it is one text.
PLAIN = _text("a text, ")

SHAPES: dict[str, Shape] = {
    # Elements
    "empty elements": _children("<a/>"),
    "empty elements, rpc": _children("<a/>", 'xmlns=""'),
    "empty elements in UTF-16": _children("<a/>", _NS, "utf-16-le"),
    "elements with a text": _children("<a>1</a>"),
    "elements with a text, rpc": _children("<a>1</a>", 'xmlns=""'),
    "elements of many names": _children("<a{n}/>"),
    "elements of many names, rpc": _children("<a{n}/>", 'xmlns=""'),
    "elements with namespaces": _children('<a xmlns="u{n}"/>'),
    "elements with one namespace": _children('<a xmlns="u"/>'),
    "elements with prefixes": _children('<n{n}:a xmlns:n{n}="u"/>'),
    "elements with an attribute": _children('<a b=""/>'),
    "elements with an attribute, rpc": _children('<a b=""/>', 'xmlns=""'),
    "elements with a nil": _children('<a i:nil="0"/>'),
    "elements with a type": _children('<a i:type="x:y"/>'),
    "elements with an ID": _children('<a id="{n}"/>', 'xmlns=""'),
    "elements with an XML ID": _children('<a xml:id="a{n}"/>'),
    "elements with an encoding style": _children('<a e:encodingStyle=""/>'),
    "elements in the Body": _xml("<e:Body>", "<a/>", "</e:Body>"),
    "elements in the Body with an ID": _xml("<e:Body>", '<a id="a"/>', "</e:Body>"),
    "elements in the envelope": _xml("<e:Body/>", "<a/>", ""),
    "headers": _xml("<e:Header>", "<a/>", "</e:Header><e:Body/>"),
    "headers with an actor": _xml(
        "<e:Header>", '<a e:actor="{n}" e:mustUnderstand="1"/>', "</e:Header><e:Body/>"
    ),
    "Headers": _xml("", "<e:Header/>", "<e:Body/>"),
    "Bodies": _xml("", "<e:Body/>", ""),
    "open elements": _raw(XML, b"", b"<a>", b"", "text/xml"),
    "nested elements": _nested("<a>", "</a>"),
    "nested namespaces": _nested('<a xmlns="u" xmlns:b="v">', "</a>"),
    "long names": _children(f"<{'a' * 40_000}{{n}}/>"),
    "a long name": _raw(XML, b"<", b"a", b"/>", "text/xml"),
    # Attributes and namespaces
    "attributes": _attributes('a{n}="" '),
    "attributes, rpc": _attributes('a{n}="" ', 'xmlns=""'),
    "attributes with a prefix": _attributes('i:a{n}="" '),
    "one attribute again and again": _attributes('a="" '),
    "attributes without a value": _attributes("a "),
    "default attributes": _default_attributes,
    "a long attribute": _xml('<e:Body><getUsers a="', "a", '"/></e:Body>'),
    "a long attribute of references": _xml('<e:Body><getUsers a="', "&#65;", '"/></e:Body>'),
    "namespaces": _attributes('xmlns:a{n}="u" '),
    "namespaces and elements": _two(
        "<e:Body><getUsers ", 'xmlns:a{n}="u{n}" ', ">", "<a1:b/>", "</getUsers></e:Body>"
    ),
    "a long namespace": _xml('<e:Body><getUsers xmlns="', "u", '"/></e:Body>'),
    "a long namespace and elements": _two(
        '<e:Body><getUsers xmlns:p="', "u", '">', "<p:a/>", "</getUsers></e:Body>"
    ),
    "a long namespace and attributes": _two(
        f'<e:Body><getUsers {_NS} xmlns:p="', "u", '" ', 'p:a{n}="" ', "/></e:Body>"
    ),
    "a namespace and attributes": _attributes('p:a{n}="" ', f'{_NS} xmlns:p="{"u" * 500}"'),
    # Texts
    "a text of equals signs": _text("=="),
    "a text of wide characters": _text("ü"),
    "references to characters": _text("&#65;"),
    "references to entities": _text("&amp;"),
    "references to unknown entities": _text("&a;"),
    "references to control characters": _text("&#0;"),
    "texts between comments": _text("a<!---->"),
    "comments": _text("<!---->"),
    "instructions": _text("<?a?>"),
    "sections": _text("<![CDATA[]]>"),
    "sections and references": _text("<![CDATA[<]]>&lt;"),
    "a section": _xml(
        f"<e:Body><getUsers {_NS}><apiKey><![CDATA[",
        "<a>",
        "]]></apiKey></getUsers></e:Body>",
    ),
    "a comment": _xml("<!--", "<a>", f"--><e:Body><getUsers {_NS}/></e:Body>"),
    "spaces": _xml("", " ", "<e:Body/>"),
    "spaces in the declaration": _raw(XML, b"<?xml ", b" ", b"?><a/>"),
    "encodings in the declaration": _raw(XML, b"<?xml ", b"encoding ", b"?><a/>"),
    "a long encoding": _raw(XML, b'<?xml version="1.0" encoding="', b"a", b'"?><a/>'),
    "wide characters in UTF-16": _text("\u4e2d", "utf-16-le"),
    "wide characters in one byte": _text("€", "cp1252"),
    "less-than signs": _raw(XML, b"", b"<", b""),
    "a document type": _raw(XML, b"<!DOCTYPE a [", b'<!ENTITY a "">', b"]><a/>"),
    # Values in rpc/encoded
    "values that refer to each other": _xml(
        '<e:Body><setExpenseRecord id=""><apiKey>a</apiKey><record href="#v0"/></setExpenseRecord>'
        + "".join(f'<v id="v{n}">' + f'<item href="#v{n + 1}"/>' * 10 + "</v>" for n in range(19)),
        "<!---->",
        '<v id="v19"/></e:Body>',
    ),
    "references to an array": _references('i:type="Array"', "<i/>", ""),
    "references to a map of no pairs": _references('i:type="Map"', "<a/>", ""),
    "few references to a map of no pairs": _few_references('i:type="Map"', "<!---->"),
    "references to a text": _few_references("", "a"),
    "references to base64": _few_references('i:type="base64"', "YWFh"),
    "an array": _xml(
        '<e:Body><getUsers><apiKey i:type="Array">', "<i>1</i>", "</apiKey></getUsers></e:Body>"
    ),
    "a map": _xml(
        '<e:Body><getUsers><apiKey i:type="Map">',
        "<i><key>a{n}</key><value>1</value></i>",
        "</apiKey></getUsers></e:Body>",
    ),
    "base64": _xml(
        '<e:Body><getUsers><apiKey i:type="base64">', "Y Q ", "</apiKey></getUsers></e:Body>"
    ),
    # Values in document/literal
    "references to a text, document": _references_in_document('<v id="v">', "a", "</v>"),
    "references to a text behind an element": _references_in_document(
        '<v id="v"><a/>', "a", "</v>"
    ),
    "references to an attribute": _references_in_document('<v id="v" a="', "a", '"/>'),
    "references to attributes": _references_in_document('<v id="v"><b ', 'a{n}="" ', "/></v>"),
    "references to namespaces": _references_in_document(
        '<v id="v"><b ', 'xmlns:a{n}="{n}" ', "/></v>"
    ),
    "references to elements": _references_in_document('<v id="v">', "<a/>", "</v>"),
    "a long href": _xml('<e:Body><getUsers><apiKey href="#', "a", '"/></getUsers></e:Body>'),
    "a long number": _xml(
        f"<e:Body><getTasks {_NS}><apiKey>k</apiKey><projectId>",
        "9",
        "</projectId></getTasks></e:Body>",
    ),
    "a long number, rpc": _xml(
        "<e:Body><getTasks><apiKey>k</apiKey><projectId>", "9", "</projectId></getTasks></e:Body>"
    ),
    "a long decimal": _xml(
        f"<e:Body><setTimesheetRecord {_NS}><apiKey>k</apiKey><record><rate>",
        "9",
        "</rate></record></setTimesheetRecord></e:Body>",
    ),
    # JSON
    "empty lists": _values("[]"),
    "empty objects": _values("{}"),
    "numbers": _values("1"),
    "decimals": _values("1.0"),
    "exponents": _values("1e5"),
    "numbers of 10 digits": _values("1234567890"),
    "numbers of 300 digits": _values("9" * 300),
    "numbers of 4,000 digits": _values("9" * 4000),
    "decimals of 300 digits": _values("1." + "9" * 300),
    "empty strings": _values('""'),
    "strings of two characters": _values('"ab"'),
    "strings of a wide character": _values('"\u4e2d"'),
    "nulls": _values("null"),
    "lists in lists": _values("[[]]"),
    "objects in objects": _values('{"":{}}'),
    "objects of a number": _values('{"a":1}'),
    "nested lists": _values("[" * 900 + "]" * 900),
    "nested objects": _values('{"":' * 900 + "1" + "}" * 900),
    "open lists": _raw(JSON, b"", b"[", b""),
    "open objects": _raw(JSON, b"", b'{"":', b""),
    "texts without commas": _raw(JSON, b"[", b'""', b"]"),
    "keys": _member("", '"{n}":1,'),
    "one key again and again": _member("", '"a":1,'),
    "unknown fields of a record": _json(
        '{"id":1,"method":"setTimesheetRecord","params":["k",{', '"{n}":1,', "}]}"
    ),
    "unknown parameters": _json('{"id":1,"method":"getUsers","params":{', '"{n}":1,', "}}"),
    "an ID of digits": _member('"id":', "9"),
    "an ID of digits behind a point": _member('"id":0.', "9"),
    "an ID with an exponent of digits": _member('"id":1e', "9"),
    "a whole number of digits": _json('{"id":1,"method":"getTasks","params":["k",', "9", "]}"),
    "a whole number with digits behind a point": _json(
        '{"id":1,"method":"getTasks","params":["k",0.', "9", "]}"
    ),
    "a string": _parameter("a text, "),
    "a string of escapes": _parameter("\\n"),
    "a string of code points": _parameter("\\u4e2d"),
    "a string of wide characters": _parameter("\u4e2d"),
    "a string and an emoji": _json('{"id":1,"method":"getTasks","params":["', "a", '\U0001f600"]}'),
    "digits for a number": _parameter("9", before='"k",'),
    "spaces for a number": _parameter(" ", before='"k",'),
    "control characters for a number": _parameter("\x7f", before='"k",'),
    "a date": _parameter("9-", "getTimesheet", '"k",'),
    "a long ID": _member('"id":"', "a", '"}'),
    "a long ID of control characters": _member('"id":"', "\x7f", '"}'),
    "a long method": _json('{"id":1,"method":"', "a", '"}'),
    "a long version": _member('"id":1,"jsonrpc":"2.', "0", '"}'),
    "spaces in JSON": _json("", " ", "1"),
    # Batches
    "a batch of numbers": _json("[", "1,", "]"),
    "a batch of 100 objects": _batch("{}"),
    "a batch of 100 versions": _batch('{"method":"getVersion"}'),
    "a batch of 100 descriptions": _batch('{"method":"rpc.discover","id":1}'),
    "a batch of 100 logins": _batch('{"method":"authenticate","params":["a","b"]}'),
    "a batch of 100 calls": _batch('{"method":"setTimesheetRecord","params":["k",{}]}'),
    "a batch of 100 wrong numbers": _batch('{"method":"getTasks","params":["k","\x7f"]}'),
    # Headers
    "a long Content-Type": _content_type("text/xml", "; a=b"),
    "a Content-Type of quotes": _content_type('text/xml; charset="', '\\"'),
    "a Content-Type of stars": _content_type("text/xml", "; a*0*=u''%41"),
    "a Content-Type of spaces": _content_type("text/xml;", " "),
}


def _new_names() -> Iterator[Request]:
    """More names than libxml2 keeps, then a call with one more."""
    for series in range(70):
        yield _children(f"<a{{n}}{'a' * 900}{series}/>")(1_800_000)
    call = _text("a")(500)
    yield Request(XML, call.body.replace(b"e:", b"new:").replace(b":e=", b":new="), "text/xml")


def _new_encodings() -> Iterator[Request]:
    for number in range(30):
        yield _raw(XML, b'<?xml version="1.0" encoding="%d' % number, b"a", b'"?><a/>')(2_000_000)
    yield PLAIN(1_000)


#: Requests one after the other, of which nothing may stay; the last one is served.
SERIES = {"new names": _new_names, "new encodings": _new_encodings}
