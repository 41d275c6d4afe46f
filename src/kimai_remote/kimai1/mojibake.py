"""Text that was encoded twice: UTF-8 bytes that a program took for Latin-1 ("MÃ¼ller").

Kimai's early versions wrote UTF-8 over connections that MySQL took for its ``latin1``.
"""

from __future__ import annotations

#: MySQL's latin1 is Windows' code page 1252 with its five gaps filled by control characters.
_GAPS = {chr(code): code for code in (0x81, 0x8D, 0x8F, 0x90, 0x9D)}
_BYTES = {
    **{bytes([code]).decode("cp1252"): code for code in range(256) if chr(code) not in _GAPS},
    **_GAPS,
}
#: Times that text may have been encoded again.
_MAX_ROUNDS = 3


def repair(text: str) -> str:
    """Return the text as it was before it was encoded again; unchanged if it was encoded once."""
    for _ in range(_MAX_ROUNDS):
        if text.isascii():
            break
        try:
            text = bytes([_BYTES[character] for character in text]).decode("utf-8")
        except (KeyError, UnicodeDecodeError):
            break
    return text


def is_double_encoded(text: str) -> bool:
    """Whether :func:`repair` changes the text."""
    return not text.isascii() and repair(text) != text
