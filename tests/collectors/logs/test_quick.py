"""The quick way of usual lines tells what the long way tells, or leaves the line to it."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors.base import Context
from collectors.logs._formats.parser import Parser
from collectors.model.logs import LogRecord, RawRecord, Severity
from collectors.model.practice import Practice
from collectors.text import Shown
from collectors.transport.read.files_lines import Line
from tests.collectors.logs.oracle import RULES

SAMPLES = Path(__file__).with_name("samples")
SUBJECT = Context(collector="test", service="orders").subject(Practice.LOGS, b"app.log")
FACTS = ("seq", "time", "timed", "severity", "message", "raw", "fields", "parsed", "hostile", "lost_bytes")


def both(lines: list[bytes]) -> tuple[list[LogRecord], list[LogRecord]]:
    """Records as the quick way makes them where it can, and as the long way does."""
    quick, long = Parser(), Parser()
    quick.belongs(SUBJECT)
    made = []
    for parser in (quick, long):
        records = parser.parse(map(Line, lines), 5.0, 0.0) + parser.flush(0.0, force=True)
        made.append(records)
    assert (quick.format, quick.seq, quick.lenient, quick.refused) == (
        long.format,
        long.seq,
        long.lenient,
        long.refused,
    )
    return made[0], made[1]


def told(records: list[LogRecord]) -> list[tuple[Any, ...]]:
    return [tuple(getattr(record, name) for name in FACTS) for record in records]


@pytest.mark.parametrize("name", RULES)
def test_every_sample_tells_the_same(name: str) -> None:
    quick, long = both((SAMPLES / name).read_bytes().split(b"\n")[:-1])
    assert told(quick) == told(long)


@pytest.mark.parametrize(
    "line",
    [
        b'{"level":"info","msg":"no time"}',
        b'{"time":1.8e9,"msg":"no level"}',
        b'{"time":1.8e9,"msg":"an access log","status":503,"path":"/"}',
        b'{"msg":"neither"}',
    ],
)
def test_lines_may_lack_time_and_level(line: bytes) -> None:
    quick, long = both([b'{"level":"info","time":1.9e9,"msg":"before"}', line])
    assert told(quick) == told(long)
    assert all(type(record) is RawRecord for record in quick)


def test_usual_lines_are_made_when_they_are_looked_at() -> None:
    lines = [
        b'{"level":"%s","ts":%d,"msg":"m %d"}' % (level, 1.8e9, n) for n, level in enumerate([b"warn"] * 9)
    ]
    quick, long = both(lines)
    assert [type(record) for record in quick] == [RawRecord] * 9
    assert told(quick) == told(long)
    assert quick[3].severity is Severity.WARNING
    assert type(quick[3].message) is Shown
    assert quick[3].subject is SUBJECT  # type: ignore[attr-defined] # it is a RawRecord


@pytest.mark.parametrize(
    "line",
    [
        b'{"level":"info","time":"yesterday","msg":"no time"}',
        b'{"level":"info","time":1.8e9,"msg":[27,91,51,49,109]}',
        b'{"level":"info","time":1.8e9,"error":[27,91,51,49,109]}',
        b'{"level":"info","time":1.8e9,"msg":"\\u202e turned"}',
        b'{"level":"info","time":1.8e9,"msg":"\xff"}',
        b'{"level":"info","time":1.8e9,"n":1' + b"0" * 45 + b"}",
        b'{"level":"info","time":1.8e9,"deep":{"n":1' + b"0" * 45 + b"}}",
        b'{"log":"inner\\n","stream":"stdout","time":"2026-11-23T18:53:44Z"}',
        b'{"level":"info","time":1.8e9,"msg":"cut short',
        b"[1]",
        b"{}",
    ],
)
def test_what_needs_care_goes_the_long_way(line: bytes) -> None:
    quick, long = both([line])
    assert told(quick) == told(long)
    assert not any(isinstance(record, RawRecord) for record in quick)


def test_a_line_that_ends_an_open_record_comes_after_it() -> None:
    lines = [
        b"Traceback (most recent call last):",
        b'  File "x.py", line 1',
        b"ValueError: no",
        b'{"level":"info","time":1.8e9,"msg":"next"}',
        b'{"level":"info","time":1.8e9,"msg":"last"}',
    ]
    quick, long = both(lines)
    assert told(quick) == told(long)
    assert [type(record) is RawRecord for record in quick] == [False, False, True]


def test_a_secret_is_a_token_when_it_is_looked_at() -> None:
    (record,), _ = both([b'{"level":"info","time":1.8e9,"msg":"m","password":"hunter2"}'])
    assert type(record) is RawRecord
    assert "hunter2" not in str(record.fields)
    assert any(name == "password" and "secret" in value for name, value in record.fields)


WORDS = st.sampled_from(["info", "WARN", "error", "30", "Level 25", "notice", "none", ""])
KEYS = st.sampled_from(
    ["level", "severity", "time", "ts", "msg", "message", "log", "status", "levelno", "a.b", "@m"]
)
VALUES = st.one_of(
    WORDS, st.integers(), st.floats(), st.booleans(), st.none(), st.text(max_size=8),
    st.just("2026-11-23T18:53:44.100Z"), st.just(1.8e9), st.dictionaries(KEYS, st.integers(), max_size=2),
)  # fmt: skip


def test_the_format_is_that_of_most_lines_whichever_way_they_went() -> None:
    zerolog = b'{"level":null,"severity":null,"time":"2026-11-23T18:53:44.100Z","message":"m"}'
    for lines in ([zerolog, b"{}"], [b"{}", zerolog], [*[zerolog] * 700, *[b"{}"] * 300, *[zerolog] * 40]):
        both(lines)


@given(st.lists(st.dictionaries(KEYS, VALUES, max_size=6), max_size=5))
def test_any_objects_tell_the_same(objects: list[dict[str, Any]]) -> None:
    quick, long = both([json.dumps(one).encode() for one in objects])
    assert told(quick) == told(long)
