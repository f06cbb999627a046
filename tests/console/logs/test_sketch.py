"""Percentiles and distinct counts: exact up to a bound, then close, the same in any order and any parts."""

import math
import random
import statistics

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from console.logs.asking import distinct, sketch
from console.logs.asking.distinct import Distinct
from console.logs.asking.sketch import Numbers

FINITE = st.floats(-1e12, 1e12, allow_nan=False)


def numbers(*parts: list[float]) -> Numbers:
    made = Numbers(ranked=True, summed=True)
    for part in parts:
        made.add(part)
    return made


@given(st.lists(FINITE, min_size=2, max_size=60), st.sampled_from((0.0, 50.0, 95.0, 99.9, 100.0)))
@settings(max_examples=60, deadline=None)
def test_few_numbers_are_exact(values: list[float], percent: float) -> None:
    found = numbers(values).percentile(percent)
    place = (len(values) - 1) * percent / 100
    low, high = sorted(values)[math.floor(place)], sorted(values)[math.ceil(place)]
    assert found == pytest.approx(low + (high - low) * (place - math.floor(place)))
    assert not numbers(values).estimated
    if percent == 50.0:
        assert found == pytest.approx(statistics.median(values))


@given(st.lists(FINITE, min_size=1, max_size=80), st.integers(0, 80), st.randoms(use_true_random=False))
@settings(max_examples=60, deadline=None)
def test_order_and_parts_do_not_matter(values: list[float], cut: int, order: random.Random) -> None:
    bound, sketch.EXACT, pending = sketch.EXACT, 20, sketch._PENDING
    try:
        sketch._PENDING = 7
        shuffled = [*values]
        order.shuffle(shuffled)
        whole, parts, merged = (
            numbers(values),
            numbers(shuffled[:cut], shuffled[cut:]),
            numbers(shuffled[:cut]),
        )
        merged.merge(numbers(shuffled[cut:]))
        for one in (parts, merged):
            assert one.count == len(values)
            assert one.total == whole.total == math.fsum(values)
            assert (one.low, one.high) == (min(values), max(values))
            assert one.estimated == whole.estimated == (len(values) > 20)
            assert one.percentile(90.0) == whole.percentile(90.0)
    finally:
        sketch.EXACT, sketch._PENDING = bound, pending


@pytest.mark.parametrize("sign", [1, -1])
def test_many_numbers_are_within_one_percent(sign: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sketch, "EXACT", 1_000)
    rng = random.Random(1)
    values = [sign * rng.lognormvariate(0, 3) for _ in range(20_000)] + [0.0] * 500
    found, exact = numbers(values), sorted(values)
    assert found.estimated
    for percent in (1, 25, 50, 75, 95, 99, 99.9):
        wanted = exact[round((len(values) - 1) * percent / 100)]
        assert found.percentile(percent) == pytest.approx(wanted, rel=0.01), percent
    assert found.percentile(0) == pytest.approx(exact[0], rel=0.01)
    assert found.total == math.fsum(values)


def test_different_texts_are_exact_and_then_close(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(distinct, "EXACT", 1_000)
    texts = [f"user-{number}" for number in range(40_000)]
    whole, first, second = Distinct(), Distinct(), Distinct()
    whole.add(texts)
    first.add(texts[:25_000])
    second.add(texts[15_000:])
    first.merge(second)
    assert whole.estimated
    assert whole.count == first.count == pytest.approx(40_000, rel=0.03)
    few = Distinct()
    few.add(["a", "b", "a"])
    few.merge(Distinct())
    assert (few.count, few.estimated) == (2, False)
    few.merge(whole)
    assert few.count == pytest.approx(40_002, rel=0.03)
