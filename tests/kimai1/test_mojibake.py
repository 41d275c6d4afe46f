"""Text that was encoded twice is recognised and repaired; other text is left alone."""

from __future__ import annotations

import pytest

from kimai_remote.kimai1 import mojibake

ORIGINALS = ["Müller", "Café ☕", "Łódź", "emoji 😀", "שלום", "“quoted” …", "Ã really"]
#: A five-byte gap of code page 1252 is among the bytes of each.
GAPS = ["Á", "Í", "Ï", "Ð", "Ý"]


def spoil(original: str) -> str:
    """As MySQL shows UTF-8 that was stored as its latin1."""
    encoded = original.encode()
    return "".join(
        bytes([byte]).decode("cp1252") if byte not in (0x81, 0x8D, 0x8F, 0x90, 0x9D) else chr(byte)
        for byte in encoded
    )


@pytest.mark.parametrize("original", ORIGINALS + GAPS)
def test_repair(original: str) -> None:
    once = spoil(original)
    assert once != original
    assert mojibake.is_double_encoded(once)
    assert mojibake.repair(once) == original
    assert mojibake.repair(spoil(once)) == original


@pytest.mark.parametrize("original", ["", "plain", "Müller", "½ ‰", "é", "naïve 😀"])
def test_right_text_stays(original: str) -> None:
    assert not mojibake.is_double_encoded(original)
    assert mojibake.repair(original) == original
