"""The settings with their defaults and descriptions.

A setting `flush_interval` is the option `--flush-interval`, the variable
`CELERYSCOPE_FLUSH_INTERVAL` and the key `flush_interval` of the TOML file, where it is a string
as on the command line. A switch is also an option without a value: `--console`, `--no-store`.
"""

from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, field_validator

from celeryscope.address import Address, Endpoint, Transport
from celeryscope.carbon.target import Target
from celeryscope.metrics import Kind
from celeryscope.naming import Layout
from celeryscope.outputs.prometheus.histogram import BUCKETS
from celeryscope.settings import access, texts
from celeryscope.settings.access import Network
from celeryscope.settings.texts import Form, Histogram
from celeryscope.settings.values import RuleFile
from celeryscope.store.patterns import Aggregation, Schema
from celeryscope.store.tiers import Tier, format_duration, parse_retentions


class Settings(BaseModel):
    """What `celeryscope serve` runs with."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    http: Annotated[Address, texts.ADDRESS] = Field(
        Address("127.0.0.1", 8888), description="Where pages and API are served, as HOST:PORT."
    )
    statsd: Annotated[tuple[Endpoint, ...], texts.ENDPOINTS] = Field(
        (Endpoint(Transport.UDP, Address("127.0.0.1", 8125)),),
        description="Where StatsD is received: HOST:PORT (UDP), tcp://HOST:PORT, unix:///PATH, "
        "or several with commas between.",
    )
    admin: Annotated[Address | None, texts.LOOPBACK] = Field(
        Address("127.0.0.1", 8126), description="Loopback address of the admin port, or off."
    )
    store: Annotated[bool, texts.SWITCH] = Field(
        default=True,
        description="Whether flushes are stored; a server without a store only hands them on.",
    )
    data: Annotated[Path, texts.FOLDER] = Field(
        Path("celeryscope-data"), description="Folder of the store, for one server alone."
    )
    retentions: Annotated[tuple[Tier, ...], texts.RETENTIONS] = Field(
        parse_retentions("10s:2d,1m:30d,10m:2y"),
        description="STEP:RETENTION, finest first; each step a multiple of the one before.",
    )
    storage_schemas: Annotated[RuleFile[Schema], texts.SCHEMAS] = Field(
        RuleFile(),
        description="A file as Carbon's storage-schemas.conf: other retentions for names that "
        "match a pattern.",
    )
    storage_aggregation: Annotated[RuleFile[Aggregation], texts.AGGREGATIONS] = Field(
        RuleFile(),
        description="A file as Carbon's storage-aggregation.conf: how plain series are rolled up.",
    )
    carbon_line: Annotated[Address | None, texts.OPTIONAL_ADDRESS] = Field(
        None, description="Where Carbon's lines are received by TCP and UDP, or off."
    )
    carbon_pickle: Annotated[Address | None, texts.OPTIONAL_ADDRESS] = Field(
        None, description="Where Carbon's pickles are received by TCP, or off."
    )
    flush_interval: Annotated[float, texts.INTERVAL] = Field(
        10.0,
        description="How often what was received is stored and handed on; the finest retention's "
        "step or a part of it, at least 100ms.",
        validate_default=True,
    )
    prefix: Annotated[str, texts.PREFIX] = Field(
        "celery", description="First path nodes of the workers' series, as the workers have it."
    )
    layout: Annotated[Layout, texts.LAYOUT] = Field(
        Layout.LEVELS, description="How task names become paths: levels or dotted."
    )
    percentiles: Annotated[tuple[float, ...], texts.THRESHOLDS] = Field(
        (50.0, 90.0, 95.0, 99.0),
        description="Thresholds that a timer's tree lists and that outputs send; any other can "
        "be asked for, too.",
    )
    histogram: Annotated[tuple[Histogram, ...], texts.HISTOGRAMS] = Field(
        (),
        description="Bins of timers whose name has PART, as PART:BIN,BIN,...;PART:...; the first "
        "that fits is taken.",
    )
    timer_metrics: Annotated[tuple[str, ...], texts.STATISTICS] = Field(
        (),
        description="Statistics of timers that outputs send, as count,upper_percent; all if empty.",
    )
    delete_idle: Annotated[frozenset[Kind], texts.KINDS] = Field(
        frozenset(),
        description="Series that outputs leave out while idle: none, all, or some of counters, "
        "timers, gauges, sets.",
    )
    gauge_ttl: Annotated[int | None, texts.LIFETIME] = Field(
        300, description="How long a gauge keeps a value that is not written again, or never."
    )
    sanitise_names: Annotated[bool, texts.SWITCH] = Field(
        default=True, description="Whether names are cleaned as node statsd cleans them."
    )
    max_series: Annotated[int, texts.COUNT] = Field(
        100_000, description="Series that an interval takes at most."
    )
    max_new_series: Annotated[int, texts.COUNT] = Field(
        50_000, description="Series never seen before that a minute takes at most."
    )
    max_query_time: Annotated[float, texts.INTERVAL] = Field(
        30.0, description="How long a request may be worked on, its waiting for a turn included."
    )
    max_query_values: Annotated[int, texts.COUNT] = Field(
        10_000_000, description="Values that answering a request may take, of all series."
    )
    max_queries: Annotated[int, texts.COUNT] = Field(
        4, description="Requests that are worked on at a time; others wait in order."
    )
    legacy_namespace: Annotated[bool, texts.SWITCH] = Field(
        default=False, description="Whether Graphite names are those of node's legacyNamespace."
    )
    global_prefix: Annotated[str, texts.NODES] = Field(
        "stats", description="First nodes of Graphite names."
    )
    prefix_counter: Annotated[str, texts.NODES] = Field(
        "counters", description="Nodes of counters after the global prefix."
    )
    prefix_timer: Annotated[str, texts.NODES] = Field(
        "timers", description="Nodes of timers after the global prefix."
    )
    prefix_gauge: Annotated[str, texts.NODES] = Field(
        "gauges", description="Nodes of gauges after the global prefix."
    )
    prefix_set: Annotated[str, texts.NODES] = Field(
        "sets", description="Nodes of sets after the global prefix."
    )
    prefix_stats: Annotated[str, texts.NODES] = Field(
        "celeryscope", description="First nodes of the server's own series in outputs."
    )
    global_suffix: Annotated[str, texts.NODES] = Field(
        "", description="Last nodes of the Graphite names that outputs send."
    )
    carbon: Annotated[tuple[Target, ...], texts.CARBONS] = Field(
        (),
        description="Where flushes are sent as Carbon's lines: HOST:PORT or pickle://HOST:PORT, "
        "with commas between.",
    )
    carbon_buffer: Annotated[int, texts.SIZE] = Field(
        64_000_000, description="What is kept for each destination of carbon while it is away."
    )
    repeater: Annotated[tuple[Address, ...], texts.ADDRESSES] = Field(
        (),
        description="StatsD servers that get every datagram, too: HOST:PORT by UDP, with "
        "commas between.",
    )
    console: Annotated[bool, texts.SWITCH] = Field(
        default=False, description="Whether each flush is written to standard output, as JSON."
    )
    prometheus: Annotated[bool, texts.SWITCH] = Field(
        default=True, description="Whether /metrics is served for Prometheus."
    )
    prometheus_buckets: Annotated[tuple[float, ...], texts.BOUNDS] = Field(
        BUCKETS, description="Upper bounds of Prometheus' histograms, in seconds."
    )
    root_path: Annotated[str, access.ROOT_PATH] = Field(
        "", description="Path below which a proxy serves pages and API, as /celery."
    )
    access_file: Annotated[Path | None, access.FILE] = Field(
        None,
        description="File of the users and tokens that are let in, made by celeryscope access; "
        "everybody is without one.",
    )
    trusted_proxies: Annotated[tuple[Network, ...], access.NETWORKS] = Field(
        (),
        description="Addresses and networks of proxies whose X-Forwarded-For, X-Forwarded-Proto "
        "and user_header are believed.",
    )
    user_header: Annotated[str, access.HEADER] = Field(
        "",
        description="Header in which a trusted proxy names the user it has let in, as "
        "X-Forwarded-User.",
    )
    allowed_hosts: Annotated[tuple[str, ...], access.HOSTS] = Field(
        (),
        description="Names by which the server may be asked, besides loopback names and addresses.",
    )
    embed_origins: Annotated[tuple[str, ...], access.ORIGINS] = Field(
        (),
        description="Origins whose pages may show ours in frames, as https://grafana.example; any "
        "site may then show our pictures.",
    )

    @field_validator("flush_interval")
    @classmethod
    def _fits_the_finest_step(cls, seconds: float, others: ValidationInfo) -> float:
        tiers: tuple[Tier, ...] | None = others.data.get("retentions")
        if tiers and tiers[0].step * 1000 % round(seconds * 1000):
            step = format_duration(tiers[0].step)
            raise ValueError(f"allowed is {step}, the finest step of retentions, or a part of it")
        return seconds


def written(key: str, value: Any) -> str:  # noqa: ANN401 -- whatever the setting holds
    """Return a setting's value as it is written."""
    forms = (one for one in Settings.model_fields[key].metadata if isinstance(one, Form))
    return next(forms).show(value)


def written_default(key: str) -> str:
    return written(key, Settings.model_fields[key].default)


def is_switch(key: str) -> bool:
    """Tell whether a setting is an option that takes no value."""
    return Settings.model_fields[key].annotation is bool
