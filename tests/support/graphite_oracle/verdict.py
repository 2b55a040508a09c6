"""Asks both sides the same, and tells what is different but for what a deviation covers."""

from collections.abc import Mapping, Sequence

import httpx
import pytest

from celeryscope.graphite import evaluate
from celeryscope.graphite.errors import RequestError
from celeryscope.graphite.series import TimeSeries
from celeryscope.graphite.span import Span
from support.fake_store import FakeStore
from support.graphite_oracle import Oracle
from support.graphite_oracle.changes import undone
from support.graphite_oracle.comparison import Line, difference, of_ours, of_theirs
from support.graphite_oracle.deviations import ALL, Case, deviation
from support.graphite_oracle.ours import ArrayFetcher

_SHOWN = 4


class Judge:
    """Compares answers over the same arrays, `earlier` seconds before for graphite-web."""

    def __init__(
        self,
        oracle: Oracle,
        arrays: Mapping[str, TimeSeries],
        patch: pytest.MonkeyPatch,
        earlier: int = 0,
    ) -> None:
        self._oracle = oracle
        self._earlier = earlier
        patch.setattr(evaluate, "Fetcher", lambda *given: ArrayFetcher(arrays, given[-1]))

    def differences(self, cases: Sequence[Case]) -> str:
        """Tell of the first cases whose answers differ, and how many there are; or nothing."""
        found = {case: why for case in cases if (why := self._difference(case))}
        shown = "\n".join(f"{case}: {why[:600]}" for case, why in list(found.items())[:_SHOWN])
        return f"{len(found)} of {len(cases)}:\n{shown}" if found else ""

    def _difference(self, case: Case) -> str:
        answer = self._oracle.get("/render", case.query(self._earlier))
        try:
            lines, refusal = _rendered(case), ""
        except RequestError as error:
            lines, refusal = [], str(error)
        rule = deviation(case, answer.status, refused=bool(refusal))
        if (answer.status == httpx.codes.OK) is bool(refusal):
            return (
                "" if rule else f"graphite-web answers {answer.status}, ours is {refusal or lines}"
            )
        if refusal:
            return ""
        return difference(lines, undone(case, lines, of_theirs(answer)), rule.same if rule else ALL)


def _rendered(case: Case) -> list[Line]:
    span = Span(case.start, case.end, case.points, now=case.end, xff=case.xff or 0.0)
    return [of_ours(one) for one in evaluate.render(FakeStore(), (), [case.target], span)]
