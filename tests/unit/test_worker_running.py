from celeryscope.worker.running import Running


def test_a_run_is_forgotten_when_it_ends() -> None:
    running: Running[str] = Running()
    running.start("id", "kind")

    kind, seconds = running.end("id") or ("", -1.0)

    assert kind == "kind"
    assert 0 <= seconds < 1
    assert len(running) == 0


def test_an_end_without_a_start_is_nothing() -> None:
    assert Running[str]().end("id") is None


def test_runs_of_one_id_within_each_other_end_inside_out() -> None:
    running: Running[str] = Running()
    running.start("id", "outer")
    running.start("id", "inner")

    ended = [running.end("id"), running.end("id"), running.end("id")]

    assert [run and run[0] for run in ended] == ["inner", "outer", None]
    assert len(running) == 0


def test_runs_that_never_end_do_not_pile_up() -> None:
    running: Running[int] = Running()
    for number in range(25_000):
        running.start(str(number), number)

    assert len(running) == 10_000
    assert running.end("0") is None
    assert running.end("24999") is not None


def test_a_run_is_known_while_it_lasts() -> None:
    running: Running[str] = Running()
    running.start("id", "kind")

    assert "id" in running
    assert "other" not in running


def test_a_forked_child_forgets_the_runs_that_its_parent_will_end() -> None:
    running: Running[str] = Running()
    running.start("id", "kind")
    running.forget()

    assert running.end("id") is None
