"""A real carbon-cache, with storage that graphite-web reads."""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from support.processes import Running, accepts, free_port, running, wait_until

GRAPHITE = Path(__file__).parents[2] / ".graphite"

_CONFIGURATION = """\
[cache]
STORAGE_DIR = {storage}
CONF_DIR = {conf}
LOG_DIR = {storage}/log
PID_DIR = {storage}/run
LOCAL_DATA_DIR = {storage}/whisper
USER =
LINE_RECEIVER_INTERFACE = 127.0.0.1
LINE_RECEIVER_PORT = {line}
PICKLE_RECEIVER_INTERFACE = 127.0.0.1
PICKLE_RECEIVER_PORT = {pickle}
CACHE_QUERY_INTERFACE = 127.0.0.1
CACHE_QUERY_PORT = {query}
MAX_UPDATES_PER_SECOND = inf
MAX_CREATES_PER_MINUTE = inf
ENABLE_LOGROTATION = False
ENABLE_TAGS = False
LOG_UPDATES = False
LOG_CREATES = False
"""
_SCHEMAS = "[default]\npattern = .*\nretentions = 1s:1h\n"


def graphite_program(name: str) -> Path:
    path = GRAPHITE / "bin" / name
    assert path.exists(), f"{path} is missing: `scripts/graphite` (scripts/test runs it)"
    return path


@dataclass(frozen=True)
class CarbonCache:
    """Where a carbon-cache keeps its files and takes points and queries."""

    folder: Path
    line_port: int
    pickle_port: int
    query_port: int

    @property
    def conf(self) -> Path:
        return self.folder / "conf"

    @property
    def storage(self) -> Path:
        return self.folder / "storage"

    @contextlib.contextmanager
    def running(self) -> Iterator[Running]:
        """Run it until the end; it may be run again with the same files and ports."""
        command: list[str | Path] = [
            graphite_program("python"),
            graphite_program("carbon-cache.py"),
            f"--config={self.conf}/carbon.conf",
            "--nodaemon",
            "start",
        ]
        env = {"GRAPHITE_ROOT": str(self.folder)}
        with running(command, self.folder / "carbon.log", env) as process:
            wait_until(
                lambda: (
                    process.process.poll() is not None
                    or all(map(accepts, (self.line_port, self.pickle_port, self.query_port)))
                ),
                what="carbon-cache",
            )
            assert process.process.poll() is None, process.output()
            yield process


def carbon_cache(folder: Path) -> CarbonCache:
    """Make the files of a carbon-cache that keeps one point a second for an hour."""
    made = CarbonCache(folder, free_port(), free_port(), free_port())
    for part in (made.conf, made.storage / "log" / "webapp", made.storage / "whisper"):
        part.mkdir(parents=True)
    (made.storage / "run").mkdir()
    (made.conf / "storage-schemas.conf").write_text(_SCHEMAS)
    (made.conf / "carbon.conf").write_text(
        _CONFIGURATION.format(
            storage=made.storage,
            conf=made.conf,
            line=made.line_port,
            pickle=made.pickle_port,
            query=made.query_port,
        )
    )
    return made
