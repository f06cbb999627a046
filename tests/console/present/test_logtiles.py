"""Pinned questions in words: what the findings say of them."""

import pytest

from collectors.model.level import Level
from console.logs.asking.table import Table
from console.logs.tiles import Pinned, Tile
from console.present.logtiles import answers
from console.settings.values import Threshold

LIMITS = Threshold(warning=0.2, critical=1.0, clear=0.1)
SLOW = Pinned("slow", "service=orders | p95(duration) by region", "p95(duration)", LIMITS)


def tile(value: float | None, level: Level, pinned: Pinned = SLOW, *, whole: bool = True) -> Tile:
    rows = (("eu", value), ("us", 0.001)) if value is not None else ()
    table = Table(("region", "p95(duration)"), (None, "s"), rows, about=(False, True))
    return Tile(pinned, table, whole, level, value)


@pytest.mark.parametrize(
    ("value", "level", "words", "times"),
    [
        (0.5, Level.WARNING, "above the limit of 200 ms", 2.5),
        (0.2, Level.WARNING, "at the limit of 200 ms", 1.0),
        (0.15, Level.WARNING, "not yet back at 100 ms", 0.75),
        (3.0, Level.CRITICAL, "above the limit of 1 s", 3.0),
        # critical values that have not lasted
        (3.0, Level.WARNING, "above the limit of 200 ms", 15.0),
    ],
)
def test_a_value_stands_beside_the_limit_of_its_level(
    value: float, level: Level, words: str, times: float
) -> None:
    (told,) = answers([tile(value, level)])
    assert (told.name, told.ask, told.service) == ("slow", SLOW.ask, "orders")
    assert (told.level, told.limit, told.whole) == (level, words, True)
    assert told.times == pytest.approx(times)
    assert told.value.endswith(" eu")


def test_a_limit_of_zero_divides_nothing() -> None:
    (told,) = answers([tile(2.0, Level.WARNING, Pinned("any", "* | count", "", Threshold(warning=0.0)))])
    assert (told.times, told.limit) == (2.0, "above the limit of 0 s")


def test_what_has_no_threshold_no_answer_or_no_value_is_not_told() -> None:
    by_hand = Pinned("count", "* | count", by_hand=True)
    assert answers([tile(9.0, Level.NONE, by_hand), tile(None, Level.UNKNOWN), Tile(SLOW)]) == ()


def test_what_is_known_in_part_stays_so() -> None:
    (told,) = answers([tile(0.5, Level.WARNING, whole=False)])
    assert not told.whole
