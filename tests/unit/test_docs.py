"""The docs say what is: nothing that the code knows is missing, and no link leads nowhere."""

import re
import shlex
from dataclasses import fields
from pathlib import Path
from runpy import run_path

import pytest

from celeryscope.commands import celeryscope
from celeryscope.graphite.functions import FUNCTIONS
from celeryscope.metrics import CATALOGUE
from celeryscope.settings import (
    Settings,
    is_switch,
    load_settings,
    option_name,
    variable_name,
)
from celeryscope.statsd.bad_lines import Reason
from celeryscope.web.view import SORTS, View
from celeryscope.worker.settings import Settings as WorkerSettings
from celeryscope.worker.settings import variable_name as environment_variable
from support.docs import PAGES, ROOT, anchors, blocks, commands, headings, links, read

READMES = ("README.md", "README.zh-CN.md")
every_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)


@every_page
def test_generated_parts_are_what_the_code_says(page: Path) -> None:
    generated = run_path(str(ROOT / "docs" / "generate.py"))["generated"]
    text = page.read_text(encoding="utf-8")
    assert generated(text) == text, "run scripts/docs"


def test_every_setting_is_documented() -> None:
    page = read("docs/settings.md")
    for key in Settings.model_fields:
        option = f"`{option_name(key)}`"
        if is_switch(key):
            option += f", `{option_name(f'no_{key}')}`"
        assert f"| `{key}` | {option} | `{variable_name(key)}` |" in page


def test_every_setting_of_the_library_is_documented() -> None:
    page = read("docs/guide.md")
    for name in (field.name for field in fields(WorkerSettings)):
        row = f"| `{name}` | `app.conf.celeryscope_{name}` | `{environment_variable(name)}` |"
        assert row in page


def test_every_metric_is_documented() -> None:
    page = read("docs/metrics.md")
    for metric in CATALOGUE:
        assert f"| `{metric.leaf}` |" in page
        assert metric.help in page


def test_every_reason_for_a_bad_line_is_documented() -> None:
    page = read("docs/metrics.md")
    assert all(f"| `{reason.value}` |" in page for reason in Reason)


def test_every_command_is_documented() -> None:
    page = read("docs/settings.md")
    assert all(f"Usage: celeryscope {name} " in page for name in celeryscope.commands)


def test_every_function_is_documented_by_all_its_names() -> None:
    page = read("docs/api.md")
    for name, declared in FUNCTIONS.items():
        assert f"`{declared.name}(" in page
        assert name == declared.name or f"| `{name}`" in page or f", `{name}`" in page


def test_every_parameter_of_the_pages_is_documented() -> None:
    page = read("docs/pages.md")
    keys = {field.name for field in fields(View)} - {"zoom"} | {"from", "until"}
    assert all(f"`{key}`" in page for key in keys | set(SORTS))


@every_page
def test_every_link_leads_to_a_file_and_a_heading(page: Path) -> None:
    for link in links(page.read_text(encoding="utf-8")):
        name, _, anchor = link.partition("#")
        target = page.parent / name if name else page
        assert target.is_file(), link
        if anchor:
            assert anchor in anchors(target.read_text(encoding="utf-8")), link


@every_page
def test_every_script_that_is_named_exists(page: Path) -> None:
    for script in re.findall(r"\bscripts/[a-z]+", page.read_text(encoding="utf-8")):
        assert (ROOT / script).is_file(), script


@every_page
def test_every_command_line_is_understood(page: Path) -> None:
    for line in commands(page.read_text(encoding="utf-8")):
        program, *words = shlex.split(line)
        if program == "celeryscope":
            name, *flags = words
            given = celeryscope.commands[name].make_context(name, flags).params
            options = {key: given[key] for key in Settings.model_fields if given.get(key)}
            assert load_settings(options, environ={}) is not None


def test_the_example_file_of_settings_is_one(tmp_path: Path) -> None:
    (example,) = blocks(read("docs/settings.md"), "toml")
    (tmp_path / "celeryscope.toml").write_text(example.text)
    settings = load_settings({}, environ={}, config=tmp_path / "celeryscope.toml")
    assert settings.data == Path("/var/lib/celeryscope")


@pytest.mark.parametrize("readme", READMES)
def test_a_readme_starts_the_demo_and_the_tests(readme: str) -> None:
    assert {"scripts/demo", "scripts/test", "celeryscope serve"} <= set(commands(read(readme)))


def test_both_readmes_have_the_same_parts_and_commands() -> None:
    english, chinese = map(read, READMES)
    assert [depth for depth, _ in headings(english)] == [depth for depth, _ in headings(chinese)]
    assert commands(english) == commands(chinese)
    assert set(links(english)) - set(READMES) == set(links(chinese)) - set(READMES)
    assert english.count("\n|") == chinese.count("\n|")
