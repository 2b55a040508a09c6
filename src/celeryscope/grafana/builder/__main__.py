"""Writes what is packaged; with `--check` only tells whether it has drifted."""

import sys
from pathlib import Path

from celeryscope.grafana.builder.files import files

_FOLDER = Path(__file__).parents[1] / "files"


def main() -> None:
    """Write the files, and remove those that are none any more; or exit with 1 on a difference."""
    wanted = {_FOLDER / name: text for name, text in files().items()}
    found = {path for path in _FOLDER.rglob("*") if path.is_file()}
    stale = found - wanted.keys()
    changed = [path for path, text in wanted.items() if _text(path) != text]
    if sys.argv[1:] == ["--check"]:
        names = ", ".join(sorted(path.name for path in {*stale, *changed}))
        sys.exit(f"run scripts/dashboards: {names} has drifted" if names else 0)
    for path in changed:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(wanted[path], encoding="utf-8")
    for path in stale:
        path.unlink()


def _text(path: Path) -> str | None:
    return path.read_text(encoding="utf-8") if path.is_file() else None


if __name__ == "__main__":
    main()
