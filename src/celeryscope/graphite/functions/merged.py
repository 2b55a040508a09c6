"""Functions over the runs of many timers together."""

from celeryscope.graphite.declaration import Context, function
from celeryscope.graphite.errors import ArgumentError
from celeryscope.graphite.parameters import NUMBER, TIMERS, Parameter
from celeryscope.graphite.series import TimeSeries

_MAX_PERCENT = 100


@function(
    "mergedPercentile", "Calculate", Parameter("timers", TIMERS), Parameter("percent", NUMBER)
)
def merged_percentile(context: Context, timers: str, percent: float) -> list[TimeSeries]:
    """Show the true percentile of all runs of many timers, as if they were one.

    The path names timers, such as `stats.timers.celery.task.*.*.*.runtime`, not their statistics:
    from the percentiles of parts no percentile of the whole can be had.
    """
    if not 0 < percent <= _MAX_PERCENT:
        raise ArgumentError(
            f"mergedPercentile: percent is {percent:g}; allowed is more than 0, at most 100"
        )
    values = context.fetcher.merged_percentile(timers, percent, context.window)
    if values is None:
        return []
    name = f"mergedPercentile({timers},{percent:g})"
    window = context.window
    return [TimeSeries(name, window.start, window.step, values, path=name, tags={"name": name})]
