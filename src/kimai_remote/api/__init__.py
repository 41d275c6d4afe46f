"""The API: its typed methods and records, independent of any protocol."""
