"""One module a version. A published one is never changed: it is history."""
