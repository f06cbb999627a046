import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors.model.quantity import Unit
from widgets.chartdata import Chart, ChartLine, bounds, column_of, runs, share

VALUES = st.one_of(
    st.none(), st.floats(), st.sampled_from([0.0, 1e308, -1e308, 5e-324, math.nan, math.inf, -math.inf])
)
POINTS = st.lists(st.tuples(st.one_of(st.floats(-10, 2000), st.floats()), VALUES), max_size=60).map(tuple)

CHART = Chart("t", Unit.COUNT, ())


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
    drawn = runs(line, chart, columns, bounds(chart.values(), chart.unit))
    flat = [point for run in drawn for point in run]
    assert all(0 <= x <= columns - 1 and 0 <= y <= 1 for x, y in flat)
    assert len(drawn) <= columns
    assert all(run for run in drawn)
    per_column = [sum(1 for x, _ in flat if x == column) for column in range(columns)]
    assert max(per_column) <= 2


def test_no_peak_is_lost() -> None:
    points = tuple((float(900 - i), 100.0 if i == 555 else 1.0) for i in range(900))
    drawn = runs(ChartLine("x", points), CHART, 30, (0.0, 100.0))
    assert max(y for run in drawn for _, y in run) == 1.0
    assert min(y for run in drawn for _, y in run) == pytest.approx(0.01)


def test_a_gap_breaks_the_line() -> None:
    points = tuple((float(900 - 30 * i), None if 10 <= i < 15 else 5.0) for i in range(31))
    drawn = runs(ChartLine("x", points), CHART, 31, (0.0, 10.0))
    assert [(run[0][0], run[-1][0]) for run in drawn] == [(0, 9), (15, 30)]


def test_points_come_in_any_order_and_outside_the_span_are_left_out() -> None:
    points = ((0.0, 3.0), (900.0, 1.0), (450.0, 2.0), (901.0, 9.0), (math.nan, 9.0))
    drawn = runs(ChartLine("x", points), CHART, 21, (0.0, 4.0))
    assert drawn == [[(0.0, 0.25), (10.0, 0.5), (20.0, 0.75)]]


def test_the_latest_value_is_unknown_where_the_newest_point_is_a_gap() -> None:
    chart = Chart("t", Unit.COUNT, ())
    assert chart.latest(ChartLine("x", ((10.0, 4.0), (2.0, None)))) is None
    assert chart.latest(ChartLine("x", ((10.0, 4.0), (2.0, 5.0)))) == 5.0
    assert chart.latest(ChartLine("x", ())) is None


@given(st.floats(0, 2e9), st.floats(0, 20))
def test_time_moves_the_picture_by_whole_columns(at: float, later: float) -> None:
    moments = [at - 7.0 * i for i in range(100)]

    def picture(now: float) -> dict[float, int]:
        chart = Chart("t", Unit.COUNT, (), at=now)
        return {moment: column_of(now - moment, chart, 61) for moment in moments}

    before, after = picture(at), picture(at + later)
    assert len({before[moment] - after[moment] for moment in moments}) <= 2


def test_until_the_next_column_only_the_newest_points_are_new() -> None:
    def drawn(now: float, count: int) -> list[list[tuple[float, float]]]:
        points = tuple((5.0 * i, float((count - i) % 7)) for i in range(count))
        return runs(ChartLine("x", points), Chart("t", Unit.COUNT, (), at=now), 61, (0.0, 8.0))

    before, after = drawn(1500.0, 150), drawn(1505.0, 151)
    assert before[0][:-2] == after[0][: len(before[0]) - 2]


@pytest.mark.parametrize("gap", [math.nan, math.inf, -math.inf])
def test_what_is_not_finite_is_a_gap_and_no_zero(gap: float) -> None:
    values = [1.0, 2.0, gap, 3.0]
    with_gap = ChartLine("x", tuple((900 - 300.0 * i, value) for i, value in enumerate(values)))
    with_none = ChartLine("x", tuple((900 - 300.0 * i, None if i == 2 else v) for i, v in enumerate(values)))
    assert runs(with_gap, CHART, 31, (0.0, 4.0)) == runs(with_none, CHART, 31, (0.0, 4.0))


def test_a_gap_at_the_start_of_a_column_breaks_the_line_before_it() -> None:
    line = ChartLine("x", ((900.0, 1.0), (448.0, None), (446.0, 1.0), (0.0, 1.0)))
    drawn = runs(line, CHART, 21, (0.0, 1.0))
    assert [[x for x, _ in run] for run in drawn] == [[0.0], [10.0, 20.0]]
