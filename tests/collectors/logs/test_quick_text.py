"""The quick way of lines of text tells what the long way tells, wherever a stream is cut."""

import random
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collectors.base import Context
from collectors.logs._formats import instant
from collectors.logs._formats.keyed import Keyed
from collectors.logs._formats.parser import Parser
from collectors.logs._formats.shapes import SHAPES, head_of, is_common, match
from collectors.logs._formats.stamps import Stamps
from collectors.logs._formats.text import TextReader
from collectors.model.logs import LogRecord, RawRecord
from collectors.model.practice import Practice
from collectors.transport.read.files_lines import Line

SAMPLES = Path(__file__).with_name("samples")
SUBJECT = Context(collector="test", service="orders").subject(Practice.LOGS, b"app.log")
FACTS = ("seq", "time", "timed", "severity", "message", "raw", "fields", "parsed", "hostile", "lost_bytes")
NOW = 1_795_460_000.0

QUICK = (
    "2026-11-23 18:53:44 INFO app[{p}]: a name with a bracket {n}",
    "2026-11-23 18:53:44,{n:03} INFO orders.web: request {n}",
    "2026-11-23 18:53:44,{n:03} - orders.web - WARNING - request {n}",
    "2026-11-23T18:53:44.{n:03}Z  INFO 4242 --- [main] c.e.App : started {n}",
    "[2026-11-23 18:53:44,{n:03}] ERROR in app: failed {n}",
    "[2026-11-23 18:53:44 +0000] [{n}] [INFO] Booting worker",
    'INFO:     127.0.0.1:{n} - "GET / HTTP/1.1" 200 OK',
    "WARNING:orders.web:slow {n}",
    "2026-11-23 18:53:45.{n:03} | ERROR    | orders.web:<lambda>:{n} - cache miss",
    "2026-11-23 18:55:31.{n:03} UTC [{p}] app@shop LOG:  statement {n}",
    "2026-11-23 18:55:31.{n:03} UTC [{p}] app@shop ERROR:  no such table",
    "2026-11-23T18:54:46,{n:03} [main] ERROR com.shop.Checkout - db failed {n}",
    '2026-11-23T18:53:43.{n:06}Z [info     ] cache miss   key=user:{n} region="a b"',
    '2026-11-23T18:53:42.{n:03}Z\tERROR\tgo/main.go:{p}\tdb failed\t{{"n": {n}}}',
    "2026/11/23 18:55:32 [error] {p}#{p}: *{n} connect() failed, client: 10.0.0.1",
    "[Mon Nov 23 18:57:40.{n:06} 2026] [core:error] [pid {p}:tid {n}] File does not exist",
    '10.0.0.{p} - bob [23/Nov/2026:18:55:32 +0000] "GET /ok?id={n} HTTP/1.1" 503 2 "-" "curl/7"',
    '10.0.0.{p} - - [23/Nov/2026:18:55:3{p} +0100] "GET /\\x22{n} HTTP/1.1" 200 - "-" "curl" 0.{n}',
    "1522{p}:M 23 Nov 2026 18:57:48.{n:03} # overcommit {n}",
    'E1123 18:00:00.{n:06}    {p} controller.go:100] "reconciled" pod="ns/p-{n}" err=null',
    "<134>Nov 23 18:00:0{p} web1 checkout[{p}]: request id={n}",
    "<165>1 2026-11-23T18:00:00.{n:03}Z host app {p} ID47 - text {n}",
    "2026-11-23T18:53:0{p}+0000 web1 checkout[{n}]: request completed",
    "18:53:44 default: job {n}",
    '18:53:44.{n:03} ERROR in job: {{"n":{n}}}',
    'time=2026-11-23T18:53:42.{n:03}Z level=WARN msg="db {n}" status=500',
    'time="2026-11-23T18:53:42Z" level=error msg="db {n}"',
    "ts=179546000{p}.{n:03} lvl=3 event={n} path=/x status=503",
    "١٨:53:44 rq in other digits {n}",
    'Nov 23 18:00:0{p} web1 dockerd[{p}]: time="2026-11-23T18:00:00.{n:03}Z" level=warning msg="x {n}"',
    "2026-11-23T18:53:00.000+00:00 heroku[router]: at=info method=GET dyno=web.1 connect=1ms service={n}ms",
    '<11>Nov 23 18:00:0{p} web1 app[{p}]: msg="carried {n}"',
    "<165>1 2026-11-23T18:00:00Z host app {p} ID47 - level=error path=/x status=503 n={n}",
)  # fmt: skip
SLOW = (
    '2026-11-23T18:53:43Z [info     ] cache miss   key="turned \\u202e {n}"',
    '2026-11-23T18:53:42.{n:03}Z\tERROR\tgo/main.go:{p}\tdb failed\t{{"a": "\\u001b[{n}m"}}',
    "2026-11-23 18:53:44.{n:03} ERROR {{'a': {n}}}",
    '2026-11-23 18:53:44 UTC INFO orders.web - {{"level":"error","msg":"{n}"}}',
    "2026-11-23 18:55:31.{n:03} UTC [{p}] app@shop STATEMENT:  select {n}",
    "2026-11-23 18:55:31.{n:03} UTC [{p}] DETAIL:  select {n}",
    '2026-11-23T18:53:42.{n:03}Z\tERROR\tgo/main.go:{p}\tdb failed\t{{"n": 1' + "0" * 40 + "}}",
    '<165>1 2026-11-23T18:00:00.{n:03}Z host app {p} ID47 [a@1 k="v{n}"] text {n}',
    '<165>1 - host app {p} ID47 - {{"level":"error","msg":"{n}"}}',
    'level=info msg="with \\"marks\\" {n}" user=u{n}',
    "key={n} alone",
    "2026-13-45 99:99:99,{n:03} INFO impossible {n}",
    "٢٠٢٦-11-23 18:53:44 INFO other digits {n}",
)  # fmt: skip
"""Lines that carry a line, join one, or need to be unescaped."""

HEADS = QUICK + SLOW
OTHERS = (
    "Traceback (most recent call last):", '  File "x.py", line {n}, in f', "ValueError: no {n}", "",
    "    at com.shop.Checkout.pay(Checkout.java:{n})", "Caused by: java.io.IOException: {n}",
    "plain words {n}", "\tindented {n}", "goroutine {n} [running]:",
    'goroutine - - [23/Nov/2026:18:55:32 +0000] "GET / HTTP/1.1" 200 {n}', "\r",
    "\x1b[31m2026-11-23 18:53:44 ERROR red.x: {n}\x1b[0m",
    "2026-11-23 18:53:44,{n:03} INFO orders.web: \u202e turned {n}",
    "2026-11-23 18:53:44,{n:03} INFO orders.web: größer {n} \u3000 ok", "Ärger: {n}",
    "2026-11-23 18:53:44,{n:03} INFO orders.web: tab\there {n}", "\x00\x00after a hole {n}",
    "2026-11-23 18:53:44,{n:03} INFO orders.web: password=hunter{n} token",
    '{{"level":"info","time":1.8e9,"msg":"m {n}"}}',
    '{{"level":"warn","msg":"m {n}","ts":"2026-11-23T18:53:4{p}Z"}}',
    '{{"log":"inner {n}\\n","stream":"stdout","time":"2026-11-23T18:53:44Z"}}',
    '{{"log":"part {n}","stream":"stdout","time":"2026-11-23T18:53:44Z"}}',
    '{{"level":"info","broken', "{{", '  "a": {n}', "}}",
    "2026-11-23T18:53:43.486571379Z stderr F WARNING:orders.web:wrapped {n}",
    "2026-11-23T18:53:43.486571379Z stdout P  blank first, half a line {n}",
    "2026-11-23T18:53:43.486571379Z - F 2026-11-23 18:53:44,{n:03} INFO orders.web: in kubectl {n}",
    '2026-11-23 18:53:44.{n:03} UTC,"app","shop",{n},"x",5,"q",1,"S",2026-11-23 18:53:43 UTC,3,0,ERROR,4,"no',
    '2026-11-23 18:53:44.{n:03} UTC,,,{n},,{n},1,,2026-11-23 18:53:43 UTC,,0,LOG,00000,"up",,,,,,,,,"",,,0',
    "2026-11-23 18:53:44 UTC:10.0.0.1(5432):" + "u" * 190 + "@db:[4{n}]: LOG:  common and yet a shape",
    "__CURSOR=s={n}", "MESSAGE=x", "x" * 17_000 + " {n}",
    "2026-11-23 18:53:44 INFO a.b: " + "y" * 9000 + "{n}",
)  # fmt: skip
BYTES = (
    b"2026-11-23 18:53:44,1 INFO a.b: \xff",
    b"\xef\xbb\xbf{}",
    b"\xef\xbc\x81 wide",
    b"\xff\xfe",
    b" ",
    b"\t",
)


def lines_of(draw: random.Random, size: int) -> list[bytes]:
    """Lines as one stream may hold them: runs of one shape, mixtures, traces, carriage returns."""
    lines: list[bytes] = []
    while len(lines) < size:
        usual = draw.choice(HEADS)
        ends = draw.choice((b"", b"", b"\r"))
        for _ in range(draw.randrange(1, 12)):
            pick = draw.random()
            if pick < 0.02:
                lines.append(draw.choice(BYTES))
                continue
            text = usual if pick < 0.6 else draw.choice(HEADS if pick < 0.75 else OTHERS)
            lines.append(text.format(n=draw.randrange(400), p=draw.randrange(3)).encode() + ends)
    return lines


def told(records: Iterable[LogRecord]) -> list[tuple[Any, ...]]:
    return [tuple(getattr(record, name) for name in FACTS) for record in records]


def compare(
    lines: list[bytes], draw: random.Random, name: str = "auto", *, backlog: bool = False, cut: float = 0.01
) -> int:
    """Feed both ways alike, cut and flushed anywhere; how many records the quick one made quickly."""
    quick, long = Parser(name), Parser(name)
    quick.belongs(SUBJECT)
    now, at, made = 0.0, 0, 0

    def same(work: Callable[[Parser], list[LogRecord]]) -> int:
        first, second = work(quick), work(long)
        assert told(first) == told(second)
        for one in ("held", "seq", "format", "lenient", "refused", "_last_time", "_seen", "_total"):
            assert getattr(quick, one) == getattr(long, one), one
        return sum(isinstance(record, RawRecord) for record in first)

    while at < len(lines):
        size = draw.choice((1, 2, 3, 8, 64))
        bunch = [Line(line, 5 * (draw.random() < cut)) for line in lines[at : at + size]]
        at += size
        arrival = NOW + now
        made += same(lambda parser: parser.parse(bunch, arrival, now, backlog=backlog))  # noqa: B023 - used at once
        now += draw.choice((0.0, 0.1, 2.0))
        if draw.random() < 0.2:
            made += same(lambda parser: parser.flush(now))  # noqa: B023 - used at once
        elif draw.random() < 0.05:
            made += same(lambda parser: parser.flush(now, force=True))  # noqa: B023 - used at once
    return made + same(lambda parser: parser.flush(now, force=True))


@pytest.mark.parametrize("name", sorted(path.name for path in SAMPLES.iterdir()))
@pytest.mark.parametrize("backlog", [False, True])
def test_every_sample_tells_the_same(name: str, *, backlog: bool) -> None:
    lines = (SAMPLES / name).read_bytes().split(b"\n")[:-1]
    compare(lines * 2, random.Random(name), backlog=backlog)


@pytest.mark.parametrize("seed", range(40))
def test_any_mixture_tells_the_same(seed: int) -> None:
    draw = random.Random(seed)
    assert compare(lines_of(draw, 250), draw, backlog=seed % 2 == 0) > 0


@pytest.mark.parametrize(
    "name", ["json", "plain", "logfmt", "nginx", "python", "syslog", "postgres", "zap", "text"]
)
def test_a_settled_format_tells_the_same(name: str) -> None:
    draw = random.Random(name)
    compare(lines_of(draw, 400), draw, name)


@settings(deadline=None, max_examples=60)
@given(st.data())
def test_any_lines_tell_the_same(data: st.DataObject) -> None:
    pieces = st.sampled_from(
        ["2026-11-23 18:53:44", "2026-11-23T18:53:44.100Z", ",100", " ", "  ", "[", "] ", "INFO", "error",
         ": ", "-", " - ", "a.b", "web1", "app[12]: ", "4242", "k=v", 'k="v w"', "{", "}", "\t", "|", "\\",
         '"', "<13>", "#", "Nov 23 18:00:00", "DETAIL:  ", "\u202e", "é", "\r", "\x00"]
    )  # fmt: skip
    line = st.lists(pieces, max_size=9).map("".join)
    lines = [one.encode() for one in data.draw(st.lists(line, max_size=8))]
    compare(lines, random.Random(data.draw(st.integers(0, 9))))


@pytest.mark.parametrize("head", HEADS)
def test_most_lines_of_a_stream_are_read_when_they_are_looked_at(head: str) -> None:
    lines = [head.format(n=n, p=1).encode() for n in range(100)]
    assert compare(lines, random.Random(1), cut=0.0) == (100 if head in QUICK else 0)


def test_formats_are_counted_as_one_by_one() -> None:
    draw = random.Random(2)
    lines = [head.format(n=n % 999, p=1).encode() for head in QUICK[:3] + QUICK[-4:-2] for n in range(300)]
    assert compare(lines, draw, cut=0.0) > 1400


@settings(deadline=None)
@given(
    st.sampled_from(
        [
            (instant.of_rfc3164, ("Dec 31 23:59:58", "Jan  1 00:00:02", "Feb 29 10:00:00")),
            (instant.of_klog, ("1231 23:59:58.000001", "0101 00:00:02.5", "0101 00:00:02.75")),
            (instant.of_clock, ("23:59:58", "00:00:02,5", "00:00:02,75")),
        ]
    ),
    st.lists(st.tuples(st.integers(0, 2), st.sampled_from([-90_000, -3, 1, 3600, 200_000])), max_size=12),
)
def test_a_stamp_without_a_year_or_a_day_goes_by_the_present(
    shape: tuple[instant.Reader, tuple[str, ...]], asked: list[tuple[int, int]]
) -> None:
    when, stamps = shape
    kept, new_year = Stamps(when), datetime(2027, 1, 1).timestamp()  # noqa: DTZ001 - local, as the writers are
    for index, later in asked:
        assert kept.time(stamps[index], new_year + later) == when(stamps[index], new_year + later)


def test_a_shape_is_never_missed_for_how_a_line_begins() -> None:
    draw = random.Random(5)
    reader = TextReader(Keyed())
    order = SHAPES
    for line in lines_of(draw, 3000):
        text = line.decode("utf-8", "replace")[:1024]
        wanted = None
        for index, shape in enumerate(order):
            found = match(shape, text, NOW)
            wanted = None if found is None else head_of(shape, *found)
            if wanted is not None:
                order = (shape, *order[:index], *order[index + 1 :])
            if wanted is not None or (index == 0 and is_common(text)):
                break
        assert reader.shaped(text, NOW) == wanted, text
        assert reader.shapes == order


@settings(deadline=None)
@given(
    st.lists(
        st.tuples(
            st.integers(0, 999_999), st.integers(1, 9), st.sampled_from(["", "Z", " UTC", "+05:30", " +0100"])
        ),
        max_size=20,
    ),
    st.sampled_from([0, 631_152_000, 1_048_575_999, 1_795_460_000, 4_102_444_799]),
    st.sampled_from("., "),
)
def test_a_stamp_is_worth_what_the_long_way_makes_of_it(
    stamps: list[tuple[int, int, str]], second: int, point: str
) -> None:
    kept = Stamps(instant.of_iso)
    for micro, digits, zone in stamps:
        whole = datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%d %H:%M:%S")
        stamp = f"{whole}{point}{micro:09}"[: 20 + digits] + zone
        assert kept.time(stamp, NOW) == instant.of_iso(stamp)
