"""Real brokers beside Redis."""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

from support.processes import accepts, free_port, required, running, wait_until

RABBITMQ = Path("/usr/lib/rabbitmq/bin/rabbitmq-server")
"""Past Debian's wrapper, which insists on the system's own user and folders."""


def file_broker(folder: Path) -> dict[str, object]:
    """Return the transport options of `filesystem://` for all who share a folder."""
    return {
        "data_folder_in": str(folder),
        "data_folder_out": str(folder),
        "control_folder": str(folder / "control"),
        "polling_interval": 0.1,
    }


@contextlib.contextmanager
def rabbitmq_server(folder: Path) -> Iterator[str]:
    """Run a real RabbitMQ with all that it writes in `folder`; yields its URL."""
    assert RABBITMQ.exists(), "`apt-get install rabbitmq-server` (scripts/test does it as root)"
    port, mapper = free_port(), free_port()
    env = {
        "HOME": str(folder),  # where Erlang keeps its cookie
        "ERL_EPMD_ADDRESS": "127.0.0.1",
        "ERL_EPMD_PORT": str(mapper),
        "RABBITMQ_CONF_ENV_FILE": os.devnull,
        "RABBITMQ_CONFIG_FILE": str(folder / "none"),
        "RABBITMQ_DIST_PORT": str(free_port()),
        "RABBITMQ_ENABLED_PLUGINS_FILE": str(folder / "plugins"),
        "RABBITMQ_LOG_BASE": str(folder),
        "RABBITMQ_LOGS": "-",
        "RABBITMQ_MNESIA_BASE": str(folder / "mnesia"),
        "RABBITMQ_NODENAME": f"test-{port}@localhost",
        "RABBITMQ_NODE_IP_ADDRESS": "127.0.0.1",
        "RABBITMQ_NODE_PORT": str(port),
    }
    # Erlang would start its port mapper by itself, in a process group that outlives the test.
    epmd = [required("epmd", "erlang-base"), "-port", str(mapper)]
    with (
        running(epmd, folder / "epmd.log", env),
        running([RABBITMQ], folder / "rabbitmq.log", env) as rabbitmq,
    ):
        wait_until(
            lambda: accepts(port) or rabbitmq.process.poll() is not None,
            within=90,
            what="RabbitMQ",
        )
        assert rabbitmq.process.poll() is None, rabbitmq.output()
        yield f"amqp://guest:guest@127.0.0.1:{port}//"
