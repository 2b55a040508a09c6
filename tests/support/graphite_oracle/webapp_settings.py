"""Settings of graphite-web for the oracle: everything in memory, nothing cached."""

import inspect
import os
import tempfile
from typing import Any

SECRET_KEY = "the oracle answers nobody else"
ALLOWED_HOSTS = ["*"]
TIME_ZONE = "UTC"
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}}
STORAGE_FINDERS = ["memory_finder.MemoryFinder"]
TAGDB = "graphite.tags.localdatabase.LocalDatabaseTagDB"
USE_WORKER_POOL = False
LOG_FILE_INFO = LOG_FILE_EXCEPTION = LOG_FILE_CACHE = LOG_FILE_RENDERING = "-"
FIND_CACHE_DURATION = TAGDB_CACHE_DURATION = DEFAULT_CACHE_DURATION = 0
GRAPHITE_ROOT = STORAGE_DIR = CONF_DIR = LOG_DIR = tempfile.gettempdir()
INDEX_FILE = os.devnull


def _argument_names(function: Any) -> Any:  # noqa: ANN401 -- what Python 3.10 had was as loose
    found = inspect.getfullargspec(function)
    return found.args, found.varargs, found.varkw, found.defaults


def _signature(args: Any, varargs: Any, varkw: Any, defaults: Any) -> str:  # noqa: ANN401
    first_default = len(args) - len(defaults or ())
    shown = [*args[:first_default]]
    shown += [f"{n}={v!r}" for n, v in zip(args[first_default:], defaults or (), strict=True)]
    shown += [f"*{varargs}"] * bool(varargs) + [f"**{varkw}"] * bool(varkw)
    return f"({', '.join(shown)})"


# `/functions` calls them; Python 3.11 has them no more.
inspect.getargspec = _argument_names  # type: ignore[attr-defined]
inspect.formatargspec = _signature  # type: ignore[attr-defined]
