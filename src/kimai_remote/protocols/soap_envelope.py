"""Parsing of SOAP envelopes, the same for both styles and versions."""

from __future__ import annotations

import codecs
import contextlib
import ctypes
import re
import threading
from dataclasses import dataclass
from encodings import normalize_encoding
from encodings.aliases import aliases
from functools import lru_cache
from typing import Any
from xml.parsers import expat

from lxml import etree
from werkzeug.http import parse_options_header

from ..errors import (
    InvalidRequest,
    MalformedRequest,
    MustUnderstand,
    UnsupportedMediaType,
    VersionMismatch,
)
from .soap_version import SOAP_11, SOAP_12, XSI, SoapVersion

XSI_NIL = f"{{{XSI}}}nil"
#: What kSOAP2 for Android sends for it.
_XSI_NULL = f"{{{XSI}}}null"
_ROOT = f"{{{SOAP_11.encoding}}}root"
#: An encodingStyle of SOAP 1.2 that says that there is none.
_NOT_ENCODED = f"{SOAP_12.namespace}/encoding/none"
_VERSIONS = {version.namespace: version for version in (SOAP_11, SOAP_12)}
_DECLARED_ENCODING = re.compile(rb"""\A<\?xml[^>]*?\bencoding\s*=\s*["']([^"']+)["']""")
_XML = "http://www.w3.org/XML/1998/namespace"
#: First bytes that show the encoding: a byte order mark, or "<" in UTF-16.
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
    (b"<\0", "utf-16-le"),
    (b"\0<", "utf-16-be"),
)
#: Python knows more: slow ones (punycode), and some that hide markup (utf-7).
_CODECS = re.compile(r"utf_8|utf_16(?:_[lb]e)?|ascii|latin_1|iso8859_\d{1,2}|cp125\d|koi8_[ru]")
#: The codecs by each of their names. Python would keep every name that it looks up in vain.
_NAMED_CODECS = {
    name: codec
    for alias, codec in (*aliases.items(), ("koi8_u", "koi8_u"))
    if _CODECS.fullmatch(codec)
    for name in (alias, codec)
}
#: Characters of a Content-Type that are read.
_LONGEST_TYPE = 1_000
_LONGEST_ENCODING = 40
#: Maximum number of elements and of attributes, with namespaces, in a request. A call with a whole
#: record has a hundred of each.
MAX_ELEMENTS = 10_000
MAX_ATTRIBUTES = 10_000
#: Characters of a namespace: each use of it may copy it.
MAX_NAMESPACE = 500
#: Bytes of a tag, all of whose attributes are read at once, or of a comment. It is checked after
#: each part of the document that is read, so somewhat longer ones may pass.
MAX_TAG = 128 * 1024
#: Bytes of a document that has few of all these.
_SMALL = 8 * 1024
_READ_SIZE = 32 * 1024


@dataclass(frozen=True, slots=True)
class SoapMessage:
    """The one element in the Body of a request."""

    element: Any
    #: Whether an encodingStyle attribute marks the request as rpc/encoded.
    has_encoding_style: bool

    @property
    def method(self) -> str:
        """Local name of the element: the method, whatever the namespace."""
        return str(etree.QName(self.element).localname)

    @property
    def namespace(self) -> str:
        return etree.QName(self.element).namespace or ""


def parse(body: bytes, content_type: str) -> Any:
    """Return the root of a request, whatever its Content-Type, as Kimai did: many HTTP libraries
    send that of a form unless told otherwise.

    :raises UnsupportedMediaType: it has attachments.
    :raises RequestError: it isn't XML that is read here.
    """
    mime, charset = _read_type(content_type)
    if mime.startswith("multipart/"):
        raise UnsupportedMediaType("Send the SOAP envelope as text/xml, without attachments.")
    return _parse(body, charset)


def version_of_type(content_type: str) -> SoapVersion:
    """Return the version of SOAP that a Content-Type announces."""
    return SOAP_12 if _read_type(content_type)[0] == SOAP_12.content_type else SOAP_11


def version_of(envelope: Any) -> SoapVersion:
    """Return the version of SOAP of an envelope.

    :raises RequestError: it is none of SOAP 1.1 or 1.2.
    """
    name = etree.QName(envelope)
    if name.localname != "Envelope":
        raise MalformedRequest("The request isn't a SOAP envelope.")
    version = _VERSIONS.get(name.namespace or "")
    if version is None:
        raise VersionMismatch("The envelope isn't one of SOAP 1.1 or SOAP 1.2.")
    return version


def read(envelope: Any, version: SoapVersion) -> SoapMessage:
    """Return the call in an envelope.

    :raises RequestError: there isn't exactly one, or a header has to be understood.
    """
    _check_headers(envelope, version)
    bodies = envelope.findall(f"{{{version.namespace}}}Body")
    elements = list(bodies[0]) if len(bodies) == 1 else []
    if not elements:
        raise InvalidRequest("The SOAP envelope has no call in its Body.")
    calls = _calls(elements)
    if len(calls) != 1:
        raise InvalidRequest("The SOAP Body must hold exactly one call.")
    element = calls[0]
    if etree.QName(element).namespace == _XML:
        raise InvalidRequest("The name of the call is one of those that belong to XML.")
    encoding_style = f"{{{version.namespace}}}encodingStyle"
    marks = (element, bodies[0], envelope, *element)
    has_encoding_style = any(
        mark.get(encoding_style, _NOT_ENCODED) not in ("", _NOT_ENCODED) for mark in marks
    )
    return SoapMessage(element, has_encoding_style)


def nil_of(element: Any) -> str:
    """Return what an element says about being null; "" if nothing."""
    return element.get(XSI_NIL) or element.get(_XSI_NULL) or ""


def is_true(flag: str | None) -> bool:
    """Return whether an attribute is one of XML Schema's two spellings of true."""
    return flag is not None and flag.strip() in ("true", "1")


def _read_type(content_type: str) -> tuple[str, str | None]:
    """Return media type and charset of a Content-Type."""
    # Long ones would fill the memory.
    read = _parse_type if len(content_type) < 200 else _parse_type.__wrapped__
    return read(content_type[:_LONGEST_TYPE])


def _calls(elements: list[Any]) -> list[Any]:
    """Return the calls in a Body; its other elements are values that a parameter points to. If
    nothing tells them apart, the first is the call, as for PHP."""
    roots = [element for element in elements if is_true(element.get(_ROOT))]
    return roots or [element for element in elements if element.get("id") is None] or elements[:1]


@lru_cache(maxsize=64)
def _parse_type(content_type: str) -> tuple[str, str | None]:
    mime, options = parse_options_header(content_type)
    return mime.lower(), options.get("charset")


def _parse(body: bytes, charset: str | None) -> Any:
    parser = etree.XMLParser(
        encoding="utf-8",
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        dtd_validation=False,
        remove_comments=True,
        remove_pis=True,
        huge_tree=False,
    )
    document = _utf8(body, charset)
    _check_size(document)
    _names.add(document)
    try:
        root = etree.fromstring(document, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise _malformed(*getattr(error, "position", (0, 0))) from None
    errors = [error for error in parser.error_log if error.level >= etree.ErrorLevels.ERROR]
    if errors:  # lxml looks at the last one only, which may be a warning
        raise MalformedRequest(f"The request isn't well-formed XML: {errors[0].message[:200]}")
    return root


def _check_size(document: bytes) -> None:
    """Count what a document has before its tree is built, which may take fifty times its size.

    :raises InvalidRequest: it has too much, or a document type, which could multiply attributes.
    :raises MalformedRequest: it isn't well-formed.
    """
    if len(document) <= _SMALL and b"<!DOCTYPE" not in document:
        return
    elements = attributes = 0

    def on_element(_name: str, names_and_values: list[str]) -> None:
        nonlocal elements, attributes
        elements += 1
        attributes += len(names_and_values) // 2
        if elements > MAX_ELEMENTS or attributes > MAX_ATTRIBUTES:
            raise InvalidRequest(
                f"A request may have {MAX_ELEMENTS} elements and {MAX_ATTRIBUTES} attributes here."
            )
        for name, value in zip(names_and_values[::2], names_and_values[1::2], strict=True):
            if len(value) > MAX_NAMESPACE and name.startswith("xmlns"):
                raise InvalidRequest(f"A namespace may have {MAX_NAMESPACE} characters here.")

    def on_document_type(*_: object) -> None:
        raise InvalidRequest("A SOAP message must not have a document type declaration.")

    parser = expat.ParserCreate("utf-8")
    parser.ordered_attributes = True
    parser.StartElementHandler = on_element
    parser.StartDoctypeDeclHandler = on_document_type
    try:
        for start in range(0, len(document), _READ_SIZE):
            parser.Parse(document[start : start + _READ_SIZE])
            if start - parser.CurrentByteIndex > MAX_TAG:
                raise InvalidRequest(f"A tag or comment may have about {MAX_TAG} bytes here.")
        parser.Parse(b"", True)
    except expat.ExpatError as error:
        raise _malformed(error.lineno, error.offset + 1) from None


class _Names(threading.local):
    """Names in the documents that a thread has parsed: lxml keeps them all for its next ones, until
    the thread ends. Once there are too many, libxml2 parses no document with a new one."""

    _MAX_BYTES = 1024 * 1024

    def __init__(self) -> None:
        self._bytes = 0

    def add(self, document: bytes) -> None:
        """Have names forgotten if there may be many, before a document is parsed."""
        if self._bytes + len(document) > self._MAX_BYTES:
            self._bytes = 0
            state = _thread_state()
            ctypes.cast(state, ctypes.py_object).value.pop(LXML_NAMES, None)
        self._bytes += len(document)


#: Key of the names in the state of a thread.
LXML_NAMES = "_ParserDictionaryContext"
#: Returns the address of the state of this thread, a dict.
_thread_state = ctypes.PYFUNCTYPE(ctypes.c_void_p)(("PyThreadState_GetDict", ctypes.pythonapi))
_names = _Names()


def _utf8(body: bytes, charset: str | None) -> bytes:
    """Return the document in UTF-8.

    The first bytes tell more than HTTP's charset, which wins over the XML declaration. What was
    declared but can't be is ignored: libraries convert a document and leave its declaration, or
    send a charset that has nothing to do with it.
    """
    declared = _DECLARED_ENCODING.match(body)
    marked = next((encoding for mark, encoding in _MARKS if body.startswith(mark)), None)
    encodings = (
        charset and charset.strip("'\" "),
        declared and declared[1].decode("ascii", "replace"),
    )
    stated = [encoding for encoding in encodings if encoding]
    # Any bytes are some text in Latin 1, but other text is hardly ever valid UTF-8.
    stated.sort(key=lambda encoding: _codec(encoding) != "utf_8")
    if marked:
        stated.insert(0, marked)
    stated.append("utf-8")
    for encoding in stated:
        codec = _codec(encoding)
        if codec is None:
            raise MalformedRequest(f"Unknown character set {encoding[:40]!r}.")
        # Nearly all bytes are some text in UTF-16.
        if marked is None and codec.startswith("utf_16"):
            continue
        with contextlib.suppress(UnicodeError):
            return body.decode(codec).removeprefix("\ufeff").encode()
    raise MalformedRequest(f"The request isn't valid {stated[0][:40]}.")


def _codec(encoding: str) -> str | None:
    """Return Python's name of an encoding; None if it isn't one of those that are read."""
    if len(encoding) > _LONGEST_ENCODING:
        return None
    return _NAMED_CODECS.get(normalize_encoding(encoding).lower())


def _malformed(line: int, column: int) -> MalformedRequest:
    """Return the error that says where; the parser's own message is not for clients."""
    where = f" (line {line}, column {column})" if line else ""
    return MalformedRequest(f"The request isn't well-formed XML{where}.")


def _check_headers(envelope: Any, version: SoapVersion) -> None:
    """:raises MustUnderstand: for headers that must be understood: none means anything here."""
    role, must_understand = (
        f"{{{version.namespace}}}{name}" for name in (version.role, "mustUnderstand")
    )
    names = [
        etree.QName(entry)
        for header in envelope.iterchildren(f"{{{version.namespace}}}Header")
        for entry in header
        if entry.get(role, "").strip() in version.own_roles and is_true(entry.get(must_understand))
    ]
    if names:
        raise MustUnderstand(
            f"The header {names[0].localname[:60]} isn't understood.",
            [(name.namespace or "", name.localname) for name in names],
        )
