"""Live, memory and file give the same answer; so do the quick way and the slow one; nothing hangs."""

import gzip
import json
import os
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from collectors.lines.facts import detect
from console.logs.asking.answer import Answer
from console.logs.asking.ask import ask
from console.logs.asking.evaluate import Evaluation
from console.logs.asking.joining import joined
from console.logs.asking.testing import Moment
from console.logs.gathering import FileLines, PipeLines, RingLines
from console.logs.language import Question, parse
from console.logs.language.syntax import And, Not, Note
from console.logs.live import Live
from console.logs.source import Chunk, Stream
from tests.console.logs.asked import NOW, SAMPLES, START, Held, line, ring_of
from tests.console.logs.questions import questions

VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-5, 600),
    st.floats(allow_nan=False, allow_infinity=False, width=16),
    st.sampled_from(("eu", "us", "EU", "200", "5s", "1.5ms", "4KiB", "", "é", "a\u001bb", "x y")),
    st.lists(st.sampled_from(("new", "vip", 3)), max_size=2),
    st.dictionaries(st.sampled_from(("status", "x")), st.integers(0, 3), max_size=2),
)
KEYS = (
    "region", "status", "http.status", "http", "duration_ms", "duration", "elapsed", "path", "event",
    "took_ms", "trace_id", "service", "a-b",
)  # fmt: skip
LEVELS = ("info", "warning", "error", "WARN", "nonsense", None)


@st.composite
def lines(draw: st.DrawFn) -> bytes:
    fields: dict[str, Any] = {}
    if draw(st.booleans()):
        seconds = draw(st.integers(0, 3599))
        fields["timestamp"] = (
            f"2026-11-23T18:{seconds // 60:02}:{seconds % 60:02}.{draw(st.integers(0, 999)):03}Z"
        )
    fields["level"] = draw(st.sampled_from(LEVELS))
    fields |= draw(st.dictionaries(st.sampled_from(KEYS), VALUES, max_size=5))
    made = json.dumps(fields, ensure_ascii=draw(st.booleans())).encode()
    odd = draw(st.integers(0, 40))
    if odd == 0:
        return made[:-1]
    if odd == 1:
        return made[:-1] + b',"x":"\xff"}'
    return made + b" " if odd == 2 else b"plain text" if odd == 3 else made


TEXTS = """\
| count by region
region=eu | p95(duration)
level>=warn | count by level, service
| uniq(trace), count(event)
duration>1ms
| p50(elapsed), sum(elapsed) by service
status>=200 | hist 10m by region
eu | patterns
-region:* | show region, duration, time
time:18:00..18:30 | rate
| avg(took_ms), max(status)
message:* | count by message"""
ASKED = st.one_of(questions(), st.sampled_from([parse(text) for text in TEXTS.splitlines()]))
SETTINGS = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])


EVERY = """\
| count by level
| p50(duration), count(duration) by service
| count by logger, trace, request, host
| count by message
| hist 1m by level
level>=warn duration>1ms
| count by error"""


def told(answer: Answer) -> tuple[Any, ...]:
    """What must not depend on where lines are kept."""
    coverage = answer.coverage
    shown = [(one.time, one.timed, one.level or "", str(one.message)) for one in answer.records]
    fields = [json.dumps(one.fields) for one in answer.records]
    records = sorted(zip(shown, fields, strict=True))
    return (answer.table, records, coverage.matched, coverage.unparsed, coverage.unitless, coverage.lines)


@given(st.lists(lines(), min_size=1, max_size=25), ASKED, st.integers(1, 9))
@SETTINGS
def test_live_memory_file_and_pipe_agree(written: list[bytes], question: Question, size: int) -> None:
    moment = Moment(NOW)
    profile = detect(written)
    if question.stages and "Around" in str(question.stages[0]):
        question = Question(question.filter, question.when, question.stages[1:])
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "app.log"
        path.write_bytes(b"\n".join(written) + b"\n")
        os.utime(path, (NOW, NOW))
        stream = Stream("app")
        from_file = told(ask(question, FileLines([(str(path), stream)], profile), moment))
        with path.open("rb") as pipe:
            from_pipe = told(ask(question, PipeLines(pipe, stream, NOW), moment))
        in_pieces = told(ask(question, Held((written, profile, "app"), size=1000), moment))
    records, facts, _ = joined(written, profile)
    ring = ring_of("app", records, [NOW if one.time is None else one.time for one in facts])
    from_ring = told(ask(question, RingLines(ring, known=lambda _subject: profile), moment))
    fed = Evaluation(question, moment)
    for at in range(0, len(records), size):
        fed.feed(Chunk(stream, profile, records=records[at : at + size], arrivals=NOW, joined=True))
    live = told(fed.answer(()))
    assert from_file == from_pipe == in_pieces
    # joined records are fewer lines, and say the same
    assert from_ring[:5] == live[:5] == from_file[:5]


@given(st.lists(lines(), min_size=1, max_size=25), questions())
@SETTINGS
def test_the_quick_way_and_the_slow_one_agree(written: list[bytes], question: Question) -> None:
    moment = Moment(NOW)
    if question.stages and "Around" in str(question.stages[0]):
        question = Question(question.filter, question.when, question.stages[1:])
    # to ask for a note is to read every line whole
    whole = Question(And((*_terms(question), Not(Note("cut")))), question.when, question.stages)
    held = Held((written, detect(written), "app"), size=9)
    assert told(ask(question, held, moment)) == told(ask(whole, held, moment))


def _terms(question: Question) -> tuple[Any, ...]:
    return question.filter.terms if isinstance(question.filter, And) else (question.filter,)


@pytest.mark.parametrize("path", sorted(SAMPLES.iterdir()), ids=lambda path: path.name)
def test_real_loggers_are_read_the_same_both_ways(path: Path) -> None:
    held = Held((path.read_bytes().splitlines(), None, "app"), size=50)
    for text in EVERY.splitlines():
        question = parse(text)
        whole = Question(And((*_terms(question), Not(Note("cut")))), question.when, question.stages)
        assert told(ask(question, held, Moment(NOW))) == told(ask(whole, held, Moment(NOW))), text


@given(st.lists(lines(), min_size=1, max_size=30), st.integers(1, 9))
@SETTINGS
def test_a_pinned_question_agrees_with_one_asked_now(written: list[bytes], size: int) -> None:
    profile = detect(written)
    for text in (
        "| count, p95(duration)",
        "since:2h level>=info | count by region",
        "since:30m | uniq(status)",
    ):
        live = Live(parse(text), Moment(NOW), watched=START - 7200)
        for at in range(0, len(written), size):
            live.feed(Chunk(Stream("app"), profile, records=written[at : at + size], arrivals=NOW), NOW)
        snapshot = live.snapshot(NOW)
        begin = snapshot.coverage.window.since
        if begin is not None:
            # the span begins at a slice's edge, and says so
            assert NOW - 7200 - 120 <= begin <= NOW - 1800
        asked = Evaluation(parse(text), Moment(NOW), snapshot.coverage.window)
        for at in range(0, len(written), size):
            asked.feed(Chunk(Stream("app"), profile, records=written[at : at + size], arrivals=NOW))
        assert snapshot.table == asked.answer(()).table


def test_a_pinned_question_lets_go_of_what_is_too_old() -> None:
    live = Live(parse("since:1m | count"), Moment(START), watched=START)
    profile = detect([line(timestamp=START, event="x")])
    for second in range(300):
        now = START + second
        live.feed(Chunk(Stream("app"), profile, records=[line(timestamp=now, event="x")], arrivals=now), now)
    snapshot = live.snapshot(START + 299)
    assert snapshot.table is not None
    assert snapshot.table.rows == ((61,),)
    assert snapshot.coverage.lines <= 62
    assert snapshot.coverage.complete
    early = Live(parse("since:1h | count"), Moment(START), watched=START).snapshot(START)
    assert not early.coverage.complete
    assert len(live._slices) < 70


def test_rotated_and_packed_neighbours_belong_to_the_past(tmp_path: Path) -> None:
    def write(name: str, hours: Sequence[int]) -> None:
        data = b"".join(line(timestamp=NOW - hour * 3600, event="x", hour=hour) + b"\n" for hour in hours)
        (tmp_path / name).write_bytes(gzip.compress(data) if name.endswith(".gz") else data)
        os.utime(tmp_path / name, (NOW - hours[-1] * 3600,) * 2)

    write("app.log.2.gz", range(72, 48, -1))
    write("app.log.1", range(48, 24, -1))
    write("app.log", range(24, 0, -1))
    files = FileLines([(str(tmp_path / "app.log"), Stream("app"))])
    answer = ask(parse("since:60h | count, min(hour), max(hour)"), files, Moment(NOW))
    assert answer.table is not None
    assert answer.table.rows == ((60, 1, 60),)
    assert answer.coverage.complete
    newest = [record.fields["hour"] for record in ask(parse("*"), files, Moment(NOW)).records]
    assert newest == list(range(1, 73))
    alone = FileLines([(str(tmp_path / "app.log"), Stream("app"))], alone=True)
    assert ask(parse("*"), alone, Moment(NOW)).coverage.matched == 24
    (tmp_path / "app.log.1").chmod(0)
    missing = FileLines([(str(tmp_path / "gone.log"), Stream("gone"))])
    told = ask(parse("*"), missing, Moment(NOW)).coverage
    assert not told.complete
    assert told.streams[0].why == "there is no such file"


def hostile() -> Iterator[bytes]:
    yield b'{"event":"' + b"x" * 20_000_000 + b'"}'
    yield b'{"a":' * 10_000 + b"1" + b"}" * 10_000
    yield b"[" * 10_000
    yield b"word" * 16_000
    yield b'{"event":"' + b'a=\\"' * 16_000 + b'"}'
    yield b"k=" * 32_000
    yield b'{"n":' + b"9" * 100_000 + b"}"
    yield b'{"path":"' + b"a" * 64_000 + b'!"}'
    yield b"\x00\xff\xfe" * 5_000


@pytest.mark.parametrize(
    "question",
    [
        "*", "x | count", "path~a*b | count", "path~a.*a.*!$", "event:*a*a*a*b*", "-x OR nothing:y",
        "| count by event, path, n", "| patterns", "| fields", "n>5 OR n<5 | p95(n)", "| uniq(event)",
    ],
)  # fmt: skip
def test_no_line_hangs_a_question(question: str, tmp_path: Path) -> None:
    path = tmp_path / "app.log"
    path.write_bytes(b"\n".join([*hostile(), line(event="end")]) + b"\n")
    began = time.monotonic()
    answer = ask(parse(question), FileLines([(str(path), Stream("app"))]), Moment(NOW))
    assert answer.coverage.lines == 10
    assert answer.coverage.oversize == 1
    assert answer.coverage.complete
    with path.open("rb") as pipe:
        piped = ask(parse(question), PipeLines(pipe, Stream("app"), NOW), Moment(NOW))
    assert piped.coverage.lines == 10
    assert piped.coverage.matched == answer.coverage.matched
    assert time.monotonic() - began < 20
