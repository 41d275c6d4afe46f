"""The hall: bytes to typed objects and back. No protocol knows a method by its name."""

from .. import _compat  # noqa: F401  (before the first import of Spyne)
