from celeryscope.outputs.tally import Tally


def test_counts_are_told_once() -> None:
    tally = Tally("test")
    tally.count(sent=2, dropped=1)
    tally.count(sent=1)
    assert tally.take() == {"outputs.test.sent": 3, "outputs.test.dropped": 1}
    assert tally.take() == {"outputs.test.sent": 0, "outputs.test.dropped": 0}


def test_what_turns_out_lost_after_it_was_told_as_sent_is_taken_off_the_next() -> None:
    tally = Tally("test")
    tally.count(sent=-1, dropped=1)
    assert tally.take() == {"outputs.test.sent": 0, "outputs.test.dropped": 1}
    tally.count(sent=3)
    assert tally.take() == {"outputs.test.sent": 2, "outputs.test.dropped": 0}
