"""The Django app: `INSTALLED_APPS = [..., "celeryscope.django"]`."""

import logging
import os

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import register

from celeryscope.django.checks import check_settings
from celeryscope.django.conf import given, problems
from celeryscope.worker.instrumentation import instrument_all


class CeleryscopeConfig(AppConfig):
    """Instruments the project's Celery app, which may come to be before or after Django is ready.

    A value that is not allowed is an Error of the system checks; a site that runs in spite of it
    runs without metrics.
    """

    name = "celeryscope.django"
    label = "celeryscope"
    verbose_name = "celeryscope"

    def ready(self) -> None:
        register(check_settings)
        errors = problems(settings, os.environ)
        for error in errors:
            logging.getLogger("celeryscope").error("%s: nothing is sent", error)
        if not errors:
            instrument_all(given(settings))
