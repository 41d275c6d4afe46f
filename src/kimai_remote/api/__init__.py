"""The service: the contract of the API. Typed methods and records, independent of any protocol."""

from .. import _compat  # noqa: F401  (before the first import of Spyne)
