"""All that a request passes before the application, in its order."""

from collections.abc import Sequence
from dataclasses import dataclass

from starlette.types import ASGIApp

from celeryscope.access.forwarded import Forwarded, Network
from celeryscope.access.guard import Guard
from celeryscope.access.headers import SecurityHeaders
from celeryscope.access.health import Probes, Reasons
from celeryscope.access.hosts import Hosts
from celeryscope.access.keyring import AccessFile
from celeryscope.access.methods import Methods
from celeryscope.access.rootpath import RootPath


@dataclass(frozen=True, slots=True)
class Rules:
    """Where a server stands, and whom it believes; `is_loopback` tells of the address it binds."""

    is_loopback: bool = True
    root_path: str = ""
    file: AccessFile | None = None
    trusted_proxies: Sequence[Network] = ()
    user_header: str = ""
    allowed_hosts: Sequence[str] = ()
    embed_origins: Sequence[str] = ()

    @property
    def asks_who(self) -> bool:
        """Whether strangers are kept out."""
        return self.file is not None or bool(self.user_header)

    @property
    def checks_host(self) -> bool:
        """Whether only some names are answered; a proxy that is believed may stand on loopback."""
        return self.is_loopback or bool(self.allowed_hosts or self.user_header)


def entrance(app: ASGIApp, rules: Rules, reasons: Reasons) -> ASGIApp:
    """Return the application behind its entrance; `reasons` say why it is not ready."""
    app = Methods(app)
    if rules.asks_who:
        app = Guard(app, rules.file, rules.user_header)
    if rules.checks_host:
        app = Hosts(app, rules.allowed_hosts, loopback_only=rules.is_loopback)
    app = Forwarded(app, rules.trusted_proxies, rules.user_header)
    app = Probes(app, reasons)
    app = RootPath(app, rules.root_path)
    return SecurityHeaders(app, rules.embed_origins)
