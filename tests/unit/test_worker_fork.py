"""A worker's main process that forks while tasks run in it and messages wait to be counted."""

import subprocess
import sys

from support.udp import receiver

PROGRAM = """
import os, sys
from celery import Celery, signals
from celery.app.trace import build_tracer
import celeryscope
from celeryscope.worker import instrumentation

app = Celery("forks", broker="memory://")
celeryscope.instrument(app, statsd=sys.argv[1])

@app.task(name="fork", ignore_result=True)
def fork():
    child = os.fork()
    if not child:
        sys.exit(3)
    os.waitpid(child, 0)

delivery = {"exchange": "", "routing_key": "mail"}
context = {"id": "id", "hostname": "solo@host", "delivery_info": delivery}

class Pool:
    is_green, num_processes, uses_semaphore = False, 1, False

class Worker:
    hostname, pool = "solo@host", Pool
    app = app

class Request:
    id, task, request_dict = "id", fork, context

worker = Worker()

signals.worker_init.send(worker)
instrumentation._PROCESS._pulse.start(worker)
for _ in range(3):
    signals.task_received.send(worker, request=Request())
build_tracer(fork.name, fork, app=app)("id", [], {}, context)
"""


def test_a_forked_child_tells_nothing_of_what_its_parent_does() -> None:
    with receiver() as heard:
        subprocess.run([sys.executable, "-c", PROGRAM, heard.address], check=True)
        counts = heard.counts()
        online = heard.times("celery.worker.solo_host.online")

    task = "celery.task._._.fork"
    assert {name: count for name, count in counts.items() if name.startswith(task)} == {
        f"{task}.received": 3,
        f"{task}.prerun": 1,
        f"{task}.postrun": 1,
        f"{task}.success": 1,
    }
    assert online == [1, 0]
