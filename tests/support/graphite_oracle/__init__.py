"""graphite-web itself, asked what it would answer over arrays that a test gives it."""

import contextlib
import json
import os
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from celeryscope.graphite.series import TimeSeries

ROOT = Path(__file__).parents[3]
PYTHON = ROOT / ".graphite" / "bin" / "python"
FOLDER = Path(__file__).parent

Query = Sequence[tuple[str, str]]


@dataclass(frozen=True)
class Answer:
    """A status and a body; `json` reads graphite-web's infinity as Python does."""

    status: int
    body: str

    @property
    def content(self) -> bytes:
        return self.body.encode("utf-8", "surrogateescape")

    @property
    def json(self) -> Any:  # noqa: ANN401 -- JSON is anything
        return json.loads(self.body)


class Oracle:
    """One graphite-web process, for one thread."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def hold(self, arrays: Mapping[str, TimeSeries]) -> None:
        """Give it all that there is from now on."""
        held = {
            name: [one.start, one.step, [None if v != v else v for v in one.values.tolist()]]  # noqa: PLR0124
            for name, one in arrays.items()
        }
        self._ask({"arrays": held})

    def get(self, path: str, query: Query = ()) -> Answer:
        return Answer(**self._ask({"path": path, "query": list(query)}))

    def post(self, path: str, form: Query) -> Answer:
        media_type = "application/x-www-form-urlencoded"
        posted = {"posted": urlencode(form), "media_type": media_type}
        return Answer(**self._ask({"path": path, "query": [], **posted}))

    def post_json(self, path: str, content: object) -> Answer:
        posted = {"posted": json.dumps(content), "media_type": "application/json"}
        return Answer(**self._ask({"path": path, "query": [], **posted}))

    def _ask(self, request: object) -> dict[str, Any]:
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(json.dumps(request) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        assert line, "graphite-web has ended; its last words are above"
        answer: dict[str, Any] = json.loads(line)
        return answer


@contextlib.contextmanager
def graphite_web() -> Iterator[Oracle]:
    """Run graphite-web 1.1.10 until the block ends."""
    assert PYTHON.exists(), f"{PYTHON} is missing: run scripts/graphite"
    environ = {
        **os.environ,
        "PYTHONPATH": str(FOLDER),
        "PYTHONWARNINGS": "ignore",  # Django 3.0 has many to give on Python 3.11
        "GRAPHITE_SETTINGS_MODULE": "webapp_settings",
        "DJANGO_SETTINGS_MODULE": "graphite.settings",
    }
    command = [str(PYTHON), str(FOLDER / "driver.py")]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True, env=environ) as process:
        yield Oracle(process)  # leaving closes its input, which ends it
