"""Counters of a stream: the last minute, rates over the last seconds, the share that did not fit."""

import pytest

from collectors.logs._counts import WINDOW, Counts
from collectors.model.logs import LogRecord, Severity
from collectors.text import Shown


def record(
    severity: Severity | None = None, *, parsed: bool = True, hostile: bool = False, lost: int = 0
) -> LogRecord:
    return LogRecord(1, 0.0, True, severity, Shown("x"), b"", (), parsed, hostile, lost)


def test_the_last_minute_forgets() -> None:
    counts = Counts(100.0)
    for second in range(100, 200):
        counts.came([record(Severity.ERROR)], second + 0.5)
        counts.came([record(Severity.WARNING)], second + 0.5)
        counts.came([record()], second + 0.5)
    assert counts.minute(199.9) == (180, 60, 60, 0)
    assert counts.minute(229.9) == (90, 30, 30, 0)
    assert counts.minute(400.0) == (0, 0, 0, 0)
    assert (counts.errors, counts.warnings) == (100, 100)


def test_a_backlog_counts_in_its_minute_and_in_no_rate() -> None:
    counts = Counts(100.0)
    counts.add(record(Severity.CRITICAL), 90.0)
    counts.add(record(Severity.ERROR), 30.0)
    counts.sample(101.0)
    assert counts.minute(101.0)[1] == 1
    assert counts.rates() == (0.0, 0.0, 0.0)


def test_rates_are_of_the_last_seconds() -> None:
    counts = Counts(0.0)
    assert counts.rates() is None
    for now in range(1, 101):
        counts.lines += 100 if now <= 50 else 10
        counts.sample(float(now))
        rates = counts.rates()
        assert rates is not None
        if now == 50:
            assert rates[0] == 100
    last = counts.rates()
    assert last is not None
    assert last[0] == 10
    assert len(counts._samples) <= WINDOW + 2
    counts.sample(1000.0)
    counts.sample(2000.0)
    assert counts.rates() == (0.0, 0.0, 0.0)


def test_the_share_that_did_not_fit_is_kept_over_silence() -> None:
    counts = Counts(0.0)
    assert counts.unparsed(0.0) is None
    for parsed in (True, True, True, False):
        counts.came([record(parsed=parsed)], 1.0)
    assert counts.unparsed(10.0) == pytest.approx(0.25)
    assert counts.unparsed(500.0) == pytest.approx(0.25)
    counts.came([record()], 501.0)
    assert counts.unparsed(501.0) == 0.0


def test_memory_is_bounded() -> None:
    counts = Counts(0.0)
    for second in range(10_000):
        counts.came([record(hostile=True, lost=2)], float(second))
        counts.sample(float(second))
    assert len(counts._seconds) < 130
    assert (counts.hostile, counts.cut_bytes) == (10_000, 20_000)
