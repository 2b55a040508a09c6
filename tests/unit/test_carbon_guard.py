from celeryscope.carbon.decode import Decoder
from celeryscope.carbon.guard import Guard
from celeryscope.carbon.refusals import Reason, Refusals

NOW = 1_700_000_000.0
STORED = {"stored.1", "stored.2", "stored.3"}


class Guarded:
    """A decoder of which two paths are taken at once, and six a minute."""

    def __init__(self) -> None:
        self.now = 0.0
        guard = Guard(6, 2, STORED.__contains__, lambda: self.now)
        self.refusals = Refusals(lambda: NOW)
        self._decoder = Decoder(self.refusals, lambda: NOW, guard.admit)

    def names(self, *names: str, value: str = "1") -> list[str]:
        """Return the names of the lines that come in."""
        lines = "\n".join(f"{name} {value} 1600000000" for name in names).encode()
        return list(self._decoder.lines(lines, "tcp 127.0.0.1:45678").names)


def test_only_so_many_new_paths_come_in() -> None:
    guarded = Guarded()
    assert guarded.names("a", "b", "c", "a", "d", "b") == ["a", "b", "a", "b"]
    assert guarded.refusals.take_counts()["bad_lines.new"] == 2
    shown = guarded.refusals.last()
    assert [(one.line, one.reason) for one in shown] == [
        ("c 1 1600000000", Reason.NEW),
        ("d 1 1600000000", Reason.NEW),
    ]


def test_more_come_in_as_time_passes() -> None:
    guarded = Guarded()
    guarded.names("a", "b")
    guarded.now += 20
    assert guarded.names("c", "d", "e") == ["c", "d"]


def test_what_is_stored_is_not_new_and_takes_no_place() -> None:
    guarded = Guarded()
    assert guarded.names(*sorted(STORED), "a", "b", "c") == [*sorted(STORED), "a", "b"]


def test_a_refused_path_among_many_spoils_no_other() -> None:
    many = ["a", "b", *["stored.1"] * 100, "c", *["stored.2"] * 100]
    assert Guarded().names(*many) == [name for name in many if name != "c"]


def test_a_bad_line_takes_no_place_of_a_good_one() -> None:
    guarded = Guarded()
    assert guarded.names("a", "b", "c", value="nan") == []
    assert guarded.names("d", "e", "f") == ["d", "e"]
