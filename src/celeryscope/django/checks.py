"""System checks: what `manage.py check` says of celeryscope's settings."""

import os
from collections.abc import Mapping, Sequence
from difflib import get_close_matches

from django.apps import AppConfig
from django.conf import settings
from django.core import checks

from celeryscope.django.conf import Found, found_in, problems
from celeryscope.worker.settings import OPTIONS


def check_settings(
    app_configs: Sequence[AppConfig] | None, **_: object
) -> list[checks.CheckMessage]:
    """Return an Error for each value that is not allowed, a Warning for each unknown key."""
    if app_configs is not None and all(one.label != "celeryscope" for one in app_configs):
        return []
    return messages(settings, os.environ)


def messages(settings: object, environ: Mapping[str, str]) -> list[checks.CheckMessage]:
    """Return what is to be said of these settings and of the environment."""
    errors = [
        checks.Error(
            f"{error.problem}.", hint=f"Allowed is {error.allowed}.", id="celeryscope.E001"
        )
        for error in problems(settings, environ)
    ]
    return errors + [_unknown(one) for one in found_in(settings) if not one.known]


def _unknown(found: Found) -> checks.CheckMessage:
    near = get_close_matches(found.key, OPTIONS, n=1)
    hint = f"Did you mean {near[0].upper()}?" if near else f"Known are {_known()}."
    return checks.Warning(
        f"celeryscope knows no setting {found.key.upper()}: {found.source}.",
        hint=hint,
        id="celeryscope.W001",
    )


def _known() -> str:
    return ", ".join(name.upper() for name in OPTIONS)
