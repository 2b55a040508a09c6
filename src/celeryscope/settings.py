"""The one table of settings: command line, environment, file and docs are built from it.

A setting `flush_interval` is the option `--flush-interval`, the variable
`CELERYSCOPE_FLUSH_INTERVAL` and the key `flush_interval` of the TOML file, where it is a string
as on the command line. The command line wins over the environment, that over the file, and that
over the default.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated

import tomllib
from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    ValidationInfo,
    field_validator,
)

from celeryscope.address import Address
from celeryscope.naming import Layout, valid_prefix
from celeryscope.store.tiers import Tier, format_duration, parse_duration, parse_retentions

ENV_PREFIX = "CELERYSCOPE_"
_WHOLE = 100
_PERCENTILE = re.compile(r"[+-]?[0-9]{1,3}(\.[0-9]{1,3})?\Z")
# Settings of the worker library alone: workers and server may share one environment.
WORKER_SETTINGS = frozenset({"builtin_tasks", "max_names", "names", "style"})
# What Kubernetes tells of services whose names start with celeryscope.
_SERVICE_LINK = re.compile(
    r"(\w+_)?(SERVICE_HOST|SERVICE_PORT(_\w+)?|PORT_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)="
    r"|(\w+_)?PORT=(tcp|udp|sctp)://"
)


class SettingsError(Exception):
    """A setting is wrong; the message names key, value, source and what is allowed."""


def _text(parse: Callable[[str], object]) -> BeforeValidator:
    """Parse what is a string; `parse` raises ValueError that says what is allowed."""
    return BeforeValidator(lambda value: parse(value) if isinstance(value, str) else value)


def _parse_folder(text: str) -> Path:
    if not text or "\0" in text:
        raise ValueError("allowed is the path of a folder")
    return Path(text)


def _parse_prefix(text: str) -> str:
    if not valid_prefix(text):
        raise ValueError("allowed are letters, digits, '_' and '-', with dots between")
    return text


def _parse_layout(text: str) -> Layout:
    try:
        return Layout(text)
    except ValueError as error:
        raise ValueError(f"allowed is {' or '.join(layout.value for layout in Layout)}") from error


def _parse_percentiles(text: str) -> tuple[float, ...]:
    texts = [part.strip() for part in text.split(",")]
    percentiles = tuple(float(part) for part in texts if _PERCENTILE.match(part))
    if len(percentiles) < len(texts) or not all(0 < abs(one) <= _WHOLE for one in percentiles):
        raise ValueError(
            "allowed are numbers from -100 to 100 but 0, of three decimals at most, "
            "with commas between"
        )
    return percentiles


class Settings(BaseModel):
    """What `celeryscope serve` runs with."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    http: Annotated[Address, _text(Address.parse)] = Field(
        Address("127.0.0.1", 8888), description="Where pages and API are served, as HOST:PORT."
    )
    statsd: Annotated[Address, _text(Address.parse)] = Field(
        Address("127.0.0.1", 8125), description="Where StatsD is received by UDP, as HOST:PORT."
    )
    data: Annotated[Path, _text(_parse_folder)] = Field(
        Path("celeryscope-data"), description="Folder of the store, for one server alone."
    )
    retentions: Annotated[tuple[Tier, ...], _text(parse_retentions)] = Field(
        parse_retentions("10s:2d,1m:30d,10m:2y"),
        description="STEP:RETENTION, finest first; each step a multiple of the one before.",
    )
    flush_interval: Annotated[int, _text(parse_duration)] = Field(
        10,
        description="How often what was received is stored; the finest retention's step or less.",
        validate_default=True,
    )
    prefix: Annotated[str, _text(_parse_prefix)] = Field(
        "celery", description="First path nodes of the workers' series, as the workers have it."
    )
    layout: Annotated[Layout, _text(_parse_layout)] = Field(
        Layout.LEVELS, description="How task names become paths: levels or dotted."
    )
    percentiles: Annotated[tuple[float, ...], _text(_parse_percentiles)] = Field(
        (50.0, 90.0, 95.0, 99.0),
        description="Thresholds that a timer's tree lists; any other can be asked for, too.",
    )

    @field_validator("flush_interval")
    @classmethod
    def _fits_the_finest_step(cls, seconds: int, others: ValidationInfo) -> int:
        tiers: tuple[Tier, ...] | None = others.data.get("retentions")
        if tiers and tiers[0].step % seconds:
            step = format_duration(tiers[0].step)
            raise ValueError(f"allowed is {step}, the finest step of retentions, or a part of it")
        return seconds


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


def shown(value: object) -> str:
    """Return a setting's value as it would be written."""
    match value:
        case Layout():
            return value.value
        case int():
            return format_duration(value)
        case Tier(step, retention):
            return f"{format_duration(step)}:{format_duration(retention)}"
        case float():
            return f"{value:g}"
        case tuple():
            return ",".join(map(shown, value))
        case _:
            return str(value)


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
            example = f'"{shown(Settings.model_fields[key].default)}"'
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


def _unknown(name: str, value: object, source: str, written: Callable[[str], str]) -> SettingsError:
    near = get_close_matches(name.removeprefix(ENV_PREFIX).lower(), Settings.model_fields, n=1)
    hint = f" (did you mean {written(near[0])}?)" if near else ""
    allowed = ", ".join(map(written, Settings.model_fields))
    return SettingsError(
        f"{name} = {value!r} ({source}): not a setting{hint}; allowed are {allowed}"
    )


def _explain(error: ValidationError, found: Mapping[str, _Found]) -> str:
    first = error.errors()[0]
    key = str(first["loc"][0])
    one = found.get(key) or _Found(shown(first["input"]), "default")
    return f"{key} = {one.value!r} ({one.source}): {first['msg'].removeprefix('Value error, ')}"
