import logging

import pytest

from celeryscope.worker.log import SparingLog


def test_it_speaks_once_a_minute(caplog: pytest.LogCaptureFixture) -> None:
    now = 0.0
    log = SparingLog(logging.getLogger("celeryscope"), clock=lambda: now)

    for now in (0.0, 59.0, 60.0, 61.0, 120.0):
        log.warning("at %s", now)

    assert caplog.messages == ["at 0.0", "at 60.0", "at 120.0"]
