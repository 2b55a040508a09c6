"""The files of one edition, as the package carries them, and their way to a folder."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from celeryscope.grafana.layout import DASHBOARDS, DASHBOARDS_PATH
from celeryscope.grafana.model import Edition

_FILES = Path(__file__).parent / "files"


class WouldOverwriteError(Exception):
    """Files that are there already, and other than ours; nothing was written."""

    def __init__(self, paths: list[Path]) -> None:
        super().__init__(", ".join(map(str, paths)))
        self.paths = paths


@dataclass(frozen=True, slots=True)
class Written:
    """What was written to a folder, and what already stood there as it should."""

    written: list[Path]
    unchanged: list[Path]


def packaged(edition: Edition) -> Mapping[str, str]:
    """Return each file's text by its path below the folder that they are written to."""
    root = _FILES / edition.value
    paths = sorted(path for path in root.rglob("*") if path.is_file())
    return {path.relative_to(root).as_posix(): path.read_text("utf-8") for path in paths}


def write(edition: Edition, folder: Path, *, overwrite: bool) -> Written:
    """Write an edition's files to a folder, where Grafana then finds the dashboards.

    Raises:
        WouldOverwriteError: Others are there under their names, and `overwrite` is false.
        OSError: A file or folder cannot be written.
    """
    home = folder.resolve()
    seen = json.dumps(str(home / DASHBOARDS))  # which is YAML, too, whatever is in it
    wanted = {
        home / name: text.replace(DASHBOARDS_PATH, seen) for name, text in packaged(edition).items()
    }
    there = {path for path in wanted if path.exists()}
    unchanged = {path for path in there if path.read_text("utf-8") == wanted[path]}
    if not overwrite and there - unchanged:
        raise WouldOverwriteError(sorted(there - unchanged))
    written = sorted(wanted.keys() - unchanged)
    for path in written:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(wanted[path], "utf-8")
    return Written(written, sorted(unchanged))
