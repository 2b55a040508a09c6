import re
import subprocess
import sys
from inspect import getdoc
from textwrap import dedent

import pytest
from celery import Celery

import celeryscope
from celeryscope import testing
from celeryscope.worker import instrumentation
from support.udp import receiver

EXAMPLE_APP = """
from celery import Celery
import celeryscope, celeryscope.testing
app = Celery("proj", broker="memory://")
app.conf.task_ignore_result = True
@app.task(name="proj.billing.tasks.charge")
def charge(amount):
    return amount
celeryscope.instrument(app)
"""


@pytest.fixture
def app() -> Celery:
    app = Celery("testing", broker="memory://", set_as_current=False)
    app.conf.task_ignore_result = True

    @app.task(name="add", shared=False)
    def add(a: int, b: int) -> int:
        return a + b

    return app


def test_the_example_of_its_documentation_runs() -> None:
    _, _, example = (getdoc(testing) or "").partition("\n\n")
    assert re.search("^ *with .*capture", example)

    subprocess.run([sys.executable, "-c", EXAMPLE_APP + dedent(example)], check=True)


def test_counters_and_timers_are_by_name(app: Celery) -> None:
    with testing.capture(app) as captured:
        app.tasks["add"].apply((1, 2))
        app.tasks["add"].apply((3, 4))

    assert captured.counters["celery.task._._.add.success"] == 2
    assert captured.counters["celery.task._._.add.failure"] == 0
    assert all(ms >= 0 for ms in captured.timers["celery.task._._.add.runtime"])
    assert len(captured.timers["celery.task._._.add.runtime"]) == 2


def test_a_gauge_has_its_last_value() -> None:
    captured = testing.Captured()
    captured.send(b"a:1|g\nb:2.5|g")
    captured.send(b"a:3|g")

    assert captured.gauges == {"a": 3, "b": 2.5}


def test_tags_stay_part_of_the_name(app: Celery) -> None:
    celeryscope.instrument(app, style="dogstatsd")
    with testing.capture(app) as captured:
        app.tasks["add"].apply((1, 2))

    assert captured.counters["celery.task.success|#task:add"] == 1


def test_nothing_is_sent_while_it_captures_and_all_is_afterwards(app: Celery) -> None:
    with receiver() as heard:
        celeryscope.instrument(app, statsd=heard.address)
        with testing.capture(app):
            app.tasks["add"].apply((1, 2))
        assert heard.datagrams() == []
        app.tasks["add"].apply((1, 2))

        assert heard.counts()["celery.task._._.add.success"] == 1


def test_an_app_that_was_not_instrumented_is_not_afterwards(app: Celery) -> None:
    with pytest.raises(KeyError, match="mine"), testing.capture(app):
        raise KeyError("mine")

    assert not instrumentation._PROCESS.kinds.counts(app)
