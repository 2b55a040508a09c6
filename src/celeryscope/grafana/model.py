"""What a dashboard is made of: panels with a query in both languages, variables, rows."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum

GRID_WIDTH = 24
_ROW_HEIGHT = 1


class Edition(str, Enum):
    """Which data source a dashboard asks; the value is Grafana's name of its type."""

    GRAPHITE = "graphite"
    PROMETHEUS = "prometheus"

    @property
    def label(self) -> str:
        return self.value.title()


class Unit(Enum):
    """What values are in, as Grafana names it for each edition."""

    DURATION = ("ms", "s")
    RATE = ("ops", "ops")
    COUNT = ("short", "short")
    SHARE = ("percentunit", "percentunit")

    def of(self, edition: Edition) -> str:
        return self.value[edition is Edition.PROMETHEUS]

    def scaled(self, value: float, edition: Edition) -> float:
        """Return a value, of which durations are in seconds, as the edition has it."""
        milliseconds = self is Unit.DURATION and edition is Edition.GRAPHITE
        return value * 1000 if milliseconds else value


class Chart(Enum):
    """How a panel shows its values."""

    LINES = "lines"
    STACK = "areas on top of each other"
    NUMBER = "number"
    BARS = "bars"
    HEATMAP = "heatmap"


class Color(str, Enum):
    GREEN = "green"
    AMBER = "orange"
    RED = "red"
    BLUE = "blue"


@dataclass(frozen=True, slots=True)
class Step:
    """From `value` on, in seconds if it is a duration, a panel's color is another."""

    value: float
    color: Color


@dataclass(frozen=True, slots=True)
class Query:
    """One question in both languages; "" where a language cannot say it.

    `legend` is Prometheus' pattern of a series' name; Graphite's is in the query. `color` is for
    the one series of a query that always means the same. What is asked `over_range` is one value
    for the whole range.
    """

    graphite: str
    prometheus: str
    legend: str = ""
    color: Color | None = None
    over_range: bool = False

    @property
    def is_for_each(self) -> bool:
        """Tell whether it has a series for each of many, and not one that it names."""
        return "{{" in self.legend

    def text(self, edition: Edition) -> str:
        return self.graphite if edition is Edition.GRAPHITE else self.prometheus


@dataclass(frozen=True, slots=True)
class Link:
    """The dashboard one level down; a series' name becomes the value of its variable `sets`."""

    to: str
    sets: str = ""


@dataclass(frozen=True, slots=True)
class Panel:
    """A chart with the question that it answers.

    Below the `steps` its color is `first`. `notes` say what holds in one edition only. `highest`
    ends the axis, which may be `logarithmic`.
    """

    title: str
    question: str
    chart: Chart
    unit: Unit
    queries: tuple[Query, ...]
    link: Link
    width: int
    height: int = 8
    first: Color = Color.GREEN
    steps: tuple[Step, ...] = ()
    highest: float | None = None
    logarithmic: bool = False
    notes: Mapping[Edition, str] = field(default_factory=dict)

    def description(self, edition: Edition) -> str:
        """Return the question with what the edition adds to it."""
        return " ".join(filter(None, (self.question, self.notes.get(edition, ""))))

    @property
    def over_range(self) -> bool:
        return self.queries[0].over_range

    @property
    def is_for_each(self) -> bool:
        return self.queries[0].is_for_each

    @property
    def is_alone(self) -> bool:
        """Tell whether it has one series only."""
        return len(self.queries) == 1 and not self.is_for_each

    def asked(self, edition: Edition) -> tuple[Query, ...]:
        """Return the queries that the edition's language can say."""
        return tuple(query for query in self.queries if query.text(edition))


class Source(Enum):
    """Where a variable's values come from."""

    DATA = "query"
    CHOICES = "custom"
    TEXT = "textbox"


@dataclass(frozen=True, slots=True)
class Variable:
    """One of a dashboard's variables: of data by `query` and `regex`, else what `query` lists.

    `every` is what All stands for; a variable without it has one value at a time.
    """

    name: str
    label: str
    description: str
    source: Source
    query: str
    regex: str = ""
    every: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    title: str
    panels: tuple[Panel, ...]


@dataclass(frozen=True, slots=True)
class Place:
    """Where something stands on the grid, in its units."""

    x: int
    y: int
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Dashboard:
    """A page of panels; `key` names it in addresses and files."""

    key: str
    title: str
    question: str
    variables: Mapping[Edition, tuple[Variable, ...]]
    rows: tuple[Row, ...]

    def uid(self, edition: Edition) -> str:
        return f"celeryscope-{self.key}-{edition.value}"

    @property
    def panels(self) -> tuple[Panel, ...]:
        return tuple(panel for row in self.rows for panel in row.panels)

    def panel_id(self, title: str) -> int:
        """Return the number by which addresses and alerts point to a panel.

        Raises:
            ValueError: No panel has that title.
        """
        return [panel.title for panel in self.panels].index(title) + 1

    def places(self) -> Iterator[tuple[Row | Panel, Place]]:
        """Yield rows and panels with their places, each panel beside the one before it.

        The panels of a line are as high as its first.
        """
        y = 0
        for row in self.rows:
            yield row, Place(0, y, GRID_WIDTH, _ROW_HEIGHT)
            y += _ROW_HEIGHT
            x = height = 0
            for panel in row.panels:
                if x + panel.width > GRID_WIDTH:
                    x, y = 0, y + height
                yield panel, Place(x, y, panel.width, panel.height)
                x, height = x + panel.width, panel.height
            y += height
