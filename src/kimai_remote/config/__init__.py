"""Settings of the service: what there are (:mod:`.settings`), and where they are read from
(:mod:`.sources`)."""

from .loading import Configuration, Source, load, nearest
from .settings import PREFIX, Facts, Settings

__all__ = ["PREFIX", "Configuration", "Facts", "Settings", "Source", "load", "nearest"]
