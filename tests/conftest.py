"""What holds for all tests."""

from collections.abc import Generator

import pytest
from hypothesis import settings

# How long one example takes says nothing on a machine that does other work, too.
settings.register_profile("no deadline", deadline=None)
settings.load_profile("no deadline")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    # Reports travel between processes as UTF-8, and some tests log names that are none.
    report.sections = [
        (name, text.encode(errors="backslashreplace").decode()) for name, text in report.sections
    ]
    return report
