"""What a stream usually does: unknown until enough was seen, and an incident is no habit."""

import json
import time
from pathlib import Path

import pytest

from collectors.logs._habits import ENOUGH, MINUTE, ODD, PAST, Habits
from collectors.model.quantity import Known
from tests.collectors.logs.following import following


def spoken(minutes: int, every: float = 5.0, start: float = 0.0) -> Habits:
    habits = Habits()
    at = start
    while at < start + minutes * MINUTE:
        habits.saw(at)
        at += every
    return habits


def test_nothing_is_usual_until_enough_was_seen() -> None:
    habits = spoken(ENOUGH - 2)
    assert habits.usual_rate().known is Known.NEEDS_SAMPLES
    assert not habits.longest_silence().is_known
    assert not habits.against_usual(5).is_known
    assert not habits.skew().is_known
    assert not Habits().usual_rate().is_known


def test_the_usual_rate_is_that_of_the_median_minute() -> None:
    habits = spoken(20)
    assert habits.usual_rate().value == 0.2
    assert habits.against_usual(36).value == pytest.approx(3.0)
    habits.saw(1201.0, 100_000)
    assert habits.usual_rate().value == 0.2
    assert spoken(40, every=120.0).usual_rate().value == pytest.approx(1 / 120, rel=0.05)


def test_the_past_is_bounded_and_follows() -> None:
    habits = spoken(PAST)
    for minute in range(PAST, 2 * PAST + 60):
        habits.saw(minute * MINUTE + 1.0, 600)
    assert habits.usual_rate().value == 10.0
    assert len(habits._minutes) <= 2 * PAST + 1


def test_a_silence_that_happened_once_is_no_habit() -> None:
    habits = spoken(20, every=10.0)
    assert habits.longest_silence().value == 10.0
    habits.saw(1190.0 + 10.0 * ODD + 500)
    assert habits.longest_silence().value == 10.0
    habits.saw(1190.0 + 2000.0)
    assert habits.longest_silence().value == 530.0


def test_a_silence_a_little_longer_than_ever_is_one() -> None:
    habits = spoken(20, every=10.0)
    habits.saw(1190.0 + 25.0)
    assert habits.longest_silence().value == 25.0


def test_lines_out_of_order_make_no_silence() -> None:
    habits = spoken(20, every=10.0)
    habits.saw(300.0)
    habits.saw(1200.0)
    assert habits.longest_silence().value == 10.0


def test_the_skew_is_a_median_with_its_margin() -> None:
    habits = Habits()
    for number in range(30):
        habits.told(1000.0 + number - 3.2 + (number % 2) * 0.2, 1000.0 + number)
    habits.told(5.0, 1_000_000.0)
    skew = habits.skew()
    assert skew.known is Known.ABOUT
    assert skew.value == pytest.approx(-3.1, abs=0.11)
    assert skew.margin == pytest.approx(0.1, abs=0.11)


async def test_a_files_own_past_is_known_from_its_backlog_on(tmp_path: Path) -> None:
    path, now = tmp_path / "app.jsonl", time.time()
    with path.open("w") as file:
        for second in range(-850, -5, 5):
            file.write(json.dumps({"timestamp": now + second, "level": "info", "message": "x"}) + "\n")
    async with following(path) as stream:
        await stream.until(lambda: len(stream.records) == 169)
        reading = stream.reading
        assert reading.usual_rate.value == pytest.approx(0.2, rel=0.05)
        assert reading.longest_silence.value == pytest.approx(5.0, abs=0.5)
        assert not reading.clock_skew.is_known
        with path.open("a") as file:
            for _ in range(12):
                file.write(
                    json.dumps({"timestamp": time.time() + 7.0, "level": "info", "message": "y"}) + "\n"
                )
                file.flush()
                await stream.collect()
        await stream.until(lambda: len(stream.records) == 181)
        assert stream.reading.clock_skew.value == pytest.approx(7.0, abs=2.0)


async def test_what_no_strict_reader_takes_is_counted(tmp_path: Path) -> None:
    path = tmp_path / "app.jsonl"
    path.write_bytes(
        b'{"message":"x"}\n{"message":NaN}\n{"message":"\xff"}\n{"a":' + b"[" * 5000 + b"]" * 5000 + b"}\n"
    )
    async with following(path) as stream:
        await stream.until(lambda: len(stream.records) == 4, pause=0.1)
        counted = dict(stream.reading.extra)
        assert counted["file.lenient"].value == 2
        assert counted["file.refused"].value == 1
