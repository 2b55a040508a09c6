"""The one table of settings: command line, environment, file and docs are built from it."""

from celeryscope.settings.sources import (
    WORKER_SETTINGS,
    SettingsError,
    load_settings,
    option_name,
    variable_name,
)
from celeryscope.settings.table import Settings, is_switch, written, written_default

__all__ = [
    "WORKER_SETTINGS",
    "Settings",
    "SettingsError",
    "is_switch",
    "load_settings",
    "option_name",
    "variable_name",
    "written",
    "written_default",
]
