"""Lines that the real loggers and servers printed: time, level and message without any configuration."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from collectors.lines.facts import detect, facts, records
from collectors.logs._formats.parser import Parser
from collectors.model.logs import LogRecord, Severity
from collectors.text import shown
from collectors.transport.read.files_lines import Line
from tests.collectors.logs.oracle import RULES, Expected, expected

SAMPLES = Path(__file__).with_name("samples")
NOW = datetime(2026, 11, 24, tzinfo=UTC).timestamp()

_, D, I, W, E, _ = Severity  # noqa: E741 - the letters of the levels


def parsed(name: str, parser: Parser | None = None) -> list[LogRecord]:
    lines = [Line(line) for line in (SAMPLES / name).read_bytes().split(b"\n")[:-1]]
    parser = parser or Parser()
    return parser.parse(lines, NOW, 0.0) + parser.flush(0.0, force=True)


def fields_of(record: LogRecord) -> dict[str, str]:
    return {str(name): str(value) for name, value in record.fields}


def right(wanted: Expected, time: float | None, severity: Severity | None, message: str) -> bool:
    timely = time == wanted.time or abs((time or 0.0) - (wanted.time or 0.0)) < 0.001
    return timely and (severity and severity.word) == wanted.level and message == wanted.message


@pytest.mark.parametrize("name", RULES)
def test_a_sample_gives_time_level_and_message(name: str) -> None:
    data = (SAMPLES / name).read_bytes()
    wanted = expected(data, RULES[name])
    parser = Parser()
    made = parsed(name, parser)
    assert parser.format == RULES[name]["format"]
    assert len(made) == len(wanted) == RULES[name].get("records", len(wanted))
    for record, want in zip(made, wanted, strict=True):
        safe = want._replace(message=str(shown(want.message)))
        assert right(safe, record.time if record.timed else None, record.severity, record.message), safe
    assert all(record.parsed for record in made)
    assert b"".join(record.raw + b"\n" for record in made) == data


@pytest.mark.parametrize("name", RULES)
def test_a_sample_gives_the_same_facts(name: str) -> None:
    data = (SAMPLES / name).read_bytes()
    wanted = expected(data, RULES[name])
    lines = data.split(b"\n")[:-1]
    profile = detect(lines)
    told = list(records(lines, profile, NOW))
    assert profile.name == RULES[name]["format"]
    assert len(told) == len(wanted)
    for (raw, one), want in zip(told, wanted, strict=True):
        assert right(want, one.time, one.severity, one.message), want
        assert facts(raw, profile, NOW) == one
    assert b"".join(raw + b"\n" for raw, _ in told) == data


def test_every_sample_has_its_rule() -> None:
    assert set(RULES) == {path.name for path in SAMPLES.iterdir()}


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
