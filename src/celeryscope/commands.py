"""The command line's commands; their options come from the table of settings."""

import logging
import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NoReturn, TypeVar

import click

from celeryscope import __version__
from celeryscope.access_commands import access
from celeryscope.demo.run import DEFAULTS as DEMO_DEFAULTS
from celeryscope.demo.run import DemoError, demo_folder, run_demo
from celeryscope.grafana_commands import dashboards
from celeryscope.server import Server, StartError
from celeryscope.server.logs import log_handler
from celeryscope.settings import (
    Settings,
    SettingsError,
    is_switch,
    load_settings,
    option_name,
    variable_name,
    written,
    written_default,
)
from celeryscope.store.tiers import parse_duration
from celeryscope.store_commands import store

_USAGE = 2
_CONTEXT = {"help_option_names": ["-h", "--help"], "max_content_width": 100}

Command = TypeVar("Command", bound=Callable[..., None])


def _setting_options(defaults: Mapping[str, str]) -> Callable[[Command], Command]:
    def add(command: Command) -> Command:
        for key, field in reversed(Settings.model_fields.items()):
            default = defaults.get(key, written_default(key)) or "none"
            text = f"{field.description}  [env: {variable_name(key)}; default: {default}]"
            command = _setting_option(key, text)(command)
        return click.option(
            "--config",
            type=click.Path(path_type=Path),
            help="A TOML file of settings.  [env: CELERYSCOPE_CONFIG]",
        )(command)

    return add


def _setting_option(key: str, text: str) -> Callable[[Command], Command]:
    if is_switch(key):
        both = f"{option_name(key)}/{option_name(f'no_{key}')}"
        return click.option(both, key, default=None, help=text)
    return click.option(option_name(key), key, metavar="VALUE", help=text)


@click.group(context_settings=_CONTEXT)
@click.version_option(__version__, prog_name="celeryscope")
def celeryscope() -> None:
    """See what all your Celery tasks are doing, now and over years."""
    logging.basicConfig(level=logging.INFO, handlers=[log_handler(sys.stderr, os.environ)])
    logging.getLogger("uvicorn").setLevel(logging.WARNING)


celeryscope.add_command(access)
celeryscope.add_command(dashboards)
celeryscope.add_command(store)


@celeryscope.command(context_settings=_CONTEXT)
@_setting_options({})
def serve(config: Path | None, **options: str | bool | None) -> None:
    """Receive StatsD, keep it, and serve pages and the Graphite API."""
    _server(_settings(options, config, {})).run()


@celeryscope.command(context_settings=_CONTEXT)
@_setting_options(DEMO_DEFAULTS)
@click.option("--broker", metavar="URL", default="", help="A real broker, not a folder's files.")
@click.option("--for", "duration", metavar="DURATION", help="End by itself, as after 30s.")
def demo(
    config: Path | None, broker: str, duration: str | None, **options: str | bool | None
) -> None:
    """Serve, with a real Celery worker and a lifelike load beside it.

    Data goes with the demo unless --data names a folder.
    """
    seconds = None if duration is None else _duration("--for", duration)
    with demo_folder() as folder:
        defaults = {**DEMO_DEFAULTS, "data": str(folder / "data")}
        settings = _settings(options, config, defaults)
        try:
            run_demo(_server(settings), settings, folder, broker, seconds)
        except DemoError as error:
            _fail(str(error), 1)


def _settings(
    options: Mapping[str, str | bool | None], config: Path | None, defaults: Mapping[str, str]
) -> Settings:
    given = {
        key: written(key, value) if isinstance(value, bool) else value
        for key, value in options.items()
        if value is not None
    }
    try:
        return load_settings(given, os.environ, config, defaults)
    except SettingsError as error:
        _fail(str(error), _USAGE)


def _server(settings: Settings) -> Server:
    try:
        return Server(settings)
    except StartError as error:
        _fail(str(error), _USAGE)


def _duration(option: str, text: str) -> int:
    try:
        return parse_duration(text)
    except ValueError as error:
        _fail(f"{option} = {text!r}: {error}", _USAGE)


def _fail(message: str, code: int) -> NoReturn:
    click.echo(f"celeryscope: {message}", err=True)
    sys.exit(code)
