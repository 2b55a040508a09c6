import asyncio
import threading
from collections.abc import AsyncIterator

from celeryscope.web.live import FlushEvent, LiveFeed, stream


async def _next_news(events: AsyncIterator[bytes]) -> bytes:
    return await asyncio.wait_for(anext(events), 5)


def test_a_flush_published_in_another_thread_reaches_every_stream() -> None:
    async def scene() -> None:
        feed = LiveFeed()
        streams = [stream(feed), stream(feed)]
        for one in streams:
            assert await _next_news(one) == b"retry: 2000\n\n"
        threading.Thread(target=feed.publish, args=[FlushEvent(1700000000, 10)]).start()
        for one in streams:
            assert await _next_news(one) == b'data: {"flush":1700000000,"seconds":10}\n\n'
        feed.close()

    asyncio.run(scene())


def test_a_silent_feed_sends_heartbeats() -> None:
    async def scene() -> None:
        feed = LiveFeed()
        events = stream(feed, heartbeat=0.001)
        assert [await _next_news(events) for _ in range(3)] == [
            b"retry: 2000\n\n",
            b": no news\n\n",
            b": no news\n\n",
        ]

    asyncio.run(scene())


def test_a_page_that_falls_behind_loses_the_oldest_events() -> None:
    async def scene() -> None:
        feed = LiveFeed()
        with feed.subscribe() as subscription:
            for start in range(100):
                feed.publish(FlushEvent(start, 1))
            await asyncio.sleep(0)
            first = await subscription.next(5)
        assert first == FlushEvent(84, 1)

    asyncio.run(scene())


def test_a_closed_feed_ends_its_streams_and_new_ones_at_once() -> None:
    async def scene() -> None:
        feed = LiveFeed()
        before = stream(feed)
        await _next_news(before)
        waiting = asyncio.create_task(anext(before, b"the end"))
        await asyncio.sleep(0)
        threading.Thread(target=feed.close).start()
        assert await asyncio.wait_for(waiting, 5) == b"the end"
        assert [event async for event in stream(feed)] == [b"retry: 2000\n\n"]

    asyncio.run(scene())


def test_pages_that_left_are_forgotten() -> None:
    async def scene() -> LiveFeed:
        feed = LiveFeed()
        with feed.subscribe():
            feed.publish(FlushEvent(1, 1))
        return feed

    feed = asyncio.run(scene())
    feed.publish(FlushEvent(2, 1))
    assert not feed._open
    feed.close()
