"""Text that was encoded twice is recognised and repaired; other text is left alone."""

from __future__ import annotations

import pytest

from kimai_remote.kimai1 import mojibake

MEANT = ["Müller", "Café ☕", "Łódź", "emoji 😀", "שלום", "“quoted” …", "Ã really"]
#: A five-byte gap of code page 1252 is among the bytes of each.
GAPS = ["Á", "Í", "Ï", "Ð", "Ý"]


def spoil(meant: str) -> str:
    """As MySQL shows UTF-8 that was stored as its latin1."""
    encoded = meant.encode()
    return "".join(
        bytes([byte]).decode("cp1252") if byte not in (0x81, 0x8D, 0x8F, 0x90, 0x9D) else chr(byte)
        for byte in encoded
    )


@pytest.mark.parametrize("meant", MEANT + GAPS)
def test_repair(meant: str) -> None:
    once = spoil(meant)
    assert once != meant
    assert mojibake.is_double_encoded(once)
    assert mojibake.repair(once) == meant
    assert mojibake.repair(spoil(once)) == meant


@pytest.mark.parametrize("meant", ["", "plain", "Müller", "½ ‰", "é", "naïve 😀"])
def test_right_text_stays(meant: str) -> None:
    assert not mojibake.is_double_encoded(meant)
    assert mojibake.repair(meant) == meant
