"""The service: the contract of the API. Typed methods and records, independent of any protocol."""
