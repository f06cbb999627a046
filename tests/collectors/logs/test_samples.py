"""Lines that the real loggers and servers printed: time, level and message without any configuration."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from collectors.logs._formats.parser import Parser
from collectors.model.logs import LogRecord, Severity
from collectors.transport.read.files_lines import Line

SAMPLES = Path(__file__).with_name("samples")
NOW = datetime(2026, 11, 24, tzinfo=UTC).timestamp()
DAY = (NOW - 86_400, NOW)

_, D, I, W, E, _ = Severity  # noqa: E741 - the letters of the levels

# sample, format, first severities, first message, share with a level
EXPECTED = (
    ("apache-error.log", "apache", (D, D, D), "mod_watchdog.c(445): AH010033: Watchdog: Running with", 1.0),
    ("bunyan.jsonl", "bunyan", (D, W, E), "cache miss", 1.0),
    ("ecs-structlog.jsonl", "ecs", (D, W, E), "cache miss", 1.0),
    ("journald.jsonl", "journald", (I, I, W), "request completed id=0", 1.0),
    ("log4j2-pattern.log", "log4j", (D, W, E), "cache miss key=user:0", 1.0),
    ("logrus-json.jsonl", "logrus", (D, W, E), "cache miss", 1.0),
    ("loguru-default.log", "loguru", (D, W, E), "cache miss", 1.0),
    ("loguru-serialize.jsonl", "loguru", (D, W, E), "cache miss", 1.0),
    ("nginx-combined.log", "access", (I, E, I), "GET /ok?id=1 HTTP/1.1", 1.0),
    ("nginx-error.log", "nginx", (I, I, I), 'using the "epoll" event method', 1.0),
    ("nginx-json.jsonl", "nginx", (I, E, I), "GET /ok?id=1 HTTP/1.1 200", 1.0),
    ("pino.jsonl", "pino", (D, W, E), "cache miss", 1.0),
    ("postgres-log.log", "postgres", (None, I, I), "select * from nope_8", 0.9),
    ("python-json-logger-full.jsonl", "python", (D, W, E), "cache miss", 1.0),
    ("redis.log", "redis", (W, W, W), "oO0OoO0OoO0Oo Redis is starting oO0OoO0OoO0Oo", 1.0),
    ("slog-json.jsonl", "slog", (D, W, E), "cache miss", 1.0),
    ("slog-text.logfmt", "slog", (D, W, E), "cache miss", 1.0),
    ("spec-docker-json-file.jsonl", "structlog", (D, W, E), "cache miss", 1.0),
    ("spec-gcp-structured.jsonl", "gcp", (D, W, E), "request completed", 1.0),
    ("spec-gelf.jsonl", "gelf", (D, W, E), "request completed", 1.0),
    ("spec-klog.log", "klog", (I, W, E), "reconciled", 1.0),
    ("spec-kubernetes-cri.log", "structlog", (D, W, E), "cache miss", 1.0),
    ("spec-logstash-logback.jsonl", "logback", (D, W, E), "request completed", 1.0),
    ("spec-rfc3164.log", "syslog", (D, W, E), "request completed id=0", 1.0),
    ("spec-serilog-clef.jsonl", "serilog", (D, W, E), "Request /orders took 21.59 ms", 1.0),
    ("structlog-console.log", "structlog", (D, W, E), "cache miss", 1.0),
    ("structlog-json.jsonl", "structlog", (D, W, E), "cache miss", 1.0),
    ("winston-json.jsonl", "json", (D, W, E), "cache miss", 1.0),
    ("zap-development.log", "zap", (D, W, E), "cache miss", 1.0),
    ("zap-production.jsonl", "zap", (D, W, E), "cache miss", 1.0),
    ("zerolog.jsonl", "zerolog", (D, W, E), "cache miss", 0.85),
)


def parsed(name: str, parser: Parser | None = None) -> list[LogRecord]:
    lines = [Line(line) for line in (SAMPLES / name).read_bytes().split(b"\n")[:-1]]
    parser = parser or Parser()
    return parser.parse(lines, NOW, 0.0) + parser.flush(0.0, force=True)


def fields_of(record: LogRecord) -> dict[str, str]:
    return {str(name): str(value) for name, value in record.fields}


@pytest.mark.parametrize(
    ("name", "form", "first", "message", "levelled"), EXPECTED, ids=[one[0] for one in EXPECTED]
)
def test_a_sample_gives_time_level_and_message(
    name: str, form: str, first: tuple[Severity | None, ...], message: str, levelled: float
) -> None:
    parser = Parser()
    records = parsed(name, parser)
    assert parser.format == form
    assert tuple(record.severity for record in records[:3]) == first
    assert records[0].message.startswith(message)
    assert all(record.message for record in records)
    assert all(record.timed for record in records)
    # local times are this machine's: a day off at the most, wherever the tests run
    assert all(DAY[0] - 50_000 < record.time < DAY[1] + 50_000 for record in records)
    assert sum(record.severity is not None for record in records) >= levelled * len(records)
    assert all(record.parsed for record in records)


def test_every_sample_has_its_expectation() -> None:
    assert {one[0] for one in EXPECTED} | {"stdlib-basicconfig.log"} == {
        path.name for path in SAMPLES.iterdir()
    }


def test_a_format_without_a_time_is_dated_by_arrival_and_says_so() -> None:
    parser = Parser()
    records = parsed("stdlib-basicconfig.log", parser)
    assert parser.format == "stdlib"
    assert {record.timed for record in records} == {False}
    assert records[0].time == NOW
    assert [record.severity for record in records[:3]] == [D, W, E]
    trace = next(record for record in records if "unhandled" in record.message)
    fields = fields_of(trace)
    assert fields["logger"] == "app.stdlib-basicconfig"
    assert fields["stack"].startswith("Traceback (most recent call last):")
    assert "RuntimeError" in fields["stack"].rsplit("␊", 1)[1]


def test_times_are_exact() -> None:
    def first(name: str) -> float:
        return parsed(name)[0].time

    moment = datetime(2026, 11, 23, 18, 53, 42, 418706, tzinfo=UTC).timestamp()
    assert first("zap-production.jsonl") == pytest.approx(moment, abs=1e-5)
    assert first("slog-json.jsonl") == pytest.approx(moment + 0.00027, abs=1e-4)
    assert first("pino.jsonl") == pytest.approx(datetime(2026, 11, 23, 18, 54, 40, 681000, UTC).timestamp())
    assert first("journald.jsonl") == pytest.approx(1_795_460_000.0)
    assert first("nginx-combined.log") == datetime(2026, 11, 23, 18, 55, 32, tzinfo=UTC).timestamp()
    assert first("postgres-log.log") == pytest.approx(
        datetime(2026, 11, 23, 18, 55, 31, 914000, UTC).timestamp()
    )
    local = datetime(2026, 11, 23, 18, 57, 48, 153000).astimezone().timestamp()
    assert first("redis.log") == pytest.approx(local)
    assert first("spec-rfc3164.log") == datetime(2026, 11, 23, 18, 0, 0).astimezone().timestamp()


def test_stack_traces_are_one_record() -> None:
    for name in ("loguru-default.log", "log4j2-pattern.log", "zap-development.log", "structlog-console.log"):
        records = parsed(name)
        assert any("stack" in fields_of(record) for record in records)
        assert not any(record.message.startswith(("\t", " ", "Caused by", "Traceback")) for record in records)


def test_postgres_tells_the_statement_below_its_error() -> None:
    failed = next(record for record in parsed("postgres-log.log") if record.severity is E)
    assert "does not exist" in failed.message
    assert "STATEMENT:  select * from nope_" in fields_of(failed)["stack"]


def test_the_byte_that_strict_readers_refuse_is_kept_and_flagged() -> None:
    last = parsed("nginx-json.jsonl")[-1]
    assert last.hostile
    assert last.parsed
    assert b"\xff" in last.raw
    assert "\ufffd" in str(last.fields)


def test_fields_are_flattened_one_level() -> None:
    pino = fields_of(parsed("pino.jsonl")[2])
    assert pino["err.type"] == "Error"
    assert pino["service"] == "catalog"
    assert "level" not in pino
    loguru = fields_of(parsed("loguru-serialize.jsonl")[0])
    assert (loguru["region"], loguru["logger"]) == ("us", "__main__")
    zap = fields_of(parsed("zap-development.log")[1])
    assert zap["elapsed"] == "41.424799ms"
    assert fields_of(parsed("slog-text.logfmt")[1])["elapsed"] == "41.424799ms"
