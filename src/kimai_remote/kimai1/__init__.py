"""Databases of Kimai 1: reading its settings, inspecting, importing, and going back."""
