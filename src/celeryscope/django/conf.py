"""celeryscope's part of a Django project's settings.

CELERYSCOPE = {"STATSD": "statsd:8125", "PREFIX": "shop"}

or, one by one, CELERYSCOPE_STATSD = "statsd:8125". They are what `instrument` would be given.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from celeryscope.worker.settings import OPTIONS, SettingError, parsed, variable_name

TABLE = "CELERYSCOPE"
_SINGLE = f"{TABLE}_"


@dataclass(frozen=True)
class Found:
    """A value in the project's settings: what it is for, and where it stands."""

    key: str
    source: str
    value: object

    @property
    def known(self) -> bool:
        return self.key in OPTIONS


def found_in(settings: object) -> list[Found]:
    """Return all that is there for us; what stands in the table comes first."""
    return [*_in_table(settings), *_single(settings)]


def given(settings: object) -> dict[str, object]:
    """Return what `instrument` is to be given, by name."""
    return {one.key: one.value for one in reversed(found_in(settings)) if one.known}


def problems(settings: object, environ: Mapping[str, str]) -> list[SettingError]:
    """Return one error for each value that is not allowed, in the settings or the environment."""
    table = getattr(settings, TABLE, {})
    if not isinstance(table, Mapping):
        return [SettingError(f"{TABLE} is {table!r} in the Django settings", "a dict")]
    variables = {name: environ.get(variable_name(name)) for name in OPTIONS}
    values = [(one.key, one.value, one.source) for one in found_in(settings) if one.known]
    values += [
        (name, value, f"the environment variable {variable_name(name)}")
        for name, value in variables.items()
    ]
    return [error for one in values if (error := _error(*one))]


def _in_table(settings: object) -> Iterator[Found]:
    table = getattr(settings, TABLE, {})
    for key, value in table.items() if isinstance(table, Mapping) else ():
        yield Found(str(key).lower(), f"{TABLE}[{key!r}]", value)


def _single(settings: object) -> Iterator[Found]:
    for name in dir(settings):
        if name.startswith(_SINGLE):
            key = name.removeprefix(_SINGLE).lower()
            yield Found(key, f"the Django setting {name}", getattr(settings, name))


def _error(key: str, value: object, source: str) -> SettingError | None:
    if value is None:
        return None
    try:
        parsed(key, value, source)
    except SettingError as error:
        return error
    return None
