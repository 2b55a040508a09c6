"""The one setting that the listing reads: its port is fixed, so tests give it an address."""

import os
from types import SimpleNamespace

settings = SimpleNamespace(GRAPHITE_HOST=os.environ.get("GRAPHITE_HOST", "127.0.0.1"))
