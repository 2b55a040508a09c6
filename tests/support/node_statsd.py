"""Node statsd itself, as scripts/node-statsd installs it: replaying a corpus, or running."""

import base64
import contextlib
import json
import socket
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from support.processes import Running, accepts, free_port, required, running, wait_until

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / ".node" / "node_modules" / "statsd"
PLUGINS = Path(__file__).parent / "node"
GRAPHITE = "./backends/graphite"

Values = dict[str, float]
Config = Mapping[str, object]


def replay(
    folder: Path, intervals: Sequence[Sequence[bytes]], config: Config | None = None
) -> list[Values]:
    """Return what node would send to Graphite at the end of each interval, by name."""
    corpus, recorded = folder / "corpus.json", folder / "recorded.jsonl"
    encoded = [[base64.b64encode(one).decode() for one in datagrams] for datagrams in intervals]
    corpus.write_text(json.dumps(encoded))
    recorded.write_bytes(b"")
    config_file = _written(
        folder,
        {
            "servers": [{"server": str(PLUGINS / "replay.js"), "corpus": str(corpus)}],
            "backends": [GRAPHITE, str(PLUGINS / "record.js")],
            "recorded": str(recorded),
            "graphiteHost": "recorded",
            **(config or {}),
        },
    )
    done = subprocess.run(
        _command(config_file), capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return [_values(json.loads(sent)) for sent in recorded.read_text().splitlines()]


@dataclass(frozen=True)
class NodeStatsd:
    """Where a running node statsd is reached."""

    port: int
    admin_port: int
    running: Running


@contextlib.contextmanager
def node_statsd(folder: Path, config: Config) -> Iterator[NodeStatsd]:
    """Run node statsd until the end."""
    port, admin_port = free_port(socket.SOCK_DGRAM), free_port()
    where = {
        "address": "127.0.0.1",
        "port": port,
        "mgmt_address": "127.0.0.1",
        "mgmt_port": admin_port,
    }
    command = _command(_written(folder, {**where, **config}))
    with running(command, folder / "node.log") as process:
        wait_until(
            lambda: accepts(admin_port) or process.process.poll() is not None, what="node statsd"
        )
        assert process.process.poll() is None, process.output()
        yield NodeStatsd(port, admin_port, process)


def example_config() -> str:
    """Return the file in which node describes its options."""
    return (_package() / "exampleConfig.js").read_text()


def _package() -> Path:
    assert PACKAGE.is_dir(), "node statsd is missing: scripts/node-statsd installs it"
    return PACKAGE


def _command(config_file: Path) -> list[str]:
    return [required("node", "nodejs"), str(_package() / "stats.js"), str(config_file)]


def _written(folder: Path, config: Config) -> Path:
    path = folder / "node.json"
    path.write_text(json.dumps({"automaticConfigReload": False, **config}))
    return path


def _values(sent: str) -> Values:
    """Read Graphite's lines."""
    values = {}
    for line in sent.splitlines():
        name, value, _ = line.rsplit(" ", 2)
        values[name] = float(value)
    return values
