"""Events through a real server: none that was answered is lost when the server is killed."""

from pathlib import Path
from threading import Thread

import httpx

from support.processes import wait_until
from support.server import ServerUnderTest, celeryscope_server


def stored(server: ServerUnderTest) -> list[int]:
    events = httpx.get(f"{server.url}/events/get_data", params={"tags": "deploy"}).json()
    return [int(event["what"]) for event in events]


def test_every_event_that_was_answered_is_there_after_a_kill(tmp_path: Path) -> None:
    answered: list[int] = []

    def post_until_refused(url: str) -> None:
        number = 0
        try:
            while True:
                event = {"what": str(number), "tags": ["deploy"]}
                assert httpx.post(f"{url}/events/", json=event).is_success
                answered.append(number)
                number += 1
        except httpx.TransportError:
            return

    with celeryscope_server(tmp_path) as server:
        poster = Thread(target=post_until_refused, args=(server.url,))
        poster.start()
        wait_until(lambda: len(answered) > 50, what="some events")
        server.running.kill()
        poster.join()
    with celeryscope_server(tmp_path) as server:
        found = stored(server)
    # The one in flight may be there, too.
    assert found in (answered, [*answered, len(answered)])
