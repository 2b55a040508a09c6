"""The command `celeryscope dashboards`, for those who run a Grafana already."""

import json
import sys
from pathlib import Path
from typing import NoReturn

import click

from celeryscope.grafana.model import Edition
from celeryscope.grafana.packaged import WouldOverwriteError, Written, write

_USAGE = 2
_NEXT = {
    Edition.GRAPHITE: (
        "Set the server's address in {folder}/provisioning/datasources/celeryscope.yaml.",
    ),
    Edition.PROMETHEUS: (
        "Set Prometheus' address in {folder}/provisioning/datasources/celeryscope.yaml.",
        "Add {folder}/rules/celeryscope.yaml to rule_files in prometheus.yml, and reload it.",
    ),
}
_LAST = (
    "Copy what is in {folder}/provisioning to Grafana's own, /etc/grafana/provisioning, or set "
    "GF_PATHS_PROVISIONING={folder}/provisioning; then restart Grafana."
)


@click.command()
@click.option(
    "--dir",
    "folder",
    type=click.Path(path_type=Path, file_okay=False),
    required=True,
    metavar="FOLDER",
    help="Where to write; Grafana has to see it under the same path.",
)
@click.option(
    "--edition",
    type=click.Choice([edition.value for edition in Edition]),
    default=Edition.GRAPHITE.value,
    show_default=True,
    help="Which data source the dashboards ask.",
)
@click.option("--force", is_flag=True, help="Overwrite files that are there and differ.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def dashboards(folder: Path, edition: str, *, force: bool, as_json: bool) -> None:
    """Write dashboards, alerts and provisioning for a Grafana that you run already."""
    try:
        done = write(Edition(edition), folder, overwrite=force)
    except WouldOverwriteError as error:
        names = "\n".join(f"  {path}" for path in error.paths)
        _fail(f"these are there and differ; --force overwrites them:\n{names}")
    except OSError as error:
        _fail(f"--dir = {str(folder)!r}: {error.strerror}")
    steps = [step.format(folder=folder.resolve()) for step in (*_NEXT[Edition(edition)], _LAST)]
    click.echo(_json(done, steps) if as_json else _text(done, steps))


def _json(done: Written, steps: list[str]) -> str:
    return json.dumps(
        {
            "written": [str(path) for path in done.written],
            "unchanged": [str(path) for path in done.unchanged],
            "next": steps,
        }
    )


def _text(done: Written, steps: list[str]) -> str:
    lines = [f"wrote {path}" for path in done.written]
    lines += [f"left as it was: {path}" for path in done.unchanged]
    lines += ["", "Next:", *(f"  {number}. {step}" for number, step in enumerate(steps, 1))]
    return "\n".join(lines)


def _fail(message: str) -> NoReturn:
    click.echo(f"celeryscope: {message}", err=True)
    sys.exit(_USAGE)
