"""What the demo's tasks are like: how often, how long, and how they end."""

from dataclasses import dataclass, field

INCIDENT_PERIOD = 300
INCIDENT_SECONDS = 45


class CardDeclinedError(Exception):
    """The card was refused: a final failure."""


class GatewayTimeoutError(Exception):
    """The payment gateway did not answer."""


class MailServerBusyError(Exception):
    """The mail server asked to come back later."""


class BrokenImageError(Exception):
    """The picture cannot be read."""


class PartnerDownError(Exception):
    """A partner's API did not answer."""


@dataclass(frozen=True, slots=True)
class TaskKind:
    """One task: runs a second, log-normal run time, and the odds of other endings than success.

    `trouble` marks the task that the recurring incident slows down and fails.
    """

    name: str
    queue: str
    per_second: float
    median_ms: float
    spread: float
    failures: dict[type[Exception], float] = field(default_factory=dict)
    retries: float = 0.0
    countdown: float = 0.0
    trouble: bool = False


KINDS = (
    TaskKind(
        "shop.orders.tasks.charge",
        "default",
        4.0,
        60,
        0.5,
        {CardDeclinedError: 0.012, GatewayTimeoutError: 0.004},
        retries=0.02,
        trouble=True,
    ),
    TaskKind("shop.orders.tasks.reserve_stock", "default", 4.0, 12, 0.4, {KeyError: 0.0005}),
    TaskKind("shop.orders.tasks.cancel", "default", 0.2, 25, 0.4),
    TaskKind(
        "shop.mail.tasks.send_receipt",
        "mail",
        2.5,
        30,
        0.5,
        {MailServerBusyError: 0.004},
        retries=0.04,
    ),
    TaskKind("shop.mail.tasks.digest", "mail", 0.2, 300, 0.6, countdown=5),
    TaskKind("shop.images.tasks.thumbnail", "media", 1.5, 80, 0.7, {BrokenImageError: 0.003}),
    TaskKind("search.index.tasks.update", "default", 3.0, 15, 0.4),
    TaskKind("search.index.tasks.rebuild", "reports", 0.02, 3000, 0.3),
    TaskKind("reports.daily.build", "reports", 0.05, 2000, 0.4),
    TaskKind("reports.daily.export_csv", "reports", 0.1, 700, 0.5, {UnicodeEncodeError: 0.03}),
    TaskKind("billing.invoices.issue", "default", 0.6, 45, 0.5, {ValueError: 0.01}),
    TaskKind("billing.invoices.remind", "default", 0.3, 20, 0.5, countdown=10),
    TaskKind("partners.sync.pull", "default", 0.4, 150, 0.9, {PartnerDownError: 0.05}, retries=0.1),
    TaskKind("heartbeat", "default", 0.2, 2, 0.3),
)


def in_incident(now: float) -> bool:
    """Tell whether the payment gateway has its recurring trouble."""
    return now % INCIDENT_PERIOD > INCIDENT_PERIOD - INCIDENT_SECONDS
