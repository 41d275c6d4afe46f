"""Settings of the service (:mod:`.settings`), and where they come from (:mod:`.loading`)."""

from .loading import Configuration, Source, did_you_mean, load, load_settings
from .settings import PREFIX, SettingInfo, Settings

__all__ = [
    "PREFIX",
    "Configuration",
    "SettingInfo",
    "Settings",
    "Source",
    "did_you_mean",
    "load",
    "load_settings",
]
