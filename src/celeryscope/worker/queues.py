"""The names of queues behind a message's exchange and routing key."""

from collections.abc import Sequence

from celery import Celery
from kombu import Queue


def queue_name(app: Celery, exchange: str | None, routing_key: str) -> str:
    """Return the queue that a message goes to, or its routing key when that is not known."""
    if not exchange:  # on the default exchange routing keys are queue names
        return routing_key
    known = list(app.amqp.queues.values())
    queues = [queue for queue in known if queue.exchange.name == exchange]
    return next((str(queue.name) for queue in queues if _takes(queue, routing_key)), routing_key)


def _takes(queue: Queue, routing_key: str) -> bool:
    if queue.exchange.type == "topic":
        return _matches(queue.routing_key.split("."), routing_key.split("."))
    return queue.exchange.type == "fanout" or queue.routing_key == routing_key


def _matches(pattern: Sequence[str], words: Sequence[str]) -> bool:
    if not pattern:
        return not words
    if pattern[0] == "#":  # any number of words, or none
        return any(_matches(pattern[1:], words[skipped:]) for skipped in range(len(words) + 1))
    return bool(words) and pattern[0] in ("*", words[0]) and _matches(pattern[1:], words[1:])
