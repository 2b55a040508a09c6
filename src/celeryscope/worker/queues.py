"""The names of queues behind a message's exchange and routing key."""

from celery import Celery


def queue_name(app: Celery, exchange: object, routing_key: str) -> str:
    """Return the queue that a message goes to, or its routing key when that is not known."""
    name = str(getattr(exchange, "name", exchange) or "")
    if not name:  # the default exchange: routing keys are queue names
        return routing_key
    for queue in list(app.amqp.queues.values()):
        if queue.exchange.name == name and queue.routing_key == routing_key:
            return str(queue.name)
    return routing_key
