"""The commands below `celeryscope store`, which work on a data folder that no server holds."""

import json
import os
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import NoReturn

import click

from celeryscope.metrics import Kind
from celeryscope.settings import Settings, SettingsError, load_settings
from celeryscope.store.checks import checks
from celeryscope.store.duckdb import DuckDBStore
from celeryscope.store.export import FORMATS, export
from celeryscope.store.patterns import Aggregation, aggregation_of
from celeryscope.store.protocol import StoreError
from celeryscope.store.stats import series_by_kind, tables
from celeryscope.store.tiers import format_duration

_OWNER = "celeryscope store"

_data = click.option("--data", metavar="FOLDER", help="The server's data folder.  [setting: data]")
_config = click.option(
    "--config", type=click.Path(path_type=Path), help="The server's file of settings."
)
_as_json = click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")


class _Time(click.ParamType[float]):
    name = "TIME"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        text = str(value)
        try:
            return float(text)
        except ValueError:
            pass
        try:
            return datetime.fromisoformat(text).astimezone().timestamp()
        except ValueError:
            self.fail(f"{text!r} is no time; allowed is Unix time or 2026-01-31T12:00", param, ctx)


@click.group()
def store() -> None:
    """Look into a data folder, check it, take data out and bring data in.

    A server holds its folder alone: stop it first.
    """


@store.command()
@_data
@_config
@_as_json
def stats(data: str | None, config: Path | None, *, as_json: bool) -> None:
    """Show what each tier holds, and how much room that takes."""
    with _opened(data, config) as opened, opened.inside() as (cursor, archives):
        series, held = series_by_kind(cursor), tables(cursor, archives)
    if as_json:
        click.echo(json.dumps({"series": series, "tables": [asdict(one) for one in held]}))
        return
    click.echo("  ".join(f"{count:,} {kind}" for kind, count in series.items()) or "no series")
    click.echo(f"{'tier':<12} {'table':<8} {'rows':>14} {'MB':>9}  {'oldest':<16} newest")
    for one in held:
        tier = f"{format_duration(one.step)}:{format_duration(one.retention)}"
        tier += f" #{one.archive}" if one.archive else ""
        size = one.bytes / 1e6
        click.echo(
            f"{tier:<12} {one.table:<8} {one.rows:>14,} {size:>9.1f}  "
            f"{_shown(one.oldest):<16} {_shown(one.newest)}"
        )


@store.command()
@_data
@_config
@_as_json
def check(data: str | None, config: Path | None, *, as_json: bool) -> None:
    """Read everything; compare what is rolled up with the finer rows that are still there.

    Exit code 1 when anything is wrong.
    """
    findings = []
    with _opened(data, config) as opened, opened.inside() as (cursor, archives):
        for one in checks(cursor, archives):
            findings.append(one)
            click.echo(f"{one.relation}: {one.compared:,} rows compared", err=True)
    wrong = [one for one in findings if one.wrong]
    if as_json:
        click.echo(json.dumps({"ok": not wrong, "checks": [asdict(one) for one in findings]}))
    else:
        for one in wrong:
            click.echo(f"{one.relation}: {one.wrong:,} {one.what}")
        click.echo("wrong" if wrong else "all is right")
    sys.exit(1 if wrong else 0)


@store.command(name="export")
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
@_data
@_config
@click.option("--format", "format_", type=click.Choice(FORMATS), default="parquet")
@click.option("--from", "start", type=_Time(), default=0.0, help="Unix time, or as 2026-01-31.")
@click.option("--until", "end", type=_Time(), default=2.0**40, help="Before when; likewise.")
@click.option("--pattern", default="**", help="Globs over the series' names, as celery.task.**.")
@_as_json
def export_(
    folder: Path,
    data: str | None,
    config: Path | None,
    format_: str,
    start: float,
    end: float,
    pattern: str,
    *,
    as_json: bool,
) -> None:
    """Write what is stored to FOLDER, a file for each kind of series and step."""
    written = []
    with _opened(data, config) as opened:
        globs = pattern.split(".")
        nodes = [node for kind in Kind for node in opened.find(kind, globs)]
        series = [node.series for node in nodes if node.series]
        series += [one for kind in Kind for one in opened.tags.find(kind, globs)]
        with opened.inside() as (cursor, archives):
            for one in export(cursor, list(archives), series, (start, end), folder, format_):
                written.append(one)
                click.echo(f"{one.path}: {one.rows:,} rows", err=True)
    if as_json:
        files = [{"path": str(one.path), "rows": one.rows} for one in written]
        click.echo(json.dumps({"series": len(series), "files": files}))
    else:
        click.echo(f"{len(series):,} series, {len(written)} files")


@store.command(name="import-whisper")
@click.argument("folder", type=click.Path(path_type=Path, exists=True, file_okay=False))
@_data
@_config
@_as_json
def import_whisper(folder: Path, data: str | None, config: Path | None, *, as_json: bool) -> None:
    """Read the Whisper files below FOLDER into plain series of the same names.

    Each point goes to the finest tier that still keeps its time. How it is merged from there on,
    the setting storage_aggregation says; files that merge otherwise are told of.
    """
    try:
        from celeryscope.store import whisper  # noqa: PLC0415 -- an extra, and may be absent
    except ModuleNotFoundError as error:
        _fail(f"{error}; importing needs: pip install 'celeryscope[server,import]'")
    done, rules = _Imported(), _settings(data, config).storage_aggregation.rules
    with _opened(data, config, as_server=True) as opened:
        for points in whisper.batches(folder, time.time(), done.left_out):
            done.too_old += opened.write_points(points.points)
            done.points += len(points.points.names)
            opened.maintain(time.time())
            click.echo(f"{points.files:,} of {points.of:,} files", err=True)
            done.files = points.files
            done.compare(points.methods, rules)
    done.tell_of_methods()
    if as_json:
        click.echo(json.dumps(asdict(done)))
    else:
        kept = done.points - done.too_old
        click.echo(f"{done.files - len(done.broken):,} series, {kept:,} points")
    sys.exit(1 if done.broken else 0)


@dataclass(slots=True)
class _Imported:
    files: int = 0
    points: int = 0
    too_old: int = 0
    broken: list[str] = field(default_factory=list)
    merged_otherwise: dict[str, int] = field(default_factory=dict)

    def compare(self, methods: Mapping[str, str], rules: Sequence[Aggregation]) -> None:
        """Count files whose method is not the one that the store merges their series by."""
        for name, method in methods.items():
            if method != aggregation_of(rules, name).method:
                self.merged_otherwise[method] = self.merged_otherwise.get(method, 0) + 1

    def tell_of_methods(self) -> None:
        for method, files in self.merged_otherwise.items():
            click.echo(
                f"{files:,} files merge by {method}, and the store does not: it will, once a rule "
                "of storage_aggregation says so",
                err=True,
            )

    def left_out(self, reason: str) -> None:
        self.broken.append(reason)
        click.echo(f"left out: {reason}", err=True)


@contextmanager
def _opened(
    data: str | None, config: Path | None, *, as_server: bool = False
) -> Iterator[DuckDBStore]:
    """Open the folder; `as_server` moves what is stored to where the settings want it."""
    settings = _settings(data, config)
    path = Path(settings.data)
    try:
        if as_server:
            found = DuckDBStore.open(
                path,
                settings.retentions,
                time.time,
                _OWNER,
                schemas=settings.storage_schemas.rules,
                rules=settings.storage_aggregation.rules,
            )
        else:
            found = DuckDBStore.open_as_it_is(path, time.time, _OWNER)
        with closing(found):
            yield found
    except StoreError as error:
        _fail(f"{error}{'; stop it first' if 'is held by' in str(error) else ''}")


def _settings(data: str | None, config: Path | None) -> Settings:
    try:
        return load_settings({} if data is None else {"data": data}, os.environ, config)
    except SettingsError as error:
        _fail(str(error))


def _shown(when: int | None) -> str:
    return "" if when is None else f"{datetime.fromtimestamp(when).astimezone():%Y-%m-%d %H:%M}"


def _fail(message: str) -> NoReturn:
    click.echo(f"celeryscope: {message}", err=True)
    sys.exit(2)
