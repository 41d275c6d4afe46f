"""The street: HTTP routes, limits and headers. Knows the endpoints, not the protocols."""
