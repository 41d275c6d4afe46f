"""Parsing of SOAP 1.1 envelopes, the same for both styles."""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from lxml import etree
from werkzeug.http import parse_options_header

from ..errors import (
    InvalidRequest,
    MalformedRequest,
    MustUnderstand,
    UnsupportedMediaType,
    VersionMismatch,
)

SOAP_11 = "http://schemas.xmlsoap.org/soap/envelope/"
SOAP_12 = "http://www.w3.org/2003/05/soap-envelope"
XSI_NIL = "{http://www.w3.org/2001/XMLSchema-instance}nil"
ENCODING_STYLE = f"{{{SOAP_11}}}encodingStyle"
_NEXT_ACTOR = "http://schemas.xmlsoap.org/soap/actor/next"
_DECLARED_ENCODING = re.compile(rb"""\A<\?xml[^>]*?\bencoding\s*=\s*["']([^"']+)["']""")
_XML = "http://www.w3.org/XML/1998/namespace"
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_CODECS = re.compile(r"utf-8|utf-16(?:-[lb]e)?|ascii|iso8859-\d{1,2}|cp125\d|koi8-[ru]")


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


def read(body: bytes, content_type: str) -> SoapMessage:
    """Parse a SOAP 1.1 request, whatever its Content-Type, as Kimai did: many HTTP libraries send
    that of a form unless told otherwise.

    :raises UnsupportedMediaType: it has attachments.
    :raises RequestError: it isn't one element in the Body of a SOAP 1.1 envelope.
    """
    # Long ones would fill the memory.
    parse_type = _content_type if len(content_type) < 200 else _content_type.__wrapped__
    is_multipart, charset = parse_type(content_type)
    if is_multipart:
        raise UnsupportedMediaType("Send the SOAP envelope as text/xml, without attachments.")
    envelope = _parse(body, charset)
    if envelope.tag != f"{{{SOAP_11}}}Envelope":
        if envelope.tag == f"{{{SOAP_12}}}Envelope":
            raise VersionMismatch("This service speaks SOAP 1.1, not SOAP 1.2.")
        if etree.QName(envelope).localname == "Envelope":
            raise VersionMismatch("The envelope isn't one of SOAP 1.1.")
        raise MalformedRequest("The request isn't a SOAP 1.1 envelope.")
    for header in envelope.iterchildren(f"{{{SOAP_11}}}Header"):
        _check_headers(header)
    bodies = envelope.findall(f"{{{SOAP_11}}}Body")
    elements = list(bodies[0]) if len(bodies) == 1 else []
    # Elements with an id are values that a parameter points to (rpc/encoded).
    calls = [element for element in elements if element.get("id") is None or len(elements) == 1]
    if not elements:
        raise InvalidRequest("The SOAP envelope has no call in its Body.")
    if len(calls) != 1:
        raise InvalidRequest("The SOAP Body must hold exactly one call.")
    element = calls[0]
    if etree.QName(element).namespace == _XML:
        raise InvalidRequest("The name of the call is one of those that belong to XML.")
    marks = (element, bodies[0], envelope)
    return SoapMessage(element, any(mark.get(ENCODING_STYLE) for mark in (*marks, *element)))


@lru_cache(maxsize=64)
def _content_type(content_type: str) -> tuple[bool, str | None]:
    """Return whether a Content-Type is that of attachments, and its charset."""
    mime, options = parse_options_header(content_type)
    return mime.lower().startswith("multipart/"), options.get("charset")


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
    try:
        root = etree.fromstring(_utf8(body, charset), parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise MalformedRequest(f"The request isn't well-formed XML{_position(error)}.") from None
    errors = [error for error in parser.error_log if error.level >= etree.ErrorLevels.ERROR]
    if errors:  # lxml looks at the last one only, which may be a warning
        raise MalformedRequest(f"The request isn't well-formed XML: {errors[0].message[:200]}")
    if root.getroottree().docinfo.doctype:
        raise InvalidRequest("A SOAP message must not have a document type declaration.")
    return root


def _utf8(body: bytes, charset: str | None) -> bytes:
    """Return the document in UTF-8.

    A byte order mark wins over HTTP's charset, which wins over the XML declaration.
    """
    declared = _DECLARED_ENCODING.match(body)
    encoding = "utf-8"
    if marked := next((name for mark, name in _MARKS if body.startswith(mark)), None):
        encoding = marked
    elif charset:
        encoding = charset.strip("'\" ")
    elif declared:
        encoding = declared[1].decode("ascii", "replace")
    try:
        codec = codecs.lookup(encoding).name
    except (LookupError, ValueError):
        codec = ""
    # Python knows more: slow ones (punycode), and some that hide markup (utf-7).
    if not _CODECS.fullmatch(codec):
        raise MalformedRequest(f"Unknown character set {encoding[:40]!r}.")
    try:
        text = body.decode(codec)
    except UnicodeError:
        raise MalformedRequest(f"The request isn't valid {encoding[:40]}.") from None
    return text.removeprefix("\ufeff").encode()


def _position(error: Exception) -> str:
    """Return where the document is malformed; the parser's own message is not for clients."""
    line, column = getattr(error, "position", (0, 0))
    return f" (line {line}, column {column})" if line else ""


def _check_headers(header: Any) -> None:
    """:raises MustUnderstand: for a header that must be understood: none means anything here."""
    for entry in header:
        is_for_us = entry.get(f"{{{SOAP_11}}}actor", _NEXT_ACTOR) in ("", _NEXT_ACTOR)
        if is_for_us and entry.get(f"{{{SOAP_11}}}mustUnderstand", "").strip() in ("1", "true"):
            name = etree.QName(entry).localname[:60]
            raise MustUnderstand(f"The header {name} isn't understood.")
