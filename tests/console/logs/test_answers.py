"""What questions find: comparisons, units, absent fields, tables, and what an answer says of itself."""

from collections.abc import Sequence
from datetime import UTC
from pathlib import Path
from typing import Any

import pytest

from collectors.lines.facts import Profile, detect
from collectors.logs._formats.parser import Parser
from collectors.transport.read.files_lines import Line
from console.logs.asking import sketch, summary
from console.logs.asking.ask import ask
from console.logs.asking.joining import joined
from console.logs.asking.testing import Moment
from console.logs.language import parse
from tests.console.logs.asked import NOW, SAMPLES, START, Held, ask_lines, line, matched, rows

ORDER = line(
    timestamp="2026-11-23T18:53:43.397153Z", level="warning", event="order.placed", region="eu", status="200",
    took=12, duration_ms=250, path="/api/v1/orders", tags=["new", "vip"], http={"status": 404}, ok=True,
    note=None, user="Ann Ng",
)  # fmt: skip


@pytest.mark.parametrize(
    ("question", "found"),
    [
        ("*", True),
        ("-*", False),
        ("region:eu", True),
        ("region:EU", True),
        ("region=EU", False),
        ("region=eu", True),
        ("region:e*", True),
        ("region=e*", False),
        ("region!=us", True),
        ("nothing!=us", False),
        ("nothing?!=us", True),
        ("nothing:us", False),
        ("nothing:*", False),
        ("note:*", False),
        ("region:*", True),
        ("-nothing:*", True),
        ("status=200", True),
        ("status>=200", True),
        ("status>200", False),
        ("status:2*", True),
        ('status:"200"', True),
        ("took<12.5", True),
        ("took<=11", False),
        ("region>5", False),
        ("region<5", False),
        ("nothing<5", False),
        ("ok:true", True),
        ("ok>0", False),
        ("http.status=404", True),
        ("tags:vip", True),
        ("tags:VIP", True),
        ("tags=old", False),
        ("level>=warn", True),
        ("level>warn", False),
        ("level:warning", True),
        ("level<error", True),
        (".level=warning", True),
        ("duration>200ms", True),
        ("duration<0.2s", False),
        ("duration_ms>200", True),
        ("duration_ms>200ms", True),
        ("duration_ms>1s", False),
        ("event:order.placed", True),
        ("event:order.*", True),
        ("message:order", True),
        ("message=order", False),
        ("order.placed", True),
        ("ORDER", False),
        ("ord*ced", True),
        ('"Ann Ng"', True),
        ('"ann ng"', True),
        ("user:ann*", True),
        ("path~^/api/v[0-9]+/orders$", True),
        ("path~ORDERS", False),
        ("path~orders", True),
        ("is:hostile", False),
        ("is:unparsed", False),
        ("region:us OR status:200", True),
        ("region:us OR status:201", False),
        ("-(region:us status:200)", True),
        ("time>2026-11-23T18:53:43Z", True),
        ("timestamp>2026-11-23T18:54Z", False),
        ("since:2026-11-23T18:53Z until:2026-11-23T18:54Z", True),
        ("until:2026-11-23T18:53Z", False),
    ],
)
def test_a_comparison(question: str, found: bool) -> None:
    assert matched(question, ORDER) == found
    # the same, read whole: is:cut of nothing is never true
    assert (
        matched(f"({question.replace('since:', 'time>=').replace('until:', 'time<')}) OR is:cut", ORDER)
        == found
    )


def test_words_are_found_in_what_a_line_says_and_as_it_is_written() -> None:
    escaped = b'{"event":"caf\\u00e9 \\"timed out\\"","x":1}'
    for question in ("café", '"\\"timed out"', '"timed out\\""', '"\\\\u00e9"', "event", "timed"):
        assert matched(question, escaped) == 1, question
    assert matched("u0065vent", escaped) == 0
    assert matched("hidden", b'{"event":"\\u0068idden"}') == 1
    assert matched("hidden -x:1 y", b'{"event":"\\u0068idden y"}', b'{"event":"other"}') == 1


def test_seed_questions() -> None:
    lines = [
        line(timestamp="2026-11-23T10:00:00Z", event="login.failed", user_id=1),
        line(timestamp="2026-11-23T11:00:00Z", event="login.failed", user_id="1"),
        line(timestamp="2026-11-23T12:00:00Z", event="login.failed", user_id=2),
        line(timestamp="2026-11-24T00:30:00Z", event="login.failed", user_id=3),
        line(timestamp="2026-11-22T23:30:00Z", event="login.failed", user_id=4),
        line(timestamp="2026-11-23T12:00:00Z", event="login.ok", user_id=5),
    ]
    now = 1_795_550_000.0  # 2026-11-24
    question = "event:login.failed since:yesterday until:today | uniq(user_id)"
    answer = ask(parse(question), Held((lines, None, "app")), Moment(now, UTC))
    assert answer.table is not None
    assert answer.table.rows == ((2,),)
    assert answer.coverage.matched == 3
    assert answer.coverage.complete
    durations = [line(region="eu" if at % 2 else "us", duration_ms=at) for at in range(1, 201)]
    assert rows("region=eu | p95(duration)", *durations) == [(pytest.approx(0.1891),)]


def whole(question: str, *streams: tuple[Sequence[bytes], Profile | None, str]) -> Any:
    """The table over these streams; of any cells, for arithmetic."""
    answer = ask(parse(question), Held(*streams, size=10_000), Moment(NOW))
    assert answer.table is not None
    assert answer.coverage.unitless == 0
    return answer.table


def as_loggers_write(seconds: float) -> dict[str, bytes]:
    """One duration by zap, zerolog, slog and logrus, in JSON and as text."""
    nanos = round(seconds * 1e9)
    return {
        "zap": line(level="warn", ts=START, caller="go/main.go:51", msg="slow query", elapsed=seconds),
        "zerolog": line(
            level="warn", elapsed=seconds * 1e3, time="2026-11-23T18:53:42Z", message="slow query"
        ),
        "slog": line(time="2026-11-23T18:53:42.4Z", level="WARN", msg="slow query", elapsed=nanos),
        "logrus": line(elapsed=nanos, level="warning", msg="slow query", time="2026-11-23T18:53:42Z"),
        "text": f"time=2026-11-23T18:53:42Z level=WARN msg=slow elapsed={seconds * 1e3:.6f}ms".encode(),
    }


def test_durations_of_four_loggers_are_one_duration() -> None:
    wrote = [as_loggers_write(round(0.001 * at**1.5, 9)) for at in range(1, 100)]
    streams = [([one[name] for one in wrote], None, name) for name in wrote[0]]
    for question in ("| p50(duration), p95(duration)", "| p50(elapsed), p95(elapsed)"):
        for answer in (whole(question, *streams), *(whole(question, stream) for stream in streams)):
            assert answer.units == ("s", "s")
            assert answer.rows[0] == (pytest.approx(0.353553391), pytest.approx(0.914, rel=3e-3)), question
    assert ask(parse("elapsed=8ms"), Held(*streams), Moment(NOW)).coverage.matched == len(streams)
    assert ask(parse("duration>=8ms"), Held(*streams), Moment(NOW)).coverage.matched == 96 * len(streams)
    files = (
        "zap-production.jsonl",
        "zerolog.jsonl",
        "slog-json.jsonl",
        "logrus-json.jsonl",
        "slog-text.logfmt",
    )
    real = [((SAMPLES / name).read_bytes().splitlines(), None, name) for name in files]
    assert ask(parse("elapsed=41.424799ms"), Held(*real), Moment(NOW)).coverage.matched == len(files)


def test_a_duration_of_unknown_unit_is_told_and_never_mixed() -> None:
    known = [line(level="info", message="x", duration_ms=100) for _ in range(3)]
    unknown = [line(level="info", message="x", duration=900) for _ in range(2)]
    answer = ask_lines("| p50(duration), max(duration)", *known, *unknown)
    assert answer.table is not None
    assert answer.table.rows == ((0.1, 0.1),)
    assert answer.table.units == ("s", "s")
    assert answer.coverage.unitless == 2
    alone = ask_lines("| max(duration)", *unknown)
    assert alone.table is not None
    assert alone.table.rows == ((900,),)
    assert alone.table.units == (None,)
    assert alone.coverage.unitless == 2
    compared = ask_lines("duration>50ms", *known, *unknown)
    assert compared.coverage.matched == 3
    assert compared.coverage.unitless == 2
    assert ask_lines("| max(.duration)", *unknown).coverage.unitless == 0


WEB = [
    line(timestamp=START + at, level="error" if at % 10 == 0 else "info", event="request", region=region,
         status=500 if at % 10 == 0 else "200", bytes=at, user=f"u{at % 7}")
    for at, region in enumerate(["eu", "us", "eu", None, "apac"] * 20)
]  # fmt: skip


@pytest.mark.parametrize(
    ("question", "table"),
    [
        ("| count", [(100,)]),
        ("region=nowhere | count", [(0,)]),
        ("region=nowhere | count, max(bytes)", [(0, None)]),
        ("region=nowhere | count by user", []),
        ("| count by region", [("eu", 40), (None, 20), ("apac", 20), ("us", 20)]),
        ("| count by region | top 2", [("eu", 40), (None, 20)]),
        ("| top 1 region", [("eu", 40)]),
        ("| count by status", [(200, 90), (500, 10)]),
        ("| count by level", [("info", 90), ("error", 10)]),
        ("| sum(bytes), avg(bytes), min(bytes), max(bytes)", [(4950, 49.5, 0, 99)]),
        ("| p50(bytes), p0(bytes), p100(bytes)", [(49.5, 0, 99)]),
        ("| uniq(user), count(region)", [(7, 80)]),
        ("| uniq(bytes) by region | top 1", [("eu", 40)]),
        ("region:us | max(bytes), count by region | top 1 count", [("us", 96, 20)]),
        ("| hist 50s", [(START, 50), (START + 50, 50)]),
        ("level:error | hist 50s count by region", [(START, "eu", 5), (START + 50, "eu", 5)]),
        ("| show bytes, user | top 2 bytes", [(99, "u1"), (98, "u0")]),
        ("status>=500 | show level, status | top 1 status", [("error", 500)]),
    ],
)
def test_a_table(question: str, table: list[tuple[object, ...]]) -> None:
    for size in (1000, 7):
        got = rows(question, *WEB, size=size)
        if question == "| count by status":
            # a text wins where both are written
            assert [(str(status), count) for status, count in got] == [("200", 90), ("500", 10)]
        else:
            assert got == table


def test_a_rate_is_of_the_span_of_all_lines() -> None:
    assert rows("level:error | rate", *WEB) == [(pytest.approx(10 / 99),)]
    assert rows("level:error since:1h | rate", *WEB) == [(pytest.approx(10 / 3600),)]


def test_around_shows_what_was_near() -> None:
    answer = ask_lines("bytes=50 OR bytes=52 | around 3s", *WEB)
    assert sorted(record.fields["bytes"] for record in answer.records) == list(range(47, 56))
    assert rows("bytes=50 | around 2s | count by region", *WEB)[0] == ("eu", 2)
    assert ask_lines("bytes=7777 | around 3s", *WEB).records == []


def test_diff_stands_beside_the_span_before() -> None:
    got = rows("since:50s until:now | count by level | diff", *WEB, now=START + 100)
    assert got == [("error", 5, 5, 0), ("info", 45, 45, 0)]
    got = rows("since:10s bytes>85 | count by user | diff | top 1", *WEB, now=START + 100)
    assert got[0][1] == 2


def test_patterns_mask_what_varies() -> None:
    lines = [line(event=f"order {at} of user {at * 7} took {at}.5ms", level="info") for at in range(50)]
    got = rows("| patterns 3", *lines, line(event="disk full", level="error"))
    assert [(row[0], row[2], row[4]) for row in got] == [
        (50, "info", "order * of user * took *"),
        (1, "error", "disk full"),
    ]


def test_fields_are_told_with_their_types() -> None:
    got = {row[0]: row[1:5] for row in rows("| fields", *WEB)}
    assert got["status"] == ("number text", 100, 1.0, 2)
    assert got["region"] == ("text", 80, 0.8, 3)


def test_records_are_the_newest_first_and_secrets_are_tokens() -> None:
    answer = ask_lines(
        "level:error", *WEB, line(level="error", message="x", password="hunter2", user="a@example.org")
    )
    times = [record.time for record in answer.records]
    assert times == sorted(times, reverse=True)
    first = answer.records[0]
    assert first.level == "error"
    assert first.timed is False
    assert first.fields["password"].startswith("‹secret:")
    assert first.fields["user"].startswith("‹email:")
    assert answer.coverage.untimed == 1


def test_more_records_than_are_kept_are_the_newest(monkeypatch: pytest.MonkeyPatch) -> None:
    answer = ask(parse("*"), Held((WEB, None, "app")), Moment(NOW), most=10)
    assert [record.fields["bytes"] for record in answer.records] == list(range(99, 89, -1))
    assert answer.coverage.capped
    assert answer.coverage.matched == 100
    monkeypatch.setattr(summary, "MOST_GROUPS", 5)
    answer = ask_lines("| count by bytes", *WEB)
    assert answer.table is not None
    assert len(answer.table.rows) == 5
    assert answer.coverage.capped


def test_what_no_reader_understands_is_counted_and_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    odd = [
        b'{"event":"a"', b'{"event":"\xff"}', b'{"event":NaN}', b"plain words", b"[1]", b"",
        b'{"event":"\\ud800"}', b'{"a":' * 3000, b'{"event":"ok","x":1e999}', b'{"event":1} {"event":2}',
        '{"event":"\u202e"}'.encode(),
    ]  # fmt: skip
    lines = [*WEB[:10], *odd, *WEB[10:]]
    answer = ask_lines("*", *lines)
    assert answer.coverage.lines == len(lines)
    assert answer.coverage.matched == len(lines)
    assert answer.coverage.unparsed >= 4
    assert matched("is:unparsed", *lines) == answer.coverage.unparsed
    assert matched("is:hostile", *lines) >= 3
    assert matched("event:request", *lines) == 100
    assert matched("plain", *lines) == 1


def test_estimates_say_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sketch, "EXACT", 50)
    answer = ask_lines("| p95(bytes), max(bytes), count", *WEB)
    assert answer.table is not None
    assert answer.table.about == (True, False, False)
    assert answer.coverage.estimated
    assert answer.table.rows[0][0] == pytest.approx(94, rel=0.011)
    assert answer.table.rows[0][1] == 99
    assert not ask_lines("bytes<40 | p95(bytes)", *WEB).coverage.estimated


def test_giving_up_gives_what_was_found() -> None:
    asked = iter([False, False, True])
    answer = ask(
        parse("| count"), Held((WEB, None, "app"), size=10), Moment(NOW), cancelled=lambda: next(asked)
    )
    assert answer.table is not None
    assert answer.table.rows == ((20,),)
    assert answer.coverage.stopped
    assert not answer.coverage.complete


def test_traces_of_any_form_are_one() -> None:
    plain = "5759e988bd862e3fe1be46a994272793"
    lines = [
        line(trace_id=plain), line(trace_id=f"0x{plain}"), line(trace_id="f" * 32),
        line(xray_trace_id="1-5759e988-bd862e3fe1be46a994272793"),
        line(traceparent=f"00-{plain}-00f067aa0ba902b7-01"),
    ]  # fmt: skip
    assert matched(f"trace:{plain}", *lines) == 4
    assert matched("trace:1-5759e988-bd862e3fe1be46a994272793", *lines) == 4
    assert rows("| uniq(trace)", *lines) == [(2,)]


@pytest.mark.parametrize("path", sorted(SAMPLES.iterdir()), ids=lambda path: path.name)
def test_records_are_those_of_the_live_stream(path: Path) -> None:
    lines = path.read_bytes().split(b"\n")[:-1]
    parser = Parser()
    live = [record for one in lines for record in parser.parse([Line(one)], NOW, 0.0)]
    live += parser.flush(0.0, force=True)
    records, told, _ = joined(lines, detect(lines))
    assert len(records) == len(live)
    assert records == [record.raw for record in live]
    assert [one.severity for one in told] == [record.severity for record in live]
    assert whole("| count", (lines, None, "app")).rows == ((len(live),),)


def test_the_span_that_was_read_ends_at_the_outermost_lines_with_a_time() -> None:
    told = [
        line(time=at, level="info", message="m", region="eu")
        for at in ("2026-11-27T08:00:00Z", "2026-11-27T08:00:05Z")
    ]
    coverage = ask_lines("* | count", b"no time here", *told, b"nor here").coverage
    assert coverage.first is not None
    assert coverage.last is not None
    assert coverage.last - coverage.first == 5.0


def test_objects_that_are_no_lines_are_no_records() -> None:
    # as many objects as lines, and none of them is one
    odd = [b'{"a":1} {"a":2}', b'{"a":', b"3}"]
    for question in ("a=1", "a=2", "a=3"):
        assert matched(question, *odd, b'{"b":1}') == 0
    assert ask_lines("*", *odd, b'{"b":1}').coverage.matched == 4
