"""The encoding of a request whose statements about it differ."""

from __future__ import annotations

import pytest

from kimai_remote.errors import MalformedRequest
from kimai_remote.protocols.soap_envelope import parse

TEXT = "Jürgen"


def read(sent: str, declared: str, charset: str) -> str:
    """Return the text of a document that was sent in an encoding."""
    declaration = f'<?xml version="1.0" encoding="{declared}"?>' if declared else ""
    content_type = f"text/xml; charset={charset}" if charset else "text/xml"
    return str(parse(f"{declaration}<a>{TEXT}</a>".encode(sent), content_type).text)


@pytest.mark.parametrize(
    ("sent", "declared", "charset"),
    [
        ("utf-8", "utf-8", "iso-8859-1"),
        ("utf-8", "iso-8859-1", "utf-8"),
        ("utf-8", "us-ascii", "utf-8"),
        ("utf-8", "utf-8", "us-ascii"),
        ("utf-8", "utf-16", "utf-16"),
        ("utf-8", "", "us-ascii"),
        ("utf-8", "bogus", "utf-8"),
        ("utf-8", "utf-8", "bogus" * 10),
        ("utf-8-sig", "iso-8859-1", "iso-8859-1"),
        ("utf-8-sig", "bogus", "iso-8859-1"),
        ("iso-8859-1", "utf-8", "iso-8859-1"),
        ("iso-8859-1", "iso-8859-1", "utf-8"),
        ("iso-8859-1", "", "iso-8859-1"),
        ("cp1250", "cp1250", "us-ascii"),
        ("utf-16", "utf-8", "utf-8"),
        ("utf-16-le", "utf-8", "iso-8859-1"),
        ("utf-16-be", "bogus", "utf-8"),
    ],
)
def test_the_bytes_decide(sent: str, declared: str, charset: str) -> None:
    assert read(sent, declared, charset) == TEXT


@pytest.mark.parametrize(
    ("sent", "declared", "charset", "error"),
    [
        ("iso-8859-1", "utf-8", "", "isn't valid utf-8"),
        ("iso-8859-1", "", "", "isn't valid utf-8"),
        ("iso-8859-1", "us-ascii", "utf-8", "isn't valid utf-8"),
        ("utf-8", "", "bogus", "Unknown character set 'bogus'"),
        ("utf-8", "utf-7", "", "Unknown character set 'utf-7'"),
    ],
)
def test_what_is_refused(sent: str, declared: str, charset: str, error: str) -> None:
    with pytest.raises(MalformedRequest, match=error):
        read(sent, declared, charset)
