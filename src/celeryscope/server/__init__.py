"""The composition root: wires receivers, store, outputs, API and pages, starts and stops them."""

from celeryscope.server.bindings import StartError
from celeryscope.server.root import Server

__all__ = ["Server", "StartError"]
