"""Instruments the current Celery app when imported: `celery -A proj worker -I celeryscope.auto`.

Settings come from `app.conf` and the environment. An app that calls `instrument` itself keeps its
arguments.
"""

from celery.app import app_or_default

from celeryscope.worker.instrumentation import instrument_unless_done

instrument_unless_done(app_or_default())
