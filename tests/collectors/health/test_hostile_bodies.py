"""No body, header or status crashes the parsers, makes them slow, or lets raw text through."""

import json
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collectors.health._flaws import flaws
from collectors.health._formats.read import parse
from collectors.health._options import HEALTHY_STATUS
from collectors.health._parsed import MOST_PARTS, Outcome, ParsedHealth
from collectors.health.http import judge, word_of
from collectors.text import Shown
from collectors.transport.read.http import Response

WORDS = st.sampled_from(
    [
        "ok",
        "UP",
        "DOWN",
        "pass",
        "warn",
        "fail",
        "Healthy",
        "Degraded",
        "Unhealthy",
        "error",
        "shutting_down",
        "OUT_OF_SERVICE",
        "working",
    ]
)
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | WORDS
KEYS = st.sampled_from(
    [
        "status",
        "checks",
        "components",
        "details",
        "info",
        "error",
        "entries",
        "failures",
        "component",
        "system",
        "version",
        "started_at",
        "uptime",
        "restarts",
        "instance",
        "output",
        "observedValue",
        "observedUnit",
        "duration",
        "description",
        "message",
        "name",
        "data",
        "git",
        "commit",
    ]
) | st.text(max_size=10)
JSON = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(KEYS, inner, max_size=6),
    max_leaves=30,
)
LINES = st.lists(
    st.one_of(
        st.text(max_size=30),
        st.builds("[{}]{} {}".format, st.sampled_from("+-*"), st.text(max_size=9), WORDS),
        st.builds("{}: {}".format, st.text(max_size=9), WORDS),
    ),
    max_size=8,
).map("\n".join)
BODIES = st.one_of(
    st.binary(max_size=200),
    LINES.map(lambda text: text.encode("utf-8", "surrogatepass")),
    JSON.map(lambda value: json.dumps(value).encode()),
    st.builds(lambda value, cut: json.dumps(value).encode()[:cut], JSON, st.integers(0, 100)),
)
HEADERS = st.dictionaries(
    st.sampled_from(
        [
            "content-type",
            "age",
            "x-cache",
            "cache-status",
            "location",
            "date",
            "x-pod-name",
            "cf-cache-status",
        ]
    ),
    st.one_of(
        st.text(st.characters(max_codepoint=255), max_size=30),
        st.sampled_from(["application/json", "application/health+json", "text/html", "text/plain"]),
    ),
)


def _all_text(parsed: ParsedHealth) -> list[Shown]:
    told = parsed.told
    names = [text for part in parsed.parts for text in (part.name, part.word)]
    return [parsed.word, parsed.note, told.version, told.instance, *names]


@settings(max_examples=400, deadline=None)
@given(BODIES, HEADERS, st.integers(100, 599))
def test_any_answer_is_borne(body: bytes, headers: dict[str, str], status: int) -> None:
    parsed = parse(body, headers)
    response = Response(status, tuple(headers.items()), body)
    outcome = judge(status, parsed, HEALTHY_STATUS)
    assert outcome is not Outcome.SILENT
    texts = [*_all_text(parsed), word_of(status, parsed, outcome), *flaws(response, parsed)]
    for text in texts:
        assert type(text) is Shown
        assert text.isprintable()
        assert len(text) <= 250
    assert len(parsed.parts) <= MOST_PARTS


MIB = 1 << 20
DEEP = {
    "deep lists": b"[" * MIB,
    "deep objects": b'{"a":' * 40_000 + b"1" + b"}" * 40_000,
    "deep components": b'{"status":"UP","components":{"a":' * 300 + b"1" + b"}}" * 300,
    "a huge integer": b'{"status":"ok","uptime":' + b"9" * 100_000 + b"}",
    "a large integer": b'{"status":"ok","uptime":' + b"9" * 4000 + b',"started":' + b"9" * 4000 + b"}",
    "not a number": b'{"status":"ok","uptime":NaN}',
    "infinity": b'{"status":"ok","uptime":1e999,"checks":{"a":[{"status":"pass","observedValue":1e999}]}}',
    "bad UTF-8": b'{"status":"\xff\xfe\xed\xa0\x80"}',
    "lone surrogates": b'{"status":"\\ud800","version":"\\udfff"}',
    "many checks": json.dumps({"status": "UP", "checks": [{"name": "a", "status": "UP"}] * 7000}).encode(),
    "many names": json.dumps({f"Check{n}()": "OK" for n in range(12_000)}).encode(),
    "one line": b"x" * MIB,
    "many lines": b"[+]a ok\n" * (MIB // 8),
    "colons": b": " * (MIB // 2),
    "spaces": b"a" + b" " * MIB,
    "brackets": b"Check(" * (MIB // 6),
    "zeros": bytes(MIB),
    "quotes": b'"' * MIB,
    "backslashes": b'{"status":"' + b"\\\\" * 120_000 + b'"}',
}


@pytest.mark.parametrize("name", DEEP)
@pytest.mark.parametrize("content_type", ["application/json", "text/plain", "application/health+json"])
def test_large_answers_are_quick(name: str, content_type: str) -> None:
    began = time.process_time()
    parsed = parse(DEEP[name], {"content-type": content_type})
    assert time.process_time() - began < 1.0
    assert all(len(text) <= 250 for text in _all_text(parsed))


def test_of_many_checks_the_failing_are_kept() -> None:
    checks = [{"name": f"check {number}", "status": "UP"} for number in range(500)]
    checks.append({"name": "last", "status": "DOWN"})
    body = json.dumps({"status": "DOWN", "checks": checks}).encode()
    parts = parse(body, {"content-type": "application/json"}).parts
    assert (len(parts), parts[0].name, parts[1].name) == (MOST_PARTS, "last", "check 0")


def test_numbers_that_are_none_are_left_out() -> None:
    parsed = parse(DEEP["infinity"], {"content-type": "application/json"})
    assert (parsed.outcome, parsed.told.raw_uptime) == (Outcome.PASS, None)
    assert parse(DEEP["not a number"], {"content-type": "application/json"}).note == "broken JSON"
    assert parse(DEEP["a large integer"], {}).told.raw_uptime is None


def test_a_large_json_answer_is_said_to_be_unread() -> None:
    body = json.dumps({"status": "UP", "x": "y" * 300_000}).encode()
    parsed = parse(body, {"content-type": "application/json"})
    assert (parsed.outcome, parsed.note) == (Outcome.UNKNOWN, "a JSON answer of 292 KiB is not read")
