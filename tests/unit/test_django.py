import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

import celeryscope
from celeryscope.django.checks import messages
from celeryscope.django.conf import given
from support.udp import Receiver, receiver

SETTINGS = """
INSTALLED_APPS = ["celeryscope.django"]
SECRET_KEY = "made up"
CELERY_TASK_IGNORE_RESULT = True
CELERY_BROKER_URL = "memory://"
"""
CELERY = """
import os
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "proj.settings")
from celery import Celery
app = Celery("proj")
app.config_from_object("django.conf:settings", namespace="CELERY")

@app.task(name="proj.add", shared=False)
def add():
    pass
"""
USE = "proj.celery.add.apply()\nproj.celery.add.apply_async()\n"
EARLY_APP = f"import django, proj.celery\ndjango.setup()\n{USE}"
LATE_APP = f"import django\ndjango.setup()\nimport proj.celery\n{USE}"


@pytest.fixture
def heard() -> object:
    with receiver() as listening:
        yield listening


def project(folder: Path, settings: str) -> dict[str, str]:
    """Write a Django project as its documentation has it; return the environment to run it in."""
    package = folder / "proj"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "celery.py").write_text(CELERY)
    (package / "settings.py").write_text(SETTINGS + settings)
    path = f"{folder}:{Path(celeryscope.__file__).parents[1]}"
    return {**os.environ, "PYTHONPATH": path, "DJANGO_SETTINGS_MODULE": "proj.settings"}


def run(env: dict[str, str], *command: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, *command], env=env, capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize("program", [EARLY_APP, LATE_APP], ids=["early app", "late app"])
def test_an_installed_app_instruments_the_projects_celery_app(
    tmp_path: Path, heard: Receiver, program: str
) -> None:
    table = f"CELERYSCOPE = {{'STATSD': {heard.address!r}, 'PREFIX': 'table'}}\n"
    done = run(project(tmp_path, table), "-c", program)

    assert done.returncode == 0, done.stderr
    assert heard.counts()["table.task.proj._.add.success"] == 1
    assert heard.counts()["table.task.proj._.add.published"] == 1


def test_a_projects_tests_capture_by_its_settings(tmp_path: Path) -> None:
    program = (
        "import django, proj.celery\ndjango.setup()\nimport celeryscope.testing\n"
        "with celeryscope.testing.capture(proj.celery.app) as captured:\n"
        "    proj.celery.add.apply()\n"
        "assert captured.counters['mine.task.proj._.add.success'] == 1, captured.lines\n"
    )
    done = run(project(tmp_path, "CELERYSCOPE_PREFIX = 'mine'\n"), "-c", program)

    assert done.returncode == 0, done.stderr


def test_arguments_of_the_projects_own_call_win(tmp_path: Path, heard: Receiver) -> None:
    call = f"import celeryscope; celeryscope.instrument(app, statsd={heard.address!r})\n"
    env = project(tmp_path, "CELERYSCOPE_PREFIX = 'never'\n")
    with (tmp_path / "proj" / "celery.py").open("a") as celery:
        celery.write(call)
    done = run(env, "-c", EARLY_APP)

    assert done.returncode == 0, done.stderr
    assert heard.counts()["celery.task.proj._.add.success"] == 1


def test_what_the_project_does_not_say_comes_from_the_environment(
    tmp_path: Path, heard: Receiver
) -> None:
    env = project(tmp_path, "CELERYSCOPE_PREFIX = 'single'\n")
    done = run({**env, "CELERYSCOPE_STATSD": heard.address}, "-c", EARLY_APP)

    assert done.returncode == 0, done.stderr
    assert heard.counts()["single.task.proj._.add.success"] == 1


def test_a_bad_value_stops_the_check_and_not_the_site(tmp_path: Path) -> None:
    env = project(tmp_path, "CELERYSCOPE = {'STATSD': 'nowhere'}\n")
    checked = run(env, "-m", "django", "check")
    site = run(env, "-c", EARLY_APP)

    assert checked.returncode == 1
    assert "(celeryscope.E001) statsd is 'nowhere' in CELERYSCOPE['STATSD']." in checked.stderr
    assert "HINT: Allowed is HOST:PORT" in checked.stderr
    assert site.returncode == 0
    assert "nothing is sent" in site.stderr


def test_a_good_project_passes_the_check(tmp_path: Path) -> None:
    checked = run(project(tmp_path, "CELERYSCOPE_STYLE = 'influx'\n"), "-m", "django", "check")

    assert (checked.returncode, checked.stderr) == (0, "")


def said(settings: dict[str, object], **environ: str) -> list[tuple[str, str, str]]:
    found = messages(SimpleNamespace(**settings), environ)
    return [(str(one.id), str(one.msg), str(one.hint)) for one in found]


def test_an_unknown_key_is_a_warning_with_the_near_one() -> None:
    assert said({"CELERYSCOPE": {"STATD": "h:1"}, "CELERYSCOPE_COLOUR": "red"}) == [
        (
            "celeryscope.W001",
            "celeryscope knows no setting STATD: CELERYSCOPE['STATD'].",
            "Did you mean STATSD?",
        ),
        (
            "celeryscope.W001",
            "celeryscope knows no setting COLOUR: the Django setting CELERYSCOPE_COLOUR.",
            "Known are STATSD, PREFIX, LAYOUT, STYLE, NAMES, MAX_NAMES, BUILTIN_TASKS.",
        ),
    ]


def test_every_bad_value_is_an_error_that_names_its_source() -> None:
    found = said(
        {"CELERYSCOPE": {"LAYOUT": "flat"}, "CELERYSCOPE_MAX_NAMES": 0},
        CELERYSCOPE_BUILTIN_TASKS="maybe",
    )

    assert {identity for identity, _, _ in found} == {"celeryscope.E001"}
    assert [problem for _, problem, _ in found] == [
        "layout is 'flat' in CELERYSCOPE['LAYOUT'].",
        "max_names is 0 in the Django setting CELERYSCOPE_MAX_NAMES.",
        "builtin_tasks is 'maybe' in the environment variable CELERYSCOPE_BUILTIN_TASKS.",
    ]


def test_a_table_that_is_no_dict_is_an_error() -> None:
    ((identity, problem, hint),) = said({"CELERYSCOPE": "statsd:8125"})

    assert identity == "celeryscope.E001"
    assert problem == "CELERYSCOPE is 'statsd:8125' in the Django settings."
    assert hint == "Allowed is a dict."


def test_the_table_comes_before_single_settings() -> None:
    settings = SimpleNamespace(
        CELERYSCOPE={"PREFIX": "table"}, CELERYSCOPE_PREFIX="single", CELERYSCOPE_STYLE="influx"
    )

    assert given(settings) == {"prefix": "table", "style": "influx"}
