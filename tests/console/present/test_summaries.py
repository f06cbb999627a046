"""What a place of the fleet says in a few words, practice by practice."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from collectors.model.health import HealthState
from collectors.model.level import Level
from collectors.model.logs import LogReading
from collectors.model.practice import Practice
from collectors.model.quantity import Known, Quantity, Unit, about, at_least, exact, needs_samples, unknown
from collectors.model.reading import Reading
from collectors.text import Shown
from console.present.practices import VIEWS
from console.present.queues import total
from tests.console.findings.readings import cache, health, pool, queue, subject_of
from tests.console.present.scene import row


def said(*readings: Reading, level: Level = Level.OK) -> tuple[str, str]:
    rows = [row(reading, level) for reading in readings]
    text, short, _field = VIEWS[readings[0].practice].summary(rows)
    return text, short


@pytest.mark.parametrize(
    ("quantities", "value", "known"),
    [
        ([exact(1), exact(2)], 3, Known.EXACT),
        ([exact(1), at_least(2)], 3, Known.AT_LEAST),
        ([exact(1), unknown()], 1, Known.AT_LEAST),
        ([exact(1), about(2, None)], 3, Known.ABOUT),
        ([about(1, None), unknown()], 1, Known.ABOUT),
        ([unknown(), unknown()], None, Known.UNKNOWN),
        ([needs_samples()], None, Known.NEEDS_SAMPLES),
        ([], None, Known.UNKNOWN),
    ],
)
def test_a_total_claims_no_more_than_its_parts(
    quantities: Sequence[Quantity], value: float | None, known: Known
) -> None:
    told = total(quantities)
    assert (told.value, told.known) == (value, known)


def test_queues_say_depth_and_age_or_the_dead() -> None:
    assert said(queue(ready=7), queue("b", ready=5)) == ("12", "12")
    old = replace(queue(ready=8234, dead=312), oldest_age=exact(840, Unit.SECONDS))
    assert said(old, queue("b")) == ("8.2k 14m", "8.2k")
    assert said(queue(dead=312)) == ("312 dead", "312†")
    assert said(queue(ready=None, dead=None)) == ("unknown", "?")
    assert said(queue(ready=7), queue("b", ready=None)) == ("≥ 7", "≥7")


def test_caches_say_their_worst_ratio_or_what_they_hold() -> None:
    assert said(cache(0.97), cache(0.61), cache(None)) == ("61 %", "61%")
    full = replace(cache(None), memory=exact(30 * 2**20, Unit.BYTES))
    assert said(full) == ("30 MiB", "30M")
    assert said(cache(None)) == ("unknown", "?")


def test_pools_say_who_waits_who_holds_or_how_full() -> None:
    limited = replace(pool(), capacity=exact(97))
    assert said(limited) == ("20/97", "20")
    assert said(pool()) == ("20 used", "20")
    assert said(pool(2, 1)) == ("20 used", "20")
    assert said(pool(9, 60)) == ("9 held", "9h")
    assert said(pool(9, 60, waiting=12), pool(key="b", waiting=3)) == ("15 wait", "15w")
    assert said(pool(waiting=12_345)) == ("12k wait", "12kw")
    assert said(replace(pool(), in_use=unknown())) == ("?", "?")


def stream(**changed: Quantity) -> LogReading:
    return LogReading(subject=subject_of(Practice.LOGS, "orders", "log"), **changed)  # type: ignore[arg-type]  # fields by name


def test_streams_say_errors_warnings_or_how_much_comes() -> None:
    assert said(stream(errors=exact(41), warnings=exact(3))) == ("41 err/m", "41e")
    assert said(stream(errors=exact(0), warnings=exact(1234))) == ("1.2k warn/m", "1.2k")
    assert said(stream(line_rate=exact(12, Unit.PER_SECOND))) == ("12/s", "12")
    assert said(stream(line_rate=exact(0, Unit.PER_SECOND))) == ("quiet", "0")
    assert said(stream(line_rate=needs_samples())) == ("…", "…")
    assert said(stream()) == ("?", "?")


def test_checks_say_the_slowest_answer_or_what_is_wrong() -> None:
    assert said(health(0.012), health(0.3)) == ("300 ms", "0.3s")
    assert said(health(None)) == ("unknown", "?")
    assert said(health(0.01, HealthState.DEGRADED), health(0.3)) == ("degraded", "degraded")
    down = replace(health(None, HealthState.DOWN), word=Shown("503"))
    assert said(health(0.01), down) == ("503", "down")
    lies = replace(health(0.01), flaws=(Shown("it is a redirect"),))
    assert said(lies, level=Level.WARNING) == ("lies", "lies")
