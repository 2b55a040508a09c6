"""The image without a container: the Dockerfile's steps, its command and its health check."""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from support.deploy import DEPLOY, ROOT, dockerfile, variables_of
from support.processes import Running, free_port, running, wait_until

STAGES = dockerfile()
ENVIRONMENT = "/opt/celeryscope"
WHEELS = "/wheels"
CHECK = re.compile(r"CMD (\[.+\])\Z")


@dataclass(frozen=True)
class Image:
    """A folder in which the image's paths are, and its variables."""

    folder: Path

    def placed(self, text: str) -> str:
        for path in (ENVIRONMENT, WHEELS):
            text = text.replace(path, f"{self.folder}{path}")
        return text

    def build(self) -> None:
        source = self.folder / "source"
        source.mkdir()
        build = STAGES["build"]
        arguments = dict(one.text.split("=") for one in build if one.name == "ARG")
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        for one in build:
            if one.name == "COPY":
                copy(source, *one.text.split())
            elif one.name == "RUN":
                env = {**os.environ, **arguments, "PATH": path}
                subprocess.run(self.placed(one.text), shell=True, cwd=source, env=env, check=True)

    def variables(self, http: int, statsd: int) -> dict[str, str]:
        (self.folder / "data").mkdir(exist_ok=True)
        found = variables_of(STAGES["runtime"])
        path = self.placed(found["PATH"]).replace("$PATH", os.environ["PATH"])
        return found | {
            "PATH": path,
            "CELERYSCOPE_HTTP": f"127.0.0.1:{http}",
            "CELERYSCOPE_STATSD": f"127.0.0.1:{statsd}",
            "CELERYSCOPE_ADMIN": "off",
            "CELERYSCOPE_DATA": str(self.folder / "data"),
        }


@dataclass(frozen=True)
class Container:
    """What runs the image's command."""

    port: int
    env: dict[str, str]
    running: Running

    def is_healthy(self) -> bool:
        (check,) = (one.text for one in STAGES["server"] if one.name == "HEALTHCHECK")
        found = CHECK.search(check)
        assert found
        words = json.loads(found[1].replace(":8888/", f":{self.port}/"))
        env = {**os.environ, **self.env}
        done = subprocess.run(words, env=env, check=False, timeout=30, stderr=subprocess.DEVNULL)
        return done.returncode == 0


def copy(folder: Path, *words: str) -> None:
    """Do what COPY does with files, and with one folder."""
    *sources, target = words
    for source in sources:
        if (ROOT / source).is_dir():
            leave = shutil.ignore_patterns("__pycache__")
            shutil.copytree(ROOT / source, folder / target, ignore=leave)
        else:
            shutil.copy(ROOT / source, folder / target)


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Image:
    found = Image(tmp_path_factory.mktemp("image"))
    found.build()
    return found


@pytest.fixture
def container(image: Image, tmp_path: Path) -> Iterator[Container]:
    port = free_port()
    env = image.variables(port, free_port(socket.SOCK_DGRAM))
    (command,) = (one.words for one in STAGES["server"] if one.name == "CMD")
    with running(command, tmp_path / "log", env) as process:
        yield Container(port, env, process)


def test_what_is_installed_is_what_is_pinned(image: Image) -> None:
    python = f"{image.folder}{ENVIRONMENT}/bin/python"
    command = [
        sys.executable,
        "-m",
        "pip",
        "--python",
        python,
        "freeze",
        "--exclude",
        "celeryscope",
    ]
    found = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()
    pinned = (DEPLOY / "constraints.txt").read_text().splitlines()
    assert found
    assert set(found) <= set(pinned)


def test_the_command_serves_is_healthy_and_ends_by_sigterm(container: Container) -> None:
    wait_until(container.is_healthy, 60, what="the health check")
    page = httpx.get(f"http://127.0.0.1:{container.port}/")
    assert page.is_success
    container.running.signal_group(signal.SIGTERM)
    assert container.running.process.wait(30) == 0, container.running.output()
    assert not container.is_healthy()
