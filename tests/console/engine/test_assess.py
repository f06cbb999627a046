from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors.model.caches import CacheReading
from collectors.model.level import Level
from collectors.model.practice import Practice
from collectors.model.quantity import Quantity, Unit, about, at_least, exact, unknown
from collectors.model.queues import QueueReading
from collectors.model.reading import Reading
from collectors.model.sweep import Sweep
from collectors.model.verdict import Verdict
from console.engine.assess import Judge
from console.settings import Threshold
from tests.console.findings.readings import health, subject_of

MAIL = subject_of(Practice.QUEUES, "orders", "mail")
START = 1_700_000_000.0


def queue(age: float | None = None, **changed: Quantity) -> QueueReading:
    told = {} if age is None else {"oldest_age": exact(age, Unit.SECONDS)}
    return QueueReading(subject=MAIL, **(told | changed))  # type: ignore[arg-type]  # fields by name


def cache(ratio: Quantity, **changed: Quantity) -> CacheReading:
    return CacheReading(subject=subject_of(Practice.CACHES, "catalog", "0"), hit_ratio=ratio, **changed)  # type: ignore[arg-type]  # fields by name


def at(second: float, *readings: Reading, **changed: Any) -> Sweep:
    return Sweep(readings, START + second, second, **changed)


def one(judge: Judge, second: float, reading: Reading) -> Verdict:
    (verdict,) = judge.judge(at(second, reading))
    return verdict


def levels(threshold: Threshold, values: list[float | None], step: float = 10.0) -> list[str]:
    judge = Judge({"oldest_age": threshold})
    return [one(judge, index * step, queue(value)).level.value for index, value in enumerate(values)]


@pytest.mark.parametrize(
    ("age", "level", "words"),
    [
        (59.0, Level.OK, "oldest age 59 s"),
        (60.0, Level.WARNING, "oldest age 1 min, at the limit of 1 min"),
        (61.0, Level.WARNING, "oldest age 1 min, above the limit of 1 min"),
        (600.0, Level.CRITICAL, "oldest age 10 min, at the limit of 10 min"),
        (4000.0, Level.CRITICAL, "oldest age 1 h 7 min, above the limit of 10 min"),
    ],
)
def test_where_high_is_bad_a_value_at_or_above_its_limit_counts(age: float, level: Level, words: str) -> None:
    judge = Judge({"oldest_age": Threshold(warning=60, critical=600)})
    verdict = one(judge, 0, queue(age))
    assert (verdict.level, verdict.reason) == (level, words)


@pytest.mark.parametrize(
    ("ratio", "level", "words"),
    [
        (0.9, Level.OK, "hit ratio 90 %"),
        (0.6, Level.WARNING, "hit ratio 60 %, at the limit of 60 %"),
        (0.4, Level.WARNING, "hit ratio 40 %, below the limit of 60 %"),
        (0.1, Level.CRITICAL, "hit ratio 10 %, below the limit of 30 %"),
    ],
)
def test_where_low_is_bad_a_value_at_or_below_its_limit_counts(
    ratio: float, level: Level, words: str
) -> None:
    judge = Judge({"hit_ratio": Threshold(warning=0.6, critical=0.3)})
    verdict = one(judge, 0, cache(exact(ratio, Unit.RATIO)))
    assert (verdict.level, verdict.reason) == (level, words)


def test_without_a_limit_there_is_no_level() -> None:
    verdict = one(Judge({}), 0, queue(1e9))
    assert (verdict.level, verdict.reason, verdict.evidence) == (Level.NONE, "", ())


def test_unknown_is_never_judged() -> None:
    judge = Judge({"oldest_age": Threshold(warning=0, critical=1), "no_such_field": Threshold(warning=1)})
    assert one(judge, 0, queue()).level is Level.NONE
    assert one(judge, 1, queue(oldest_age=unknown(Unit.SECONDS))).level is Level.NONE


def test_a_level_counts_once_it_has_lasted() -> None:
    threshold = Threshold(warning=60, critical=600, for_=30)
    assert levels(threshold, [70, 70, 70, 70, 50, 70]) == ["ok", "ok", "ok", "warning", "ok", "ok"]


def test_values_that_flicker_between_bad_and_worse_have_lasted_as_bad() -> None:
    threshold = Threshold(warning=60, critical=600, for_=30)
    assert levels(threshold, [700, 70, 700, 70, 700, 700, 700, 700, 70]) == [
        "ok", "ok", "ok", "warning", "warning", "warning", "warning", "critical", "warning",
    ]  # fmt: skip


def test_what_is_worse_at_once_has_to_last_too() -> None:
    threshold = Threshold(warning=60, critical=600, for_=20)
    assert levels(threshold, [70, 70, 70, 700, 700, 700]) == [
        "ok", "ok", "warning", "warning", "warning", "critical",
    ]  # fmt: skip


def test_an_unknown_value_in_between_has_not_lasted() -> None:
    threshold = Threshold(warning=60, for_=30)
    assert levels(threshold, [70, 70, None, 70, 70, 70, 70]) == [
        "ok",
        "ok",
        "none",
        "ok",
        "ok",
        "ok",
        "warning",
    ]


def test_it_is_over_once_the_value_is_back_past_clear() -> None:
    threshold = Threshold(warning=60, critical=600, clear=30)
    assert levels(threshold, [50, 70, 50, 31, 30, 50]) == ["ok", "warning", "warning", "warning", "ok", "ok"]
    assert levels(threshold, [700, 50, 20]) == ["critical", "warning", "ok"]
    judge = Judge({"oldest_age": threshold})
    one(judge, 0, queue(70))
    assert one(judge, 1, queue(50)).reason == "oldest age 50 s, not yet back below 30 s"


def test_clear_where_low_is_bad_lies_above() -> None:
    judge = Judge({"hit_ratio": Threshold(critical=0.3, clear=0.8)})
    told = [one(judge, index, cache(exact(ratio, Unit.RATIO))) for index, ratio in enumerate((0.2, 0.7, 0.8))]
    assert [verdict.level for verdict in told] == [Level.CRITICAL, Level.WARNING, Level.OK]
    assert told[1].reason == "hit ratio 70 %, not yet back above 80 %"


def test_below_its_volume_nothing_is_judged() -> None:
    judge = Judge({"hit_ratio": Threshold(critical=0.5, min_volume=10)})
    bad = exact(0.0, Unit.RATIO)
    assert one(judge, 0, cache(bad, lookups=exact(9, Unit.PER_SECOND))).level is Level.NONE
    assert one(judge, 1, cache(bad)).level is Level.NONE
    assert one(judge, 2, cache(bad, lookups=exact(10, Unit.PER_SECOND))).level is Level.CRITICAL


def test_a_practice_without_a_volume_is_judged_all_the_same() -> None:
    judge = Judge({"latency": Threshold(critical=1, min_volume=10)})
    assert one(judge, 0, health(4.0)).level is Level.CRITICAL


def test_a_lower_bound_beyond_the_limit_is_proven_and_says_what_it_is() -> None:
    judge = Judge({"oldest_age": Threshold(warning=60)})
    verdict = one(judge, 0, queue(oldest_age=at_least(120, Unit.SECONDS)))
    assert verdict.level is Level.WARNING
    assert verdict.reason == "oldest age at least 2 min, above the limit of 1 min"


def test_a_lower_bound_proves_nothing_where_low_is_bad() -> None:
    judge = Judge({"hit_ratio": Threshold(critical=0.5)})
    assert one(judge, 0, cache(at_least(0.2, Unit.RATIO))).level is Level.NONE


def test_an_estimate_is_judged_and_says_its_margin() -> None:
    judge = Judge({"ready": Threshold(warning=100)})
    verdict = one(judge, 0, queue(ready=about(200, 20)))
    assert verdict.reason == "ready ≈ 200 ± 10 %, above the limit of 100"


def test_the_worst_decides_and_the_others_are_evidence() -> None:
    judge = Judge({"oldest_age": Threshold(warning=60), "dead": Threshold(critical=20)})
    verdict = one(judge, 0, queue(120, dead=exact(30), ready=exact(5), workers=exact(0)))
    assert verdict.level is Level.CRITICAL
    assert verdict.reason == "dead 30, above the limit of 20"
    assert verdict.evidence == ("5 ready and no worker alive", "oldest age 2 min, above the limit of 1 min")


def test_since_is_when_the_level_began_and_not_when_its_words_changed() -> None:
    judge = Judge({"oldest_age": Threshold(warning=60, critical=600)})
    told = [one(judge, second, queue(age)).since for second, age in ((0, 70), (10, 80), (20, 700), (30, 70))]
    assert told == [START, START, START + 20, START + 30]


def test_an_adapters_own_field_takes_a_threshold() -> None:
    judge = Judge({"rq.intermediate": Threshold(warning=5)})
    reading = QueueReading(subject=MAIL, extra=(("rq.intermediate", exact(7)),))
    assert one(judge, 0, reading).reason == "rq.intermediate 7, above the limit of 5"


def test_a_subject_that_left_is_forgotten_and_one_that_was_not_looked_at_is_not() -> None:
    threshold = Threshold(warning=60, for_=30)
    for complete, level in ((True, Level.OK), (False, Level.WARNING)):
        judge = Judge({"oldest_age": threshold})
        one(judge, 0, queue(70))
        judge.judge(at(10, complete=complete))
        assert one(judge, 30, queue(70)).level is level


def test_subjects_of_one_source_are_held_apart() -> None:
    judge = Judge({"oldest_age": Threshold(warning=60, for_=10)})
    other = QueueReading(
        subject=subject_of(Practice.QUEUES, "orders", "other"), oldest_age=exact(70, Unit.SECONDS)
    )
    judge.judge(at(0, queue(70), other))
    verdicts = judge.judge(at(10, queue(50), other))
    assert [verdict.level for verdict in verdicts] == [Level.OK, Level.WARNING]


@given(
    st.lists(st.one_of(st.none(), st.floats(0, 1000)), min_size=1, max_size=30),
    st.floats(0, 50),
    st.one_of(st.none(), st.floats(0, 99)),
)
def test_no_value_below_its_limits_ever_alarms_by_itself(
    values: list[float | None], lasts: float, clear: float | None
) -> None:
    threshold = Threshold(warning=100, critical=500, for_=lasts, clear=clear)
    told = levels(threshold, values)
    for index, (value, level) in enumerate(zip(values, told, strict=True)):
        if value is None:
            assert level == "none"
        elif value < 100 and (clear is None or value <= clear):
            assert level == "ok"
        elif value < 500:
            assert level in ("ok", "warning")
        if level == "critical":
            past = [one for one in values[: index + 1] if one is not None]
            assert past[-1] >= 500
