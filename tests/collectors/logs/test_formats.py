"""Levels, times, keys and joins, one by one."""

from datetime import UTC, datetime
from typing import Any

import pytest

from collectors.logs._formats.instant import of_any, of_clock, of_klog, of_rfc3164, of_text
from collectors.logs._formats.parser import Parser
from collectors.logs._formats.severity import by_name, by_status
from collectors.model.logs import LogRecord, Severity
from collectors.text import FIELD_LIMIT
from collectors.transport.read.files_lines import Line

CHAINED = (
    *(b"2026-11-23 18:53:44 ERROR x", b"Traceback (most recent call last):", b"  File", b"KeyError: 1", b""),
    *(b"During handling of the above exception, another exception occurred:", b""),
    *(b"Traceback (most recent call last):", b"  File", b"ValueError: y"),
)
NOW = datetime(2026, 11, 23, 19, tzinfo=UTC).timestamp()
MOMENT = datetime(2026, 11, 23, 18, 53, 43, 379456, UTC).timestamp()


def parse(*lines: bytes, form: str = "auto") -> list[LogRecord]:
    parser = Parser(form)
    return parser.parse([Line(line) for line in lines], NOW, 0.0) + parser.flush(0.0, force=True)


def level(line: bytes) -> str | None:
    severity = parse(line)[-1].severity
    return None if severity is None else severity.word


@pytest.mark.parametrize(
    ("name", "word"),
    [
        *(("trace", "trace"), ("Verbose", "debug"), ("silly", "trace"), ("DEBUG5", "debug"), ("d", "debug")),
        *(("INFO+2", "info"), ("DEBUG-4", "trace"), ("ERROR+4", "critical"), ("WARN+1", "warning")),
        *(("notice", "info"), ("SUCCESS", "info"), ("LOG", "info"), ("wrn", "warning"), ("W", "warning")),
        *(("[warning  ]", "warning"), ("eror", "error"), ("severe", "error"), ("dpanic", "critical")),
        *(
            ("panic", "critical"),
            ("EMERG", "critical"),
            ("Fatal", "critical"),
            ("Level 25", "info"),
            ("A", "critical"),
        ),
    ],
)
def test_levels_by_name(name: str, word: str) -> None:
    found = by_name(name)
    assert found is not None
    assert found.word == word


@pytest.mark.parametrize("name", ["", "hello", "INFO+x", "25", "x" * 1000, "Level x", "²"])
def test_no_level_is_guessed(name: str) -> None:
    assert by_name(name) is None


@pytest.mark.parametrize(
    ("line", "word"),
    [
        (b'{"level":30,"time":1795460080681,"pid":1,"hostname":"h","msg":"x"}', "info"),
        (b'{"level":60,"time":1795460080681,"pid":1,"hostname":"h","v":0,"msg":"x"}', "critical"),
        (b'{"levelno":30,"message":"x"}', "warning"),
        (b'{"level":30,"lineno":4,"message":"x"}', "warning"),
        (b'{"level":4,"short_message":"x"}', "warning"),
        (b'{"PRIORITY":"3","MESSAGE":"x","__REALTIME_TIMESTAMP":"1795460000000000"}', "error"),
        (b'{"severity":400,"httpRequest":{},"message":"x"}', "warning"),
        (b'{"severity_number":17,"body":"x"}', "error"),
        (b'{"severityNumber":9,"body":{"stringValue":"x"}}', "info"),
        (b'{"level_value":40000,"message":"x"}', "error"),
        (b'{"log":{"level":"error"},"message":"x"}', "error"),
        (b'{"level":{"name":"ERROR","no":40},"message":"x"}', "error"),
        (b'{"Level":"Error","Message":"x"}', "error"),
        (b'{"@t":"2026-11-23T18:53:43Z","@m":"x"}', "info"),
        (b'{"status":503,"request":"GET /"}', "error"),
        (b'{"status":"404","request":"GET /"}', "info"),
        (b'{"level":true,"message":"x"}', None),
        (b'{"message":"error"}', None),
    ],
)
def test_levels_by_the_evidence_of_the_line(line: bytes, word: str | None) -> None:
    assert level(line) == word


def test_a_status_is_an_error_where_it_is_the_servers_own() -> None:
    assert [by_status(code) for code in (200, "404", 500, "599", 7, "x", None)] == [
        *(Severity.INFO, Severity.INFO, Severity.ERROR, Severity.ERROR, None, None, None)
    ]


@pytest.mark.parametrize(
    "text",
    [
        *("2026-11-23T18:53:43.379456Z", "2026-11-23T18:53:43.379456123Z", "2026-11-23 18:53:43,379456+0000"),
        *(
            "2026-11-23 18:53:43.379456 UTC",
            "2026/11/23 18:53:43.379456+00:00",
            "2026-11-23 19:53:43.379456 +0100",
        ),
        *("1795460023.379456", "1795460023379.456", "1795460023379456", "1795460023379456000"),
    ],
)
def test_times_as_text(text: str) -> None:
    assert of_text(text) == pytest.approx(MOMENT, abs=0.001)


@pytest.mark.parametrize(
    "value",
    [
        *(1795460023.379456, 1795460023379, 1795460023379456, 1795460023379456000),
        *(
            {"seconds": 1795460023, "nanos": 379456000},
            {"epochSecond": 1795460023, "nanoOfSecond": 379456000},
        ),
        {"repr": "2026", "timestamp": 1795460023.379456},
    ],
)
def test_times_as_values(value: object) -> None:
    assert of_any(value) == pytest.approx(MOMENT, abs=0.001)


@pytest.mark.parametrize(
    "value",
    [
        None,
        True,
        "",
        "yesterday",
        "0001-01-01T00:00:00Z",
        "9999-12-31",
        0,
        -5,
        12,
        10**30,
        1e308,
        float("nan"),
        [1],
        {},
        "20261123",
    ],
)
def test_what_can_be_no_time_is_none(value: object) -> None:
    assert of_any(value) is None


def test_times_without_year_or_day_are_of_the_past() -> None:
    january = datetime(2026, 1, 1, 0, 10).astimezone().timestamp()
    assert (
        of_rfc3164("Dec 31 23:59:59", january) == datetime(2025, 12, 31, 23, 59, 59).astimezone().timestamp()
    )
    assert (
        of_klog("1231 23:59:59.5", january)
        == datetime(2025, 12, 31, 23, 59, 59, 500000).astimezone().timestamp()
    )
    assert of_clock("23:59:59", january) == datetime(2025, 12, 31, 23, 59, 59).astimezone().timestamp()
    assert of_clock("00:09:00", january) == january - 60


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (b'{"message":"a","event":"b"}', "a"),
        (b'{"event":"b","level":"info"}', "b"),
        (b'{"MESSAGE":[104,105,255]}', "hi\ufffd"),
        (b'{"level":"error"}', '{"level":"error"}'),
        (b'{"level":"error","err":{"message":"boom"}}', "boom"),
        (b'{"level":"info","a":1,"b":"c"}', "a=1 b=c"),
        (b'{"message":"two\\nlines\\n"}', "two␊lines"),
        (
            b'{"@t":"2026-11-23T18:53:43Z","@mt":"took {Elapsed:0.0} of {None}","Elapsed":3}',
            "took 3 of {None}",
        ),
        (b'level=info msg="say \\"hi\\"" n=1', 'say "hi"'),
        (b"2026-11-23 18:53:44 +0000 [12] [INFO] Booting worker", "Booting worker"),
        (b"[2026-11-23 18:53:44 +0000] [12] [INFO] Booting worker", "Booting worker"),
        (b"INFO:     Uvicorn running on http://127.0.0.1:8000", "Uvicorn running on http://127.0.0.1:8000"),
        (b"2026-11-23 18:53:44,970 ERROR orders.mail: no route", "no route"),
        (b"18:53:44 default: jobs.send(1) (f00)", "default: jobs.send(1) (f00)"),
        (b"just words", "just words"),
        (b'2026-11-23T18:53:44Z web app[12]: {"level":"error","msg":"within"}', "within"),
        (b"2026-11-23 18:53:44 the server said error: no", "the server said error: no"),
        (b"2026-11-23 18:53:44 Error opening the file", "Error opening the file"),
        (b"2026-11-23 18:53:44 web-1 app[3] ERROR: full", "full"),
        (b"2026-11-23 18:53:44 request got ERROR 5", "request got ERROR 5"),
    ],
)
def test_messages(line: bytes, message: str) -> None:
    assert parse(line)[0].message == message


def test_words_between_time_and_level_are_kept() -> None:
    (record,) = parse(b"[2026-11-23 18:53:44 +0000] [12] [INFO] Booting")
    assert ("source", "[12]") in record.fields


@pytest.mark.parametrize(
    ("lines", "count"),
    [
        (
            (
                b"2026-11-23 18:53:44 ERROR x",
                b"Traceback (most recent call last):",
                b"  File",
                b"ValueError: y",
            ),
            1,
        ),
        ((b"Traceback (most recent call last):", b"  File", b"ValueError: y", b"other"), 2),
        (
            (*CHAINED, b"2026-11-23 18:53:45 INFO z"),
            2,
        ),
        ((b"2026-11-23 18:53:44 INFO x", b"2026-11-23 18:53:44 INFO y", b"unheaded"), 3),
        ((b"one", b"two", b"three"), 3),
        (
            (
                b'{"msg":"a"}',
                b"Traceback (most recent call last):",
                b"  File",
                b"KeyError: 1",
                b'{"msg":"b"}',
            ),
            3,
        ),
        (
            (b"2026-11-23 18:53:44 ERROR x", b"java.lang.IllegalStateException: y", b"\tat S.boom(S.java:3)"),
            1,
        ),
    ],
)
def test_lines_that_belong_together(lines: tuple[bytes, ...], count: int) -> None:
    records = parse(*lines)
    assert len(records) == count
    assert b"\n".join(record.raw for record in records) == b"\n".join(lines)


def test_a_bare_trace_is_an_error_and_says_which() -> None:
    (record,) = parse(
        b"Traceback (most recent call last):", b'  File "a.py", line 1', b"ValueError: no such thing"
    )
    assert record.severity is Severity.ERROR
    assert record.message == "ValueError: no such thing"
    assert dict(record.fields).keys() == {"stack"}


def test_docker_and_kubernetes_put_split_lines_together() -> None:
    halves = ('{"msg":"be', 'gun","level":"warn"}')
    docker: list[Any] = [{"log": halves[0], "stream": "stdout", "time": "2026-11-23T18:53:43Z"}]
    docker.append({"log": halves[1] + "\n", "stream": "stdout", "time": "2026-11-23T18:53:43Z"})
    records = parse(
        *(str(one).replace("'", "\x00").replace('"', '\\"').replace("\x00", '"').encode() for one in docker)
    )
    assert [(record.message, record.timed) for record in records] == [("begun", True)]
    assert records[0].time == datetime(2026, 11, 23, 18, 53, 43, tzinfo=UTC).timestamp()
    records = parse(
        b"2026-11-23T18:53:43.4Z stdout P " + halves[0].encode(),
        b"2026-11-23T18:53:43.4Z stdout F " + halves[1].encode(),
    )
    assert [(record.message, record.severity) for record in records] == [("begun", Severity.WARNING)]


def test_a_trace_is_held_for_a_second_and_no_longer() -> None:
    parser = Parser()
    assert parser.parse([Line(b"Traceback (most recent call last):"), Line(b"  File")], NOW, 10.0) == []
    assert parser.flush(10.9) == []
    (record,) = parser.flush(11.1)
    assert record.severity is Severity.ERROR
    parser.parse([Line(b"2026-11-23 18:53:44 INFO x")], NOW, 12.0)
    assert len(parser.flush(12.0)) == 1


def test_another_sessions_statement_is_not_below_our_error() -> None:
    head = b"2026-11-23 18:55:31.914 UTC [%d] a@b %s:  text"
    records = parse(head % (1, b"ERROR"), head % (1, b"DETAIL"), head % (2, b"STATEMENT"))
    assert [len(record.fields) for record in records] == [3, 2]


def test_a_split_line_without_an_end_is_bounded() -> None:
    part = b"2026-11-23T18:53:43.4Z stdout P " + b"x" * 16_000
    records = parse(*[part] * 40)
    assert [len(record.message) for record in records] == [FIELD_LIMIT] * 3
    assert b"\n".join(record.raw for record in records) == b"\n".join([part] * 40)


def test_a_hostile_name_is_flagged_each_time() -> None:
    line = rb'{"msg":"x","\u001b[2J":"y"}'
    assert [record.hostile for record in parse(line, line, b'{"msg":"x"}')] == [True, True, False]


def test_what_does_not_fit_its_stream_is_flagged() -> None:
    records = parse(*[b'{"msg":"a"}'] * 3, b"stray words", b"{broken", b'{"msg":"b"}')
    assert [record.parsed for record in records] == [True, True, True, False, False, True]
    assert all(record.parsed for record in parse(b"plain", b"words", b"only"))


def test_a_named_format_is_kept_to() -> None:
    assert [record.parsed for record in parse(b"level=info msg=a", b'{"msg":"a"}', form="json")] == [
        False,
        True,
    ]
    (record,) = parse(b'{"msg":"a"}', form="plain")
    assert (record.message, record.fields, record.parsed) == ('{"msg":"a"}', (), True)
    records = parse(b"2026/11/23 18:55:32 [info] 1#1: x", b"other", form="nginx")
    assert [record.parsed for record in records] == [True, False]


def test_the_format_told_is_that_of_most_lines_of_late() -> None:
    parser = Parser()
    assert parser.format == ""
    parser.parse([Line(b'{"msg":"a"}')] * 50, NOW, 0.0)
    assert parser.format == "json"
    parser.parse([Line(b"ERROR:x:y")] * 3000, NOW, 0.0)
    assert parser.format == "stdlib"


def test_a_backlog_without_times_takes_the_time_before() -> None:
    parser = Parser()
    lines = [Line(b'{"msg":"a","time":"2026-11-23T18:53:43Z"}'), Line(b'{"msg":"b"}')]
    first, second = parser.parse(lines, NOW, 0.0, backlog=True)
    assert (second.time, second.timed) == (first.time, False)
    (third,) = parser.parse([Line(b'{"msg":"c"}')], NOW, 0.0)
    assert third.time == NOW
