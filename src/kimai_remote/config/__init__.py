"""Settings of the service: what there are (:mod:`.settings`), and where they are read from
(:mod:`.sources`)."""

from .facts import Facts
from .settings import PREFIX, Settings
from .sources import Configuration, Source, load, nearest

__all__ = ["PREFIX", "Configuration", "Facts", "Settings", "Source", "load", "nearest"]
