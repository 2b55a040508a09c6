"""celeryscope: what all your Celery tasks are doing, now and over years."""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from celeryscope.worker.instrumentation import instrument

__version__ = "0.1.0"
__all__ = ["__version__", "instrument"]


def __getattr__(name: str) -> object:
    # The server imports this package too, and has no use for Celery.
    if name == "instrument":
        return import_module("celeryscope.worker.instrumentation").instrument
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
