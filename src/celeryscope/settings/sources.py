"""Where settings come from.

The command line wins over the environment, that over the TOML file, and that over the default.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

import tomllib
from pydantic import ValidationError

from celeryscope.settings.table import Settings, written_default

ENV_PREFIX = "CELERYSCOPE_"
# Settings of the worker library alone: workers and server may share one environment.
WORKER_SETTINGS = frozenset({"builtin_tasks", "max_names", "names", "style"})
# What Kubernetes tells of services whose names start with celeryscope.
_SERVICE_LINK = re.compile(
    r"(\w+_)?(SERVICE_HOST|SERVICE_PORT(_\w+)?|PORT_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)="
    r"|(\w+_)?PORT=(tcp|udp|sctp)://"
)


class SettingsError(Exception):
    """A setting is wrong; the message names key, value, source and what is allowed."""


def load_settings(
    options: Mapping[str, str],
    environ: Mapping[str, str],
    config: Path | None = None,
    defaults: Mapping[str, str] | None = None,
) -> Settings:
    """Merge command line, environment, file and defaults into settings.

    `options` holds what the command line gave; `defaults` replaces the table's own.

    Raises:
        SettingsError: A key is unknown or a value is not allowed.
    """
    found = {key: _Found(value, "default") for key, value in (defaults or {}).items()}
    variable = variable_name("config")
    if config is not None:
        found |= _from_file(config, option_name("config"))
    elif environ.get(variable):
        found |= _from_file(Path(environ[variable]), variable)
    found |= _from_environment(environ)
    found |= {key: _Found(value, option_name(key)) for key, value in options.items()}
    try:
        return Settings.model_validate({key: one.value for key, one in found.items()})
    except ValidationError as error:
        raise SettingsError(_explain(error, found)) from error


def option_name(key: str) -> str:
    return f"--{key.replace('_', '-')}"


def variable_name(key: str) -> str:
    return f"{ENV_PREFIX}{key.upper()}"


@dataclass(frozen=True, slots=True)
class _Found:
    value: str
    source: str


def _from_file(path: Path, source: str) -> dict[str, _Found]:
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise SettingsError(
            f"config = {str(path)!r} ({source}): {error.strerror}; allowed is a TOML file"
        ) from error
    except ValueError as error:
        raise SettingsError(
            f"config = {str(path)!r} ({source}): {error}; allowed is a TOML file"
        ) from error
    found = {}
    for key, value in table.items():
        if key not in Settings.model_fields:
            raise _unknown(key, value, str(path), str)
        if not isinstance(value, str):
            example = f'"{written_default(key)}"'
            raise SettingsError(f"{key} = {value!r} ({path}): allowed is a string, as in {example}")
        found[key] = _Found(value, str(path))
    return found


def _from_environment(environ: Mapping[str, str]) -> dict[str, _Found]:
    keys = {variable_name(key): key for key in Settings.model_fields}
    ignored = {variable_name(key) for key in ("config", *WORKER_SETTINGS)}
    found = {}
    for name, value in environ.items():
        if name in keys:
            found[keys[name]] = _Found(value, name)
        elif name.startswith(ENV_PREFIX) and name not in ignored and not _is_link(name, value):
            raise _unknown(name, value, "the environment", variable_name)
    return found


def _is_link(name: str, value: str) -> bool:
    return _SERVICE_LINK.match(f"{name.removeprefix(ENV_PREFIX)}={value}") is not None


def _unknown(name: str, value: object, source: str, spelled: Callable[[str], str]) -> SettingsError:
    near = get_close_matches(name.removeprefix(ENV_PREFIX).lower(), Settings.model_fields, n=1)
    hint = f" (did you mean {spelled(near[0])}?)" if near else ""
    allowed = ", ".join(map(spelled, Settings.model_fields))
    return SettingsError(
        f"{name} = {value!r} ({source}): not a setting{hint}; allowed are {allowed}"
    )


def _explain(error: ValidationError, found: Mapping[str, _Found]) -> str:
    first = error.errors()[0]
    key = str(first["loc"][0])
    one = found.get(key) or _Found(written_default(key), "default")
    return f"{key} = {one.value!r} ({one.source}): {first['msg'].removeprefix('Value error, ')}"
