"""What a line chart shows, and the arithmetic between values and the cells of a plot; pure."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from collectors.model.quantity import Unit

Point = tuple[float, float]

_NICE = (1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0)
_NICE_SECONDS = (1, 2, 3, 5, 10, 15, 20, 30, 45, 60, 120, 180, 300, 600, 900, 1200, 1800, 2700)
_NICE_HOURS = (3600, 7200, 10800, 14400, 21600, 43200, 86400)


@dataclass(frozen=True, slots=True)
class ChartLine:
    """One line: points of (seconds before now, value in the chart's unit or None for a gap)."""

    label: str
    points: tuple[tuple[float, float | None], ...]


@dataclass(frozen=True, slots=True)
class ChartMark:
    """Something that happened ``ago`` seconds before now, shown as an upright line."""

    ago: float
    label: str


@dataclass(frozen=True, slots=True)
class Chart:
    """Lines over the last ``span`` seconds; ``empty`` stands where there is no point at all.

    ``at`` is the moment of now on any clock, in seconds: columns begin at its multiples, so that
    a later chart differs only where there is something new until it moves on by a whole column.
    """

    title: str
    unit: Unit
    lines: tuple[ChartLine, ...]
    span: float = 900.0
    marks: tuple[ChartMark, ...] = ()
    empty: str = "no data yet: needs 2 samples"
    at: float = 0.0

    def values(self) -> list[float]:
        """All finite values within the span."""
        return [value for line in self.lines for _, value in _known(line.points, self.span)]

    def latest(self, line: ChartLine) -> float | None:
        """The newest value of a line, None where its newest point is a gap."""
        newest = min(line.points, key=lambda point: point[0], default=(0.0, None))[1]
        return newest if newest is not None and math.isfinite(newest) else None


def bounds(values: Sequence[float], unit: Unit) -> Point:
    """The lowest and highest value of an axis: from zero where nothing is negative, to a round number."""
    low, high = min(0.0, *values), max(0.0, *values)
    if unit is Unit.RATIO and low >= 0 and 0.2 < high <= 1:
        return 0.0, 1.0
    low, high = 0.0 - _round_up(-low, unit), _round_up(high, unit)
    return (low, high) if low < high else (0.0, 1.0)


def share(value: float, low: float, high: float) -> float:
    """Where a value stands between two others, 0 to 1; halved first, since a difference may overflow."""
    extent = high / 2 - low / 2
    if extent <= 0:
        return 0.0
    return min(1.0, max(0.0, (value / 2 - low / 2) / extent))


def column_of(ago: float, chart: Chart, columns: int) -> int:
    """The plot column of a moment ``ago`` seconds before now."""
    step = chart.span / max(1, columns - 1)
    column = math.floor((chart.at - ago) / step) - math.floor(chart.at / step) + columns - 1
    return max(0, min(column, columns - 1))


def runs(line: ChartLine, chart: Chart, columns: int, extent: Point) -> list[list[Point]]:
    """The line as runs without gaps, in plot coordinates: x in columns, y from 0 to 1.

    A column keeps at most two points, its lowest and highest in their order, so that no peak is
    lost. A gap shorter than a column cannot be seen and does not break a run.
    """
    all_runs: list[list[Point]] = []
    run: list[Point] = []
    for column, values in _by_column(line.points, chart, columns):
        known = [value for value in values if value is not None]
        if known:
            if values[0] is None and run:
                all_runs.append(run)
                run = []
            run += [(float(column), share(value, *extent)) for value in _extremes(known)]
        if run and values[-1] is None:
            all_runs.append(run)
            run = []
    return [*all_runs, run] if run else all_runs


def _by_column(
    points: Iterable[tuple[float, float | None]], chart: Chart, columns: int
) -> list[tuple[int, list[float | None]]]:
    buckets: dict[int, list[float | None]] = {}
    in_time = (point for point in points if math.isfinite(point[0]) and point[0] <= chart.span)
    for ago, value in sorted(in_time, key=lambda point: -point[0]):
        finite = value if value is not None and math.isfinite(value) else None
        buckets.setdefault(column_of(max(0.0, ago), chart, columns), []).append(finite)
    return sorted(buckets.items())


def _extremes(values: Sequence[float]) -> list[float]:
    low, high = min(values), max(values)
    if low == high:
        return [high]
    return [low, high] if values.index(low) < values.index(high) else [high, low]


def _known(points: Iterable[tuple[float, float | None]], span: float) -> Iterable[Point]:
    for ago, value in points:
        if value is not None and math.isfinite(value) and math.isfinite(ago) and ago <= span:
            yield ago, value


def _round_up(value: float, unit: Unit) -> float:
    if value <= 0:
        return 0.0
    if unit is Unit.SECONDS and 1 <= value <= _NICE_HOURS[-1]:
        return float(next(step for step in (*_NICE_SECONDS, *_NICE_HOURS) if step >= value))
    base = 1.0
    if unit is Unit.BYTES and value >= 1024:
        base = 1024.0 ** int(math.log(value, 1024))
    elif unit is Unit.SECONDS and value > 1:
        base = 86400.0
    rounded = _round_decimal(value / base) * base
    return max(rounded, value) if math.isfinite(rounded) else value


def _round_decimal(value: float) -> float:
    magnitude = 10.0 ** math.floor(math.log10(value))
    for step in _NICE:
        rounded = step * magnitude
        if value <= rounded * (1 + 1e-9) and math.isfinite(rounded):
            return rounded
    return value
