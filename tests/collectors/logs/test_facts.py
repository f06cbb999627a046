"""Lines to facts: the virtual fields of every logger, fields with their types, one unit of time."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from collectors.lines.facts import Facts, detect, facts
from collectors.model.logs import Severity

SAMPLES = Path(__file__).with_name("samples")
NOW = datetime(2026, 11, 24, tzinfo=UTC).timestamp()


def told(name: str) -> list[Facts]:
    lines = (SAMPLES / name).read_bytes().splitlines()
    profile = detect(lines)
    return [facts(line, profile, NOW) for line in lines]


def one(line: bytes, *others: bytes) -> Facts:
    return facts(line, detect([line, *others]), NOW)


@pytest.mark.parametrize(
    ("name", "field"),
    [
        ("zap-production.jsonl", "elapsed"),
        ("zerolog.jsonl", "elapsed"),
        ("slog-json.jsonl", "elapsed"),
        ("slog-text.logfmt", "elapsed"),
        ("logrus-json.jsonl", "elapsed"),
        ("zap-development.log", "elapsed"),
    ],
)
def test_one_duration_written_in_four_ways_is_one_value(name: str, field: str) -> None:
    slow = next(record for record in told(name) if field in record.fields)
    assert slow.duration == pytest.approx(0.041424799, rel=1e-12)
    assert slow.message == "slow query"


def test_fields_keep_their_types() -> None:
    record = one(
        b'{"level":"info","a":1,"b":1.5,"c":true,"d":null,"e":[1],"f":{"g":"h"},"i":36893488147419103233}'
    )
    assert dict(record.fields) == {
        "level": "info",
        "a": 1,
        "b": 1.5,
        "c": True,
        "d": None,
        "e": [1],
        "f": {"g": "h"},
        "i": 36893488147419103233,
    }
    assert type(record.fields["c"]) is bool


def test_the_virtual_fields_of_pino() -> None:
    records = told("pino.jsonl")
    failed = next(record for record in records if record.severity is Severity.ERROR)
    assert (failed.service, failed.host) == ("catalog", "web-1")
    assert failed.error is not None
    assert failed.error.startswith("lookup failed for user 42")
    assert failed.stack is not None
    assert "\n    at " in failed.stack


def test_lines_below_are_the_stack() -> None:
    raw = b"2026-11-23 18:53:44 ERROR x\nTraceback (most recent call last):\n  File\nKeyError: 1"
    record = one(raw)
    assert (record.message, record.error) == ("x", "KeyError: 1")
    assert record.stack == "Traceback (most recent call last):\n  File\nKeyError: 1"
