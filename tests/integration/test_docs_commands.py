"""What the docs tell their readers to run does what they say, on a real server."""

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from support.docs import Block, Example, blocks, commands, examples, read
from support.processes import redis_server, required, running, wait_until
from support.server import ServerUnderTest, celeryscope_server

API, QUICKSTART = read("docs/api.md"), read("docs/quickstart.md")
EXAMPLES = [*examples(API), *examples(read("docs/operations.md"))]
EVERY_SECOND = ("--flush-interval", "1s", "--retentions", "1s:1h")
ONE_PERCENT = 0.01
A_TIME = 10**9
CLOCK = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerUnderTest]:
    """Serve what the API's page tells its readers to send."""
    folder = tmp_path_factory.mktemp("docs")
    (lines,) = blocks(API, "python")
    since = time.time()
    with celeryscope_server(folder, EVERY_SECOND) as started:
        run_python(lines.text.replace("8125", str(started.statsd_port)), folder, started)
        sent = "stats.counters.celery.task.*.*.*.success.count"
        wait_until(lambda: started.total(sent, since) == 21, what="the lines")
        yield started


def run_python(text: str, folder: Path, server: ServerUnderTest) -> None:
    env = {**os.environ, "CELERYSCOPE_STATSD": server.statsd}
    subprocess.run([sys.executable, "-c", text], cwd=folder, env=env, check=True, timeout=60)


def ask(command: str, server: ServerUnderTest) -> str:
    """Run a documented `curl` against this server."""
    required("curl", "curl")
    here = command.replace("http://127.0.0.1:8888", server.url)
    assert here != command
    done = subprocess.run(["bash", "-c", here], check=True, timeout=30, stdout=subprocess.PIPE)
    return done.stdout.decode()


def agrees(answer: str, shown: Block) -> bool:
    """Tell whether an answer is the one shown, but for its times."""
    if shown.language == "json":
        return is_like(json.loads(answer), json.loads(shown.text))
    return CLOCK.sub("", answer).split() == CLOCK.sub("", shown.text).split()


def is_like(real: Any, shown: Any) -> bool:  # noqa: ANN401 -- any JSON
    match shown:
        case dict():
            return real.keys() == shown.keys() and all(is_like(real[k], shown[k]) for k in shown)
        case list():
            return len(real) == len(shown) and all(map(is_like, real, shown))
        case float():
            return bool(real == pytest.approx(shown, rel=ONE_PERCENT))
        case int() if shown > A_TIME:
            return isinstance(real, int) and real > A_TIME
        case _:
            return bool(real == shown)


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.command.split("\n")[0])
def test_a_documented_request_has_the_answer_shown(
    server: ServerUnderTest, example: Example
) -> None:
    if example.answer is None:
        assert ask(example.command.replace("curl ", "curl --fail "), server)
    else:
        answer = ask(example.command, server)
        assert agrees(answer, example.answer), answer


@pytest.mark.parametrize("block", blocks(read("docs/guide.md"), "python"))
def test_the_guides_ways_to_instrument_an_app_run(
    server: ServerUnderTest, tmp_path: Path, block: Block
) -> None:
    run_python(block.text, tmp_path, server)


def test_the_quick_start_ends_with_the_numbers_it_shows(tmp_path: Path) -> None:
    (celery,) = (line for line in commands(QUICKSTART) if line.startswith("celery "))
    tasks, send = blocks(QUICKSTART, "python")
    (question,) = examples(QUICKSTART)
    assert question.answer
    shown = question.answer
    with redis_server(tmp_path) as redis, celeryscope_server(tmp_path, EVERY_SECOND) as server:
        app = tasks.text.replace("redis://127.0.0.1:6379/0", redis)
        assert app != tasks.text
        (tmp_path / "tasks.py").write_text(app)
        worker = [sys.executable, "-m", *celery.split()]
        env = {"CELERYSCOPE_STATSD": server.statsd}
        with running(worker, tmp_path / "worker.log", env, cwd=tmp_path):
            run_python(send.text, tmp_path, server)
            wait_until(
                lambda: agrees(ask(question.command, server), shown), 60, what="the answer shown"
            )
