"""The one table of settings: command line, environment, file and docs are built from it.

A setting `flush_interval` is the option `--flush-interval`, the variable
`CELERYSCOPE_FLUSH_INTERVAL` and the key `flush_interval` of the TOML file. The command line wins
over the environment, that over the file, and that over the default.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Self

import tomllib
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from celeryscope.address import Address
from celeryscope.naming import Layout, valid_prefix
from celeryscope.store.tiers import Tier, format_duration, parse_duration, parse_retentions

ENV_PREFIX = "CELERYSCOPE_"


class SettingsError(Exception):
    """A setting is wrong; the message names key, value, source and what is allowed."""


def _text(parse: Callable[[str], object]) -> BeforeValidator:
    return BeforeValidator(lambda value: parse(value) if isinstance(value, str) else value)


def _parse_prefix(text: str) -> str:
    if not valid_prefix(text):
        raise ValueError("allowed are letters, digits, '_' and '-', with dots between")
    return text


def _parse_percentiles(text: str) -> tuple[float, ...]:
    percentiles = tuple(float(part) for part in text.split(","))
    if not all(-100 <= percentile <= 100 and percentile for percentile in percentiles):  # noqa: PLR2004
        raise ValueError("allowed are numbers up to 100, with commas between")
    return percentiles


class Settings(BaseModel):
    """What `celeryscope serve` runs with."""

    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)

    http: Annotated[Address, _text(Address.parse)] = Field(
        Address("127.0.0.1", 8888), description="Where pages and API are served, as HOST:PORT."
    )
    statsd: Annotated[Address, _text(Address.parse)] = Field(
        Address("127.0.0.1", 8125), description="Where StatsD is received by UDP, as HOST:PORT."
    )
    data: Path = Field(
        Path("celeryscope-data"), description="Folder of the store, for one server alone."
    )
    flush_interval: Annotated[int, _text(parse_duration)] = Field(
        10,
        description="How often what was received is stored; the finest retention's step or less.",
    )
    retentions: Annotated[tuple[Tier, ...], _text(parse_retentions)] = Field(
        parse_retentions("10s:2d,1m:30d,10m:2y"),
        description="STEP:RETENTION, finest first; each step a multiple of the one before.",
    )
    prefix: Annotated[str, _text(_parse_prefix)] = Field(
        "celery", description="First path nodes of the workers' series, as the workers have it."
    )
    layout: Layout = Field(
        Layout.LEVELS, description="How task names become paths: levels or dotted."
    )
    percentiles: Annotated[tuple[float, ...], _text(_parse_percentiles)] = Field(
        (50.0, 90.0, 95.0, 99.0),
        description="Thresholds that a timer's tree lists; any other can be asked for, too.",
    )

    @model_validator(mode="after")
    def _flushes_fit_the_finest_step(self) -> Self:
        step = self.retentions[0].step
        if step % self.flush_interval:
            raise ValueError(
                f"flush_interval = '{format_duration(self.flush_interval)}' does not fit the "
                f"finest step of retentions, {format_duration(step)}; allowed is a whole part of it"
            )
        return self


def load_settings(
    options: Mapping[str, object],
    environ: Mapping[str, str],
    config: Path | None = None,
    defaults: Mapping[str, object] | None = None,
) -> Settings:
    """Merge command line, environment, file and defaults into settings.

    `options` holds what the command line gave; `defaults` replaces the table's own.

    Raises:
        SettingsError: A key is unknown or a value is not allowed.
    """
    if config is None and environ.get(f"{ENV_PREFIX}CONFIG"):
        config = Path(environ[f"{ENV_PREFIX}CONFIG"])
    found = {key: _Found(value, "default") for key, value in (defaults or {}).items()}
    if config is not None:
        found |= _from_file(config)
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
    value: object
    source: str


def _from_file(path: Path) -> dict[str, _Found]:
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise SettingsError(
            f"config = {str(path)!r} cannot be read ({error.strerror}); allowed is a TOML file"
        ) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"config = {str(path)!r} is not TOML: {error}") from error
    for key, value in table.items():
        _check_known(key, key, value, str(path))
    return {key: _Found(value, str(path)) for key, value in table.items()}


def _from_environment(environ: Mapping[str, str]) -> dict[str, _Found]:
    found = {}
    for name, value in environ.items():
        key = name.removeprefix(ENV_PREFIX)
        if key in (name, "CONFIG") or _is_service_link(key):
            continue
        _check_known(key.lower(), name, value, "the environment")
        found[key.lower()] = _Found(value, name)
    return found


def _is_service_link(key: str) -> bool:
    """Tell variables that Kubernetes sets for a service that is called celeryscope."""
    return key == "PORT" or key.startswith(("PORT_", "SERVICE_"))


def _check_known(key: str, written: str, value: object, source: str) -> None:
    if key not in Settings.model_fields:
        near = get_close_matches(key, Settings.model_fields, n=1)
        hint = f" (did you mean {near[0]}?)" if near else ""
        allowed = ", ".join(Settings.model_fields)
        raise SettingsError(
            f"{written} = {value!r} in {source} is not a setting{hint}; allowed are {allowed}"
        )


def _explain(error: ValidationError, found: Mapping[str, _Found]) -> str:
    first = error.errors()[0]
    message = first["msg"].removeprefix("Value error, ")
    if not first["loc"]:
        return message
    key = str(first["loc"][0])
    one = found[key]
    return f"{key} = {one.value!r} ({one.source}): {message}"
