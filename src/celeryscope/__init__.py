"""celeryscope: what all your Celery tasks are doing, now and over years."""

__version__ = "0.1.0"
