"""The canary of bulk retries: sizes, verdicts and words; and what the plans share."""

import asyncio
import json
import time

import pytest

from collectors.action import StoppedError
from collectors.queues import _planning
from collectors.queues._canary import Fates, Verdict, question, repeats, stages, told, verdict, watched
from tests.collectors.acting import KeepingControl


@pytest.mark.parametrize(
    ("total", "sizes"), [(0, ()), (1, (1,)), (2, (1, 1)), (6, (1, 5)), (7, (1, 5, 1)), (1000, (1, 5, 994))]
)
def test_one_then_five_then_the_rest(total: int, sizes: tuple[int, ...]) -> None:
    assert stages(total) == sizes


@pytest.mark.parametrize(
    ("fates", "late", "found"),
    [
        (Fates(5), False, Verdict.WAIT),
        (Fates(5), True, Verdict.ASK),
        (Fates(5, well=4, seen=1), False, Verdict.WAIT),
        (Fates(5, well=4, seen=1), True, Verdict.ASK),
        (Fates(5, well=5), False, Verdict.GO),
        (Fates(5, well=5), True, Verdict.GO),
        (Fates(5, well=4, failed=1), False, Verdict.STOP),
        (Fates(5, failed=1), True, Verdict.STOP),
        (Fates(0), True, Verdict.GO),
    ],
)
def test_a_verdict(fates: Fates, late: bool, found: Verdict) -> None:
    assert verdict(fates, late=late) is found


def test_few_failures_of_many_do_not_end_it() -> None:
    assert not repeats(2, 10)
    assert repeats(3, 10)
    assert not repeats(3, 100)
    assert repeats(5, 100)


def test_the_words_count_everything() -> None:
    assert told(Fates(1, well=1), "jobs") == "1 of 1 jobs went well"
    assert told(Fates(5), "jobs") == "0 of 5 jobs went well, 5 not taken yet"
    assert told(Fates(5, well=1, failed=2, seen=1), "jobs") == (
        "2 of 5 jobs failed again, 1 of 5 jobs went well, 1 taken, without an end, 1 not taken yet"
    )
    asked = question(Fates(1, seen=1, doubt="who knows"), 10, 99, "jobs")
    assert asked.startswith(
        "No verdict within 10 s: 0 of 1 jobs went well, 1 taken, without an end, who knows."
    )
    assert asked.endswith("Go on with the other 99?")


async def test_it_is_watched_until_there_is_a_verdict() -> None:
    seen = [Fates(1), Fates(1, seen=1), Fates(1, well=1)]

    async def look() -> Fates:
        return seen.pop(0)

    assert await watched(look, KeepingControl(), 1.0) == (Verdict.GO, Fates(1, well=1))


async def test_the_time_runs_out_and_taken_ones_get_more_of_it() -> None:
    untaken, taken = Fates(1), Fates(1, seen=1)

    async def over(fates: Fates, settle: float) -> float:
        async def look() -> Fates:
            return fates

        begun = time.monotonic()
        assert (await watched(look, KeepingControl(), 0.1, settle=settle))[0] is Verdict.ASK
        return time.monotonic() - begun

    assert await over(untaken, 0.3) >= 0.1
    assert await over(taken, 0.3) >= 0.3


async def test_a_stop_ends_the_watch() -> None:
    class Stopping(KeepingControl):
        async def pause(self, seconds: float) -> None:
            raise StoppedError("stopped by the test")

    async def look() -> Fates:
        await asyncio.sleep(0)
        return Fates(1)

    with pytest.raises(StoppedError):
        await watched(look, Stopping(), 60)


def test_numbers_and_times_as_operators_write_them() -> None:
    assert [_planning.number(text) for text in ("5", " 7 ", "0", "-1", "x", "", "9" * 20, "²")] == [
        5, 7, None, None, None, None, None, None,
    ]  # fmt: skip
    assert [_planning.seconds(text) for text in ("90", "1.5", "2m", "soon", "")] == [90, 1.5, 120, None, None]
    assert json.dumps(_planning.pace(1000, None, 10))
    assert _planning.pace(6, None, 10) == ("", "")
    assert _planning.pace(1000, None, 10) == ("first 1, then 5, then the rest at 50/s", "")
    assert "longer than 4 h" in _planning.pace(1000, 0.01, 10)[1]
    assert [_planning.batch_size(rate) for rate in (None, 0.5, 7, 1000)] == [50, 1, 7, 50]
