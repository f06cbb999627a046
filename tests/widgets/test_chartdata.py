import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors.model.quantity import Unit
from widgets.chartdata import Chart, ChartLine, bounds, runs, share

VALUES = st.one_of(
    st.none(), st.floats(), st.sampled_from([0.0, 1e308, -1e308, 5e-324, math.nan, math.inf, -math.inf])
)
POINTS = st.lists(st.tuples(st.one_of(st.floats(-10, 2000), st.floats()), VALUES), max_size=60).map(tuple)


@pytest.mark.parametrize(
    ("values", "unit", "expected"),
    [
        ([3, 7], Unit.COUNT, (0, 8)),
        ([8123], Unit.COUNT, (0, 10000)),
        ([0, 0], Unit.COUNT, (0, 1)),
        ([-3, 7], Unit.COUNT, (-3, 8)),
        ([-3], Unit.COUNT, (-3, 0)),
        ([0.97], Unit.RATIO, (0, 1)),
        ([0.03], Unit.RATIO, (0, 0.03)),
        ([1.4], Unit.RATIO, (0, 1.5)),
        ([70], Unit.SECONDS, (0, 120)),
        ([0.012], Unit.SECONDS, (0, 0.015)),
        ([4 * 86400], Unit.SECONDS, (0, 4 * 86400)),
        ([3.1 * 2**30], Unit.BYTES, (0, 4 * 2**30)),
        ([1e308], Unit.COUNT, (0, 1e308)),
        ([1.7e308], Unit.BYTES, (0, 1.7e308)),
    ],
)
def test_axes_start_at_zero_and_end_at_a_round_number(
    values: list[float], unit: Unit, expected: tuple[float, float]
) -> None:
    assert bounds(values, unit) == pytest.approx(expected)


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1), st.sampled_from(list(Unit)))
def test_every_value_lies_on_its_axis(values: list[float], unit: Unit) -> None:
    low, high = bounds(values, unit)
    assert math.isfinite(low)
    assert math.isfinite(high)
    assert low < high
    assert low <= min(values) <= max(values) <= high
    assert all(0 <= share(value, low, high) <= 1 for value in values)


@given(POINTS, st.integers(2, 40))
def test_what_reaches_plotext_is_tame(points: tuple[tuple[float, float | None], ...], columns: int) -> None:
    line = ChartLine("x", points)
    chart = Chart("t", Unit.COUNT, (line,))
    if not chart.values():
        return
    drawn = runs(line, chart.span, columns, bounds(chart.values(), chart.unit))
    flat = [point for run in drawn for point in run]
    assert all(0 <= x <= columns - 1 and 0 <= y <= 1 for x, y in flat)
    assert len(drawn) <= columns
    assert all(run for run in drawn)
    per_column = [sum(1 for x, _ in flat if x == column) for column in range(columns)]
    assert max(per_column) <= 2


def test_no_peak_is_lost() -> None:
    points = tuple((float(900 - i), 100.0 if i == 555 else 1.0) for i in range(900))
    drawn = runs(ChartLine("x", points), 900.0, 30, (0.0, 100.0))
    assert max(y for run in drawn for _, y in run) == 1.0
    assert min(y for run in drawn for _, y in run) == pytest.approx(0.01)


def test_a_gap_breaks_the_line() -> None:
    points = tuple((float(900 - 30 * i), None if 10 <= i < 15 else 5.0) for i in range(31))
    drawn = runs(ChartLine("x", points), 900.0, 31, (0.0, 10.0))
    assert [(run[0][0], run[-1][0]) for run in drawn] == [(0, 9), (15, 30)]


def test_points_come_in_any_order_and_outside_the_span_are_left_out() -> None:
    points = ((0.0, 3.0), (900.0, 1.0), (450.0, 2.0), (901.0, 9.0), (math.nan, 9.0))
    drawn = runs(ChartLine("x", points), 900.0, 21, (0.0, 4.0))
    assert drawn == [[(0.0, 0.25), (10.0, 0.5), (20.0, 0.75)]]


def test_the_latest_value_is_unknown_where_the_newest_point_is_a_gap() -> None:
    chart = Chart("t", Unit.COUNT, ())
    assert chart.latest(ChartLine("x", ((10.0, 4.0), (2.0, None)))) is None
    assert chart.latest(ChartLine("x", ((10.0, 4.0), (2.0, 5.0)))) == 5.0
    assert chart.latest(ChartLine("x", ())) is None
