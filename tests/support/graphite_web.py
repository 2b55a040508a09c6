"""A real graphite-web over a carbon-cache's files."""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx

from support.carbon import CarbonCache, graphite_program
from support.processes import accepts, free_port, running, wait_until

_SETTINGS = """\
SECRET_KEY = "only for tests"
ALLOWED_HOSTS = ["*"]
TIME_ZONE = "UTC"
GRAPHITE_ROOT = {root!r}
CONF_DIR = {conf!r}
STORAGE_DIR = {storage!r}
LOG_DIR = STORAGE_DIR + "/log/webapp"
WHISPER_DIR = STORAGE_DIR + "/whisper"
STANDARD_DIRS = [WHISPER_DIR]
INDEX_FILE = STORAGE_DIR + "/index"
CARBONLINK_HOSTS = {caches!r}
REPLICATION_FACTOR = len(CARBONLINK_HOSTS)
FETCH_TIMEOUT = 60
DATABASES = {{
    "default": {{"ENGINE": "django.db.backends.sqlite3", "NAME": STORAGE_DIR + "/graphite.db"}}
}}
"""

Point = tuple[float | None, int]


@dataclass(frozen=True)
class GraphiteWeb:
    """Where a graphite-web answers."""

    url: str

    def render(self, *targets: str, **parameters: str | int) -> dict[str, list[Point]]:
        """Return each series' points by its name."""
        asked = {"target": targets, "format": "json", "noCache": 1, **parameters}
        answer = httpx.post(f"{self.url}/render", data=asked)
        assert answer.status_code == httpx.codes.OK, answer.text
        return {one["target"]: [tuple(p) for p in one["datapoints"]] for one in answer.json()}

    def seconds(self, *targets: str, start: int, end: int) -> dict[int, dict[str, float | None]]:
        """Return each second's values by series, from `start` up to but not with `end`."""
        # graphite-web takes `from` as exclusive and `until` as inclusive.
        found = self.render(*targets, **{"from": start - 1, "until": end - 1})
        values: dict[int, dict[str, float | None]] = {second: {} for second in range(start, end)}
        for name, points in found.items():
            for value, second in points:
                values[second][name] = value
        return values


_SERVERS = {
    "waitress-serve": "--listen=127.0.0.1:{port}",
    "gunicorn": "--bind=127.0.0.1:{port}",
}


@contextlib.contextmanager
def graphite_web(
    cache: CarbonCache, server: str = "waitress-serve", *, asks_cache: bool = False
) -> Iterator[GraphiteWeb]:
    """Serve what a carbon-cache has written, which it does within a second or so.

    What it has in memory is shown only if it is asked for that: it may lose it when it stops.
    """
    port = free_port()
    settings = _SETTINGS.format(
        root=str(cache.folder),
        conf=str(cache.conf),
        storage=str(cache.storage),
        caches=[f"127.0.0.1:{cache.query_port}"] if asks_cache else [],
    )
    (cache.conf / "graphite_test_settings.py").write_text(settings)
    env = {
        "PYTHONPATH": str(cache.conf),
        "GRAPHITE_SETTINGS_MODULE": "graphite_test_settings",
        "DJANGO_SETTINGS_MODULE": "graphite.settings",
    }
    log = cache.folder / "graphite-web.log"
    with running(
        [graphite_program("django-admin"), "migrate", "--run-syncdb"], log, env
    ) as migrating:
        assert migrating.process.wait(60) == 0, migrating.output()
    serve: list[str | Path] = [graphite_program(server), _SERVERS[server].format(port=port)]
    with running([*serve, "graphite.wsgi:application"], log, env) as process:
        wait_until(lambda: accepts(port) or process.process.poll() is not None, what="graphite-web")
        assert process.process.poll() is None, process.output()
        yield GraphiteWeb(f"http://127.0.0.1:{port}")
