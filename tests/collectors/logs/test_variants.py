"""The same loggers set up otherwise: other names, another order, another zone, levels as numbers or words.

``variants.json`` holds for each the lines, the logger that is to be recognised, and what each record tells:
level, message, duration in seconds. All are of one moment.
"""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from collectors.lines.facts import detect, records
from collectors.logs._formats.parser import Parser
from collectors.transport.read.files_lines import Line

VARIANTS: dict[str, dict[str, Any]] = json.loads(Path(__file__).with_name("variants.json").read_text())
NOW = datetime(2026, 11, 24, tzinfo=UTC).timestamp()
MOMENT = datetime(2026, 11, 23, 18, 53, 42, tzinfo=UTC).timestamp()


@pytest.mark.parametrize("name", VARIANTS)
def test_a_variant_is_read_by_the_same_rules(name: str) -> None:
    variant = VARIANTS[name]
    lines = [line.encode() for line in variant["lines"]]
    profile = detect(lines)
    assert profile.name == variant["name"]
    told = [one for _, one in records(lines, profile, NOW)]
    assert [(one.severity and one.severity.word, one.message) for one in told] == [
        (level, message) for level, message, _ in variant["told"]
    ]
    assert [one.duration for one in told] == [
        span and pytest.approx(span, rel=1e-9) for _, _, span in variant["told"]
    ]
    assert all(one.time is not None and abs(one.time - MOMENT) < 0.001 for one in told)
    assert all(one.parsed for one in told)


@pytest.mark.parametrize("name", VARIANTS)
def test_the_live_stream_reads_a_variant_alike(name: str) -> None:
    variant = VARIANTS[name]
    lines = [Line(line.encode()) for line in variant["lines"]]
    parser = Parser()
    made = parser.parse(lines, NOW, 0.0) + parser.flush(0.0, force=True)
    assert [record.severity and record.severity.word for record in made] == [
        row[0] for row in variant["told"]
    ]
    assert [record.message for record in made] == [row[1].replace("\n", "␊") for row in variant["told"]]
    assert all(record.timed and abs(record.time - MOMENT) < 0.001 for record in made)


def test_the_unit_of_a_logger_is_not_guessed_by_looks_alone() -> None:
    lines = [b'{"level":"info","ts":1795460022,"msg":"x","elapsed":41}'] * 3
    assert detect(lines).unit_of("elapsed") is None
    assert (
        detect([*lines, b'{"level":"info","ts":1795460022,"caller":"a.go:1","msg":"x"}']).unit_of("elapsed")
        == 1.0
    )


def test_a_settled_format_is_not_argued_with() -> None:
    lines = [b'{"level":30,"message":"x","took":5}']
    assert [one.severity and one.severity.word for _, one in records(lines, detect(lines, "python"))] == [
        "warning"
    ]
    assert [one.severity and one.severity.word for _, one in records(lines, detect(lines, "pino"))] == [
        "info"
    ]
    profile = detect(lines, "zerolog")
    assert (profile.name, profile.format, profile.unit_of("took")) == ("zerolog", "json", 1e-3)
    assert "milliseconds" in profile.how
