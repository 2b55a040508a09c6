import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest
from celery import Celery
from celery.app.trace import build_tracer
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import celeryscope
from celeryscope.testing import capture
from celeryscope.worker.styles import PlaceNames, Style
from support.processes import wait_until
from support.receivers import tcp_receiver, unix_receiver
from support.udp import receiver

Lines = Callable[[], list[bytes]]

NAME, VALUE = r"[A-Za-z0-9_.-]+", r":[0-9]+(\.[0-9]{3})?\|(c|ms|g)"
TAG = r"[a-z]+%s[A-Za-z0-9_.@/-]+"
VALID = {
    Style.DOTTED: rf"{NAME}{VALUE}",
    Style.DOGSTATSD: rf"{NAME}{VALUE}\|#{TAG % ':'}(,{TAG % ':'})*",
    Style.INFLUX: rf"{NAME}(,{TAG % '='})+{VALUE}",
    Style.GRAPHITE: rf"{NAME}(;{TAG % '='})+{VALUE}",
}
# Any text, also half of a surrogate pair, and often what means something in a line.
wild = st.text(
    st.one_of(st.sampled_from("|:#,;=@%\n\r\t .~/-_a"), st.characters(exclude_categories=()))
)
tagged = pytest.mark.parametrize("style", [Style.DOGSTATSD, Style.INFLUX, Style.GRAPHITE])


@pytest.mark.parametrize(
    ("style", "line"),
    [
        (Style.DOTTED, "celery.task.proj.billing-tasks.charge.success:1|c"),
        (
            Style.DOGSTATSD,
            "celery.task.success:1|c|#task:proj.billing.tasks.charge,queue:mail,worker:w@host",
        ),
        (
            Style.INFLUX,
            "celery.task.success,task=proj.billing.tasks.charge,queue=mail,worker=w@host:1|c",
        ),
        (
            Style.GRAPHITE,
            "celery.task.success;task=proj.billing.tasks.charge;queue=mail;worker=w@host:1|c",
        ),
    ],
)
def test_a_style_says_where_names_stand(style: Style, line: str) -> None:
    place = PlaceNames(style=style).task("proj.billing.tasks.charge", "mail", "w@host")

    assert place.line("success", "1|c") == line


@pytest.mark.parametrize(
    ("style", "line"),
    [
        (Style.DOTTED, "celery.task._._.add.exception.KeyError:1|c"),
        (Style.DOGSTATSD, "celery.task.exception:1|c|#task:add,exception:KeyError"),
        (Style.INFLUX, "celery.task.exception,task=add,exception=KeyError:1|c"),
        (Style.GRAPHITE, "celery.task.exception;task=add;exception=KeyError:1|c"),
    ],
)
def test_a_detail_is_one_more_node_or_one_more_tag(style: Style, line: str) -> None:
    assert PlaceNames(style=style).task("add").line("exception", "1|c", "KeyError") == line


@tagged
def test_queues_workers_and_entries_have_their_own_tag(style: Style) -> None:
    places = PlaceNames(style=style)

    assert [
        (place.path, place.tags)
        for place in (places.queue("mail"), places.worker("celery@host"), places.beat("nightly"))
    ] == [
        ("celery.queue", (("queue", "mail"),)),
        ("celery.worker", (("worker", "celery@host"),)),
        ("celery.beat", (("entry", "nightly"),)),
    ]


@tagged
def test_an_empty_prefix_leaves_the_family(style: Style) -> None:
    assert PlaceNames("", style=style).task("add").path == "task"


@tagged
def test_names_that_cannot_be_written_stay_apart(style: Style) -> None:
    places = PlaceNames(style=style)
    values = [dict(places.task(name).tags)["task"] for name in ("a b", "a:b", "a_b", "", "é" * 300)]

    assert len(set(values)) == 5
    assert values[2] == "a_b"
    assert max(map(len, values)) <= 209


def failing_task(app: Celery, name: str, exception: str) -> Callable[[str, str], object]:
    """Return what runs a task of this name, which raises an exception of this name."""
    error = type(exception.replace("\0", ""), (Exception,), {})

    @app.task(name=name, shared=False, ignore_result=True)
    def fail() -> None:
        raise error

    trace = build_tracer(name, fail, app=app)

    def run(queue: str, worker: str) -> object:
        fail.apply_async(task_id="id", queue=queue)
        delivery = {"exchange": "", "routing_key": queue}
        request = {"id": "id", "hostname": worker, "delivery_info": delivery, "task": name}
        return trace("id", [], {}, {**request, "celeryscope_published": 1.0})

    return run


@pytest.mark.parametrize("style", Style)
@given(
    name=wild.filter(lambda name: not name.startswith("celery.")),
    exception=wild.filter(lambda name: name.isprintable()),
    queue=wild.filter(bool),
    worker=wild,
)
def test_whatever_the_names_are_lines_are_valid_and_as_many_as_for_plain_names(
    style: Style, name: str, exception: str, queue: str, worker: str
) -> None:
    app = Celery("wild", broker="memory://", set_as_current=False)
    celeryscope.instrument(app, style=style)
    with capture(app) as captured:
        failing_task(app, name, exception)(queue, worker or "w")
    with capture(app) as plain:
        failing_task(app, "plain", "KeyError")("mail", "celery@host")

    assert [line for line in captured.lines if not re.fullmatch(VALID[style], line)] == []
    assert len(captured.lines) == len(plain.lines)


@contextmanager
def udp(_: Path) -> Iterator[tuple[str, Lines]]:
    with receiver() as heard:
        yield heard.address, lambda: b"\n".join(heard.datagrams()).split(b"\n")


@contextmanager
def unix(folder: Path) -> Iterator[tuple[str, Lines]]:
    with unix_receiver(folder / "statsd.sock") as heard:
        found: list[bytes] = []

        def lines() -> list[bytes]:
            found.extend(heard.datagrams())
            return b"\n".join(found).split(b"\n")

        yield heard.address, lines


@contextmanager
def tcp(_: Path) -> Iterator[tuple[str, Lines]]:
    with tcp_receiver() as heard:
        yield heard.address, heard.lines


@pytest.mark.parametrize("transport", [udp, unix, tcp])
@pytest.mark.parametrize("style", Style)
@given(name=wild.filter(lambda name: not name.startswith("celery.")), queue=wild.filter(bool))
@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_the_names_are_every_transport_brings_valid_lines(
    tmp_path: Path,
    transport: Callable[[Path], AbstractContextManager[tuple[str, Lines]]],
    style: Style,
    name: str,
    queue: str,
) -> None:
    app = Celery("wild", broker="memory://", set_as_current=False)
    with transport(tmp_path) as (address, lines):
        celeryscope.instrument(app, statsd=address, style=style)
        failing_task(app, name, "KeyError")(queue, "celery@host")
        wait_until(lambda: any(b"KeyError" in line for line in lines()), what="the last datagram")
        celeryscope.instrument(app, statsd="127.0.0.1:1")

        heard = [line.decode() for line in lines() if not line.startswith(b"celeryscope.")]
    assert [line for line in heard if not re.fullmatch(VALID[style], line)] == []
