"""The server's entrance as the settings want it, and what they say that is unwise."""

import logging
from collections.abc import Iterable

from starlette.routing import BaseRoute

from celeryscope.access.entrance import Rules
from celeryscope.access.entries import BadAccessError
from celeryscope.access.health import HEALTH, READINESS
from celeryscope.access.keyring import AccessFile
from celeryscope.server.bindings import StartError
from celeryscope.settings import Settings, option_name

_LOGGER = logging.getLogger(__name__)


def rules_of(settings: Settings) -> Rules:
    """Return what the settings want of each request.

    Raises:
        StartError: They contradict each other, or the access file cannot be used.
    """
    if settings.user_header and not settings.trusted_proxies:
        raise StartError(
            f"user_header = '{settings.user_header}' is believed from trusted_proxies alone, and "
            f"there are none; allowed is nothing, or {option_name('trusted_proxies')} 127.0.0.1"
        )
    return Rules(
        is_loopback=settings.http.is_loopback,
        root_path=settings.root_path,
        file=_access_file(settings),
        trusted_proxies=settings.trusted_proxies,
        user_header=settings.user_header,
        allowed_hosts=settings.allowed_hosts,
        embed_origins=settings.embed_origins,
    )


def _access_file(settings: Settings) -> AccessFile | None:
    try:
        return AccessFile(settings.access_file) if settings.access_file else None
    except BadAccessError as error:
        raise StartError(
            f"{error}; allowed is a file that `celeryscope access add-user` made"
        ) from error


def refuse_ambiguous_root(root_path: str, routes: Iterable[BaseRoute]) -> None:
    """Refuse a root path that is an address of our own: a request's path could mean either.

    Raises:
        StartError: It is one.
    """
    ours = [str(getattr(route, "path", "")) for route in routes] + [HEALTH, READINESS]
    taken = {path.split("/")[1] for path in ours} - {""}
    if root_path and root_path.split("/")[1] in taken:
        raise StartError(
            f"root_path = '{root_path}' begins as an address of the server's own; "
            f"allowed is another name, as in {option_name('root_path')} /celery"
        )


def warn_of_strangers(settings: Settings, rules: Rules) -> None:
    """Say once what everybody who reaches the server can see."""
    if not settings.http.is_loopback and not rules.asks_who:
        _LOGGER.warning(
            "http = %s is open to whoever reaches it, without a password: set access_file, or "
            "trusted_proxies and user_header, or let http be a loopback address",
            settings.http,
        )
