"""Settings of the service (:mod:`.settings`), and where they come from (:mod:`.loading`)."""

from .loading import Configuration, Source, UnknownSetting, load, load_settings, similar
from .settings import PREFIX, SettingInfo, Settings

__all__ = [
    "PREFIX",
    "Configuration",
    "SettingInfo",
    "Settings",
    "Source",
    "UnknownSetting",
    "load",
    "load_settings",
    "similar",
]
