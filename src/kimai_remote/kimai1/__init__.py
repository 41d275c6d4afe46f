"""Kimai 1 as others run it: reading its settings, looking at its database, copying it."""
