"""Protocols: bytes to typed values and back. None knows a method by name."""

from .. import _compat  # noqa: F401  (before the first import of Spyne)
