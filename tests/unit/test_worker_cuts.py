import sys
from types import SimpleNamespace

import pytest

from celeryscope.worker.cuts import Cut, cut_by


class GreenletExit(BaseException):
    """What ends a greenlet from outside."""


class Timeout(BaseException):
    """Gevent's time limit."""


@pytest.fixture
def _greenlets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "greenlet", SimpleNamespace(GreenletExit=GreenletExit))
    monkeypatch.setitem(sys.modules, "gevent", SimpleNamespace(Timeout=Timeout))


@pytest.mark.usefixtures("_greenlets")
@pytest.mark.parametrize(
    ("error", "cut"),
    [
        (GreenletExit(), Cut.ENDED),
        (Timeout(), Cut.TIMED_OUT),
        (SystemExit(1), Cut.ABORTED),
        (KeyboardInterrupt(), Cut.ABORTED),
        (None, Cut.ABORTED),
    ],
)
def test_the_exception_in_flight_tells_who_cut_a_run_short(
    error: BaseException | None, cut: Cut
) -> None:
    assert cut_by(error, in_pool_process=False) is cut


@pytest.mark.parametrize("error", [SystemExit(-241), SystemExit(1), None])
def test_a_process_of_a_pool_never_tells_the_outcome(error: BaseException | None) -> None:
    assert cut_by(error, in_pool_process=True) is Cut.LEFT


def test_without_greenlets_their_exceptions_are_nobodys(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("greenlet", "gevent"):
        monkeypatch.delitem(sys.modules, module, raising=False)

    assert cut_by(GreenletExit(), in_pool_process=False) is Cut.ABORTED
