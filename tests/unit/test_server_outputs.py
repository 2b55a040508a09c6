import logging

import pytest

from celeryscope.server.outputs import Outputs
from celeryscope.settings.table import Settings

EMPTY = {"prefix_counter": "", "prefix_timer": "", "prefix_gauge": "", "prefix_set": ""}


def said(caplog: pytest.LogCaptureFixture, **settings: str) -> list[str]:
    caplog.set_level(logging.WARNING)
    Outputs(Settings.model_validate(settings))
    return caplog.messages


def test_kinds_that_share_a_place_are_told(caplog: pytest.LogCaptureFixture) -> None:
    [line] = said(caplog, **EMPTY)
    assert line.startswith("counters, gauges, sets, timers all stand under 'stats'")
    assert "share paths, such as NAME.count" in line


def test_some_of_them_are_told_apart_from_the_others(caplog: pytest.LogCaptureFixture) -> None:
    [line] = said(caplog, prefix_set="counters")
    assert line.startswith("counters, sets all stand under 'stats.counters'")


@pytest.mark.parametrize("settings", [{}, {**EMPTY, "legacy_namespace": "yes"}])
def test_prefixes_that_differ_need_no_word(
    caplog: pytest.LogCaptureFixture, settings: dict[str, str]
) -> None:
    assert said(caplog, **settings) == []
