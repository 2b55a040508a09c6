"""What can be wrong with a request, said in one line that names it and what is allowed."""

_SHOWN = 120


class RequestError(Exception):
    """A client asked for something wrong; the message is the answer it gets."""


class NotFoundError(RequestError):
    """A client asked for one thing by its name, and there is none of it."""


class ForbiddenError(RequestError):
    """A client may not do what it asks for."""


class NotSupportedError(RequestError):
    """A client asked for what graphite-web does, and this server never will."""


class NotInstalledError(RequestError):
    """A client asked for what needs a package that the server does not have."""


class TargetError(RequestError):
    """A target is wrong at a character, counted from 0."""

    def __init__(self, target: str, at: int, why: str) -> None:
        super().__init__(f"target {shown(target)} is wrong at character {at}: {why}")
        self.at = at


class ArgumentError(Exception):
    """A function cannot work with an argument; `at` is where in the target, if that is known."""

    def __init__(self, why: str, at: int | None = None) -> None:
        super().__init__(why)
        self.at = at


class RefusedError(Exception):
    """A parameter does not accept an argument."""


def shown(value: object) -> str:
    """Return a client's value in quotes, as one short line."""
    return _short(repr(value))


def one_line(text: str) -> str:
    """Return a piece of a target as one short line."""
    return _short(" ".join(text.split()))


def _short(text: str) -> str:
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."
