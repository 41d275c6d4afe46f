"""HTTP: routing, limits, headers, health, metrics and the console."""
