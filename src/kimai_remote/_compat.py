"""Make Spyne 2.14 importable on Python 3.12 and later.

Spyne vendors an old ``six`` whose lazy importer Python 3.12 no longer understands, and imports
``cgi``, which Python 3.13 removed. Both are cured by registering the few modules Spyne asks for
before its first import. Every module of this package that imports Spyne imports this one first.
"""

from __future__ import annotations

import collections.abc
import email.message
import http.cookies
import importlib.util
import sys
import types
import urllib.error
import urllib.parse
import urllib.request


def _parse_header(line: str) -> tuple[str, dict[str, str]]:
    """Split a header such as ``text/xml; charset=utf-8`` like ``cgi.parse_header`` did."""
    message = email.message.Message()
    message["content-type"] = line
    pairs = message.get_params(failobj=[(line, "")])
    return pairs[0][0], dict(pairs[1:])


def install() -> None:
    """Register the modules Spyne needs. Harmless when called again."""
    prefix = "spyne.util.six.moves"
    if prefix not in sys.modules:
        moves = types.ModuleType(prefix)
        moves.collections_abc = collections.abc  # type: ignore[attr-defined]
        moves.http_cookies = http.cookies  # type: ignore[attr-defined]
        moves.urllib = urllib  # type: ignore[attr-defined]
        moves.zip_longest = __import__("itertools").zip_longest  # type: ignore[attr-defined]
        sys.modules[prefix] = moves
        sys.modules[f"{prefix}.collections_abc"] = collections.abc
        sys.modules[f"{prefix}.http_cookies"] = http.cookies
        sys.modules[f"{prefix}.urllib"] = urllib
        sys.modules[f"{prefix}.urllib.parse"] = urllib.parse
        sys.modules[f"{prefix}.urllib.request"] = urllib.request
        sys.modules[f"{prefix}.urllib.error"] = urllib.error
    if "cgi" not in sys.modules and importlib.util.find_spec("cgi") is None:
        cgi = types.ModuleType("cgi")
        cgi.parse_header = _parse_header  # type: ignore[attr-defined]
        sys.modules["cgi"] = cgi

    import spyne.const

    # Spyne would run a full garbage collection inside every request otherwise.
    spyne.const.MIN_GC_INTERVAL = float("inf")


install()
