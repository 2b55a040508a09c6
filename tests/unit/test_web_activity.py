import numpy as np

from celeryscope.flush import Flush
from celeryscope.naming import Layout
from celeryscope.web import activity, catalog
from celeryscope.web.activity import Activity
from support.fake_store import FakeStore

START = 1_700_000_400
CHARGE, MAIL = "celery.task.shop.orders.charge", "celery.task.shop.mail.send"


def _store() -> FakeStore:
    """Hold ten seconds of work, a gap of ten, and then half an interval's worth."""
    store = FakeStore()
    store.write(
        Flush(
            START,
            10,
            counters={f"{CHARGE}.success": 60, f"{CHARGE}.failure": 20, f"{MAIL}.success": 20},
        )
    )
    store.write(
        Flush(
            START + 20,
            5,
            counters={f"{MAIL}.success": 10, f"{MAIL}.retry": 5, "celeryscope.client.dropped": 3},
        )
    )
    store.write(Flush(START + 30, 10, counters={"celeryscope.dropped.socket": 4}))
    return store


def _activity() -> Activity:
    store = _store()
    tasks = catalog.tasks(store, "celery", Layout.LEVELS)
    return activity.activity(store, tasks, store.window(START, START + 40))


def test_rates_divide_by_the_seconds_in_which_the_server_listened() -> None:
    success, retry, failure = _activity().rates()
    np.testing.assert_equal(success, [8, np.nan, 2, 0])
    np.testing.assert_equal(retry, [0, np.nan, 1, 0])
    np.testing.assert_equal(failure, [2, np.nan, 0, 0])
    assert _activity().rate() == 115 / 25


def test_the_failed_share_is_of_final_ends() -> None:
    assert _activity().failed_ratio() == 20 / 110
    np.testing.assert_equal(_activity().failed_by_interval(), [0.2, np.nan, 0, np.nan])


def test_lost_datagrams_of_clients_and_server_add_up() -> None:
    assert _activity().lost == 7


def test_no_tasks_have_no_activity() -> None:
    store = _store()
    nothing = activity.activity(store, [], store.window(START, START + 40))
    assert nothing.runs == 0
    assert np.isnan(nothing.failed_ratio())
