"""What holds for all tests."""

from hypothesis import settings

# How long one example takes says nothing on a machine that does other work, too.
settings.register_profile("no deadline", deadline=None)
settings.load_profile("no deadline")
