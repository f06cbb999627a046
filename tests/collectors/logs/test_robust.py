"""Facts of any bytes: never an error, never a line lost, never long; the live stream tells the same."""

import json
import math
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collectors.lines.facts import Facts, begins, detect, facts, records
from collectors.logs._formats.names import FORMATS
from collectors.logs._formats.parser import Parser
from collectors.text import shown
from collectors.transport.read.files_lines import Line
from tests.collectors.logs.test_hostile import HOSTILE, OBJECTS, TEXTS, encoded

NOW = 1_795_460_000.0
PLAIN = detect([b'{"level":"info","message":"x","timestamp":"2026-11-23T18:53:42Z"}'])


def one(line: bytes) -> Facts:
    return facts(line, PLAIN, NOW)


def test_what_strict_readers_refuse_still_tells_its_facts() -> None:
    told = one(b'{"level":"error","message":"a\xff","timestamp":"2026-11-23T18:53:42Z"}')
    assert (told.severity and told.severity.word, told.message, told.parsed, told.hostile) == (
        *("error", "a\ufffd", True),
        True,
    )
    assert told.time == 1_795_460_022.0
    for line in (
        b'\xef\xbb\xbf{"level":"error","message":"x"}',
        b'{"level":"error","message":"x","v":NaN}',
        b'{"level":"error","message":"x","v":-Infinity}',
        b'{"level":"error","message":"x\x00\x1f"}',
        rb'{"level":"error","message":"x","v":"\ud800"}',
        b'{"level":"error","message":"x","v":' + b"9" * 4301 + b"}",
        b'{"level":"info","level":"error","message":"x"}',
    ):
        told = one(line)
        assert told.severity is not None, line[:60]
        assert told.severity.word == "error", line[:60]
        assert told.message.startswith("x"), line[:60]
        assert told.parsed, line[:60]


def test_numbers_are_exact_or_are_text() -> None:
    assert one(b'{"message":"x","v":36893488147419103233}').fields["v"] == 36893488147419103233
    assert one(b'{"message":"x","v":' + b"9" * 3000 + b"}").fields["v"] == 10**3000 - 1
    assert one(b'{"message":"x","v":' + b"9" * 4301 + b"}").fields["v"] == "9" * 4301
    infinite = one(b'{"message":"x","v":1e999}')
    assert math.isinf(infinite.fields["v"])


def test_of_equal_keys_the_last_counts() -> None:
    assert one(b'{"message":"x","a":1,"a":"two"}').fields["a"] == "two"


def test_what_nothing_reads_is_a_message_and_is_said_to_be_unparsed() -> None:
    deep = b'{"a":' + b"[" * 10_000 + b"]" * 10_000 + b"}"
    for line in (
        b'{"message":"x',
        b'{"a":' + b"[" * 10_000 + b"]" * 10_000 + b"}",
        b"{}}",
        b'{"a":1} {"b":2}',
    ):
        told = one(line)
        assert not told.parsed
        assert told.message.startswith(line[:20].decode())
    assert one(deep).hostile


@pytest.mark.parametrize("name", HOSTILE)
def test_what_deceives_is_flagged(name: str) -> None:
    assert one(HOSTILE[name]).hostile or name in ("carriage return", "byte order mark")


HUGE = {
    "a token": b"x" * 64_000,
    "a token in JSON": b'{"message":"' + b"x" * 64_000 + b'"}',
    "20 MB of JSON": b'{"level":"info","message":"x","a":"' + b"word " * 4_000_000 + b'"}',
    "20 MB of text": b"2026-11-23 18:53:44 INFO " + b"word " * 4_000_000,
    "20 MB of pairs": b"level=info " + b"k=v " * 5_000_000,
    "20 MB of quotes": b"2026-11-23 18:55:31.772 UTC,,," + b'"' * 20_000_001,
    "20 MB of nothing": b"\0" * 20_000_000,
    "20 MB of colours": b"\x1b[31m" * 4_000_000,
    "deep": b'{"a":' + b'{"a":' * 10_000 + b"1" + b"}" * 10_001,
    "deep arrays": b"[" * 10_000,
    "many keys": b'{"a":1' + b"".join(b',"k%d":%d' % (n, n) for n in range(60_000)) + b"}",
    "structured data": b"<13>1 2026-11-23T18:53:44Z h a - - " + b'[x y="' * 20_000,
    "many records": b'{"resourceLogs":[{"scopeLogs":[{"logRecords":[' + b"{}," * 80_000 + b"{}]}]}]}",
    "heavy records": b'{"resourceLogs":[{"resource":{"a":"' + b"x" * 100_000
    + b'"},"scopeLogs":[{"logRecords":[' + b"{}," * 40_000 + b"{}]}]}]}",
}  # fmt: skip


@pytest.mark.parametrize("name", HUGE)
def test_nothing_takes_long(name: str) -> None:
    line = HUGE[name]
    begin = time.process_time()
    profile = detect([line])
    told = facts(line, profile, NOW)
    made = list(records([line], profile, NOW))
    spent = time.process_time() - begin
    assert told.message or name == "20 MB of nothing"
    assert made
    # a second for one of the three, threefold slack
    assert spent < 9.0


def test_the_records_of_one_line_are_bounded_and_none_is_lost() -> None:
    line = HUGE["heavy records"]
    made = list(records([line], detect([line]), NOW))
    assert sum(len(raw) for raw, _ in made) < 64 * 1024 * 1024
    beyond = made[-1][1].fields["records.beyond"]
    assert len(made) + beyond == 40_001


def test_many_records_of_a_line_are_records_of_their_own() -> None:
    def record(body: str, at: int) -> dict[str, object]:
        return {
            "timeUnixNano": str((NOW_NS + at) * 10**9),
            "severityNumber": 9 + 4 * at,
            "body": {"stringValue": body},
            "attributes": [
                {"key": "n", "value": {"intValue": str(at)}},
                {
                    "key": "tags",
                    "value": {"arrayValue": {"values": [{"stringValue": "a"}, {"boolValue": True}]}},
                },
            ],
        }

    line = json.dumps(
        {
            "resourceLogs": [
                {
                    "resource": {"attributes": [{"key": "service.name", "value": {"stringValue": "shop"}}]},
                    "scopeLogs": [
                        {"scope": {"name": "web"}, "logRecords": [record("one", 0), record("two", 1)]}
                    ],
                },
                {"scopeLogs": [{"logRecords": [record("three", 2)]}]},
            ]
        }
    ).encode()
    profile = detect([line])
    told = [one for _, one in records([line], profile)]
    assert [(one.message, one.severity and one.severity.word) for one in told] == [
        *(("one", "info"), ("two", "warning")),
        ("three", "error"),
    ]
    assert [one.time for one in told] == [NOW_NS, NOW_NS + 1, NOW_NS + 2]
    assert [one.service for one in told] == ["shop", "shop", None]
    assert [one.logger for one in told] == ["web", "web", None]
    assert told[1].fields["n"] == 1
    assert told[1].fields["tags"] == ["a", True]
    assert not profile.direct
    parser = Parser()
    assert [record.message for record in parser.parse([Line(line)], NOW, 0.0)] == ["one", "two", "three"]


NOW_NS = 1_795_460_022


@settings(max_examples=150, deadline=2000)
@given(st.lists(st.binary(max_size=80) | TEXTS | OBJECTS.map(encoded), max_size=6), st.sampled_from(FORMATS))
def test_any_lines_tell_what_the_live_stream_tells(lines: list[bytes], form: str) -> None:
    lines = [line.replace(b"\n", b"").lstrip(b"\0") for line in lines]
    profile = detect(lines, form)
    told = list(records(lines, profile, NOW))
    parser = Parser(form)
    live = parser.parse([Line(line) for line in lines], NOW, 0.0) + parser.flush(0.0, force=True)
    assert [raw for raw, _ in told] == [record.raw for record in live]
    assert [one.severity for _, one in told] == [record.severity for record in live]
    assert [one.time for _, one in told] == [record.time if record.timed else None for record in live]
    for (raw, one), record in zip(told, live, strict=True):
        assert shown(one.message) == record.message
        assert facts(raw, profile, NOW).message == one.message
        begins(raw, profile)
    facts(b"\n".join(lines), profile, NOW)
