import os
import subprocess
import sys

from support.udp import Receiver, receiver

APP = """
from celery import Celery
app = Celery("proj", broker="memory://", set_as_current={current})
other = Celery("other", set_as_current=False)
app.conf.task_ignore_result = True

@app.task(name="proj.add", shared=False)
def add():
    pass
"""
# Flask's own pattern: tasks are shared, a factory makes and configures the app.
FACTORY = """
from celery import Celery, Task, shared_task
import celeryscope

@shared_task(name="shop.pay", ignore_result=True)
def pay():
    return "paid"

class ContextTask(Task):
    def __call__(self, *args, **kwargs):
        return self.run(*args, **kwargs)

def celery_init_app(config):
    app = Celery("factory", task_cls=ContextTask)
    celeryscope.instrument(app)
    app.config_from_object(config)
    app.set_default()
    return app

celery_init_app(dict(broker_url="memory://", celeryscope_prefix="shop", celeryscope_statsd="{}"))
assert pay.apply().get() == "paid"
pay.delay()
"""
USE = "import celeryscope.auto\nadd.apply()\n"


def run(program: str, heard: Receiver) -> None:
    env = {**os.environ, "CELERYSCOPE_STATSD": heard.address, "CELERYSCOPE_PREFIX": "auto"}
    subprocess.run([sys.executable, "-c", program], check=True, env=env)


def test_importing_it_instruments_the_current_app_from_the_environment() -> None:
    with receiver() as heard:
        run(APP.format(current=True) + USE, heard)

        assert heard.counts()["auto.task.proj._.add.success"] == 1


def test_it_leaves_an_app_alone_that_was_instrumented_with_arguments() -> None:
    mine = "import celeryscope\nceleryscope.instrument(app, prefix='mine')\n"
    with receiver() as heard:
        run(APP.format(current=True) + mine + USE, heard)

        assert heard.counts()["mine.task.proj._.add.success"] == 1


def test_it_leaves_apps_alone_that_are_not_current() -> None:
    with receiver() as heard:
        run(APP.format(current=False) + USE, heard)

        assert heard.datagrams() == []


def test_a_worker_takes_it_by_its_include_option() -> None:
    """Build what `celery -A proj worker -I celeryscope.auto` builds, without its broker."""
    program = (
        APP.format(current=True)
        + "Celery('later')\nfrom celery.apps.worker import Worker\n"
        + "Worker(app=app, include=['celeryscope.auto'])\nadd.apply()\n"
    )
    with receiver() as heard:
        run(program, heard)

        assert heard.counts()["auto.task.proj._.add.success"] == 1


def test_a_factory_may_instrument_first_and_configure_later() -> None:
    with receiver() as heard:
        run(FACTORY.format(heard.address), heard)

        assert heard.counts()["shop.task.shop._.pay.success"] == 1
        assert heard.counts()["shop.task.shop._.pay.published"] == 1
