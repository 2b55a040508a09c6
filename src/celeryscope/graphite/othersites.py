"""Tells whether a browser sends a request for a page of another site.

Such a page can have any browser that reaches the server post to it, cookies or not. Browsers say
so in `Sec-Fetch-Site`, but only to servers on HTTPS or on their own machine, and in `Origin` to
all. Programs send neither.
"""

from collections.abc import Mapping
from urllib.parse import urlsplit

from celeryscope.graphite.errors import ForbiddenError, shown

_OWN_SITES = {"same-origin", "none"}


def refuse_other_sites(headers: Mapping[str, str]) -> None:
    """Refuse a request that a page of another site makes; `headers` have lower-case names.

    Raises:
        ForbiddenError: It is one.
    """
    if site := headers.get("sec-fetch-site"):
        if site not in _OWN_SITES:
            raise ForbiddenError(f"Sec-Fetch-Site is {shown(site)}; allowed is none or {_FIX}")
    elif (origin := headers.get("origin")) and urlsplit(origin).netloc != headers.get("host"):
        raise ForbiddenError(f"Origin is {shown(origin)}; allowed is none or {_FIX}")


_FIX = "the server's own: send it from a program, not from a page of another site"
