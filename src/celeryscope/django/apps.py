"""The Django app: `INSTALLED_APPS = [..., "celeryscope.django"]`."""

import logging
import os

from celery import Celery
from celery._state import connect_on_app_finalize
from celery.app import app_or_default
from django.apps import AppConfig
from django.conf import settings
from django.core.checks import register

from celeryscope.django.checks import check_settings
from celeryscope.django.conf import given, problems
from celeryscope.worker.instrumentation import instrument_unless_done
from celeryscope.worker.settings import SettingError

_logger = logging.getLogger("celeryscope")


class CeleryscopeConfig(AppConfig):
    """Instruments the project's Celery app, whether it exists by now or comes later."""

    name = "celeryscope.django"
    label = "celeryscope"
    verbose_name = "celeryscope"

    def ready(self) -> None:
        register(check_settings)
        found = problems(settings, os.environ)
        for error in found:
            _logger.error("%s: nothing is sent", error)
        if not found:
            _instrument(app_or_default())
            connect_on_app_finalize(_instrument)


def _instrument(app: Celery) -> None:
    try:
        instrument_unless_done(app, given(settings))
    except SettingError:
        _logger.exception("celeryscope sends nothing for %r", app)
