"""The live view's filter passes exactly what the language's own evaluation lets through."""

from collections.abc import Sequence

import pytest

from collectors.base import Context
from collectors.logs._formats.parser import Parser
from collectors.model.logs import LogBatch
from collectors.model.practice import Practice
from collectors.transport.read.files_lines import Line
from console.logs.asked import AGAIN, Asked, Profiles
from console.logs.asking.ask import ask
from console.logs.gathering import RingLines
from console.logs.ring import Kept, Ring

NOW = 1_795_460_000.0
APP = Context(collector="app", service="orders").subject(Practice.LOGS, b"app.jsonl")
TEXT = Context(collector="text", service="billing").subject(Practice.LOGS, b"text.log")
LEVELS = ("trace", "debug", "info", "warning", "error", "fatal")


@pytest.fixture(scope="module")
def ring() -> Ring:
    made = Ring()
    parser, texts = Parser(), Parser()
    lines = [
        b'{"time":%d,"level":"%s","message":"line %d","region":"%s","duration_ms":%d}'
        % (NOW - number, LEVELS[number % 6].encode(), number, b"eu" if number % 2 else b"us", number)
        for number in range(200)
    ]
    lines += [b'{"message":"no level","n":1}', b"not json at all", b'{"level":30,"msg":"bad \xff byte"}']
    plain = [
        b"2026-11-23 18:53:44,%03d %s shop: took %d ms" % (n, b"ERROR" if n % 3 else b"INFO", n)
        for n in range(60)
    ]
    for at in range(0, len(lines), 20):
        made.append(LogBatch(APP, tuple(parser.parse([Line(one) for one in lines[at : at + 20]], NOW, 0.0))))
        made.append(
            LogBatch(TEXT, tuple(texts.parse([Line(one) for one in plain[at // 4 : at // 4 + 5]], NOW, 0.0)))
        )
    made.append(LogBatch(APP, tuple(parser.flush(0.0, force=True))))
    made.append(LogBatch(TEXT, tuple(texts.flush(0.0, force=True))))
    return made


def records(ring: Ring) -> Sequence[Kept]:
    return ring.records(*ring.bounds())[1]


@pytest.mark.parametrize(
    "text",
    [
        *(
            "*",
            "level>=warn",
            "level:error",
            "-level:info",
            "level!=error",
            "level?!=error",
            "level:*",
            "-level:*",
        ),
        *("level>=info level<error", "level:info OR level:error", "region=eu", "-region=eu", "line 17"),
        *("level>=warn region=eu", "duration>100ms", "level>=warn duration>100ms -region=us", "is:unparsed"),
        *(
            "is:hostile",
            "message~^line",
            "service:billing",
            "level>=error service:billing",
            "level<=debug -1",
        ),
        *("time>2026-11-23T18:50:00Z level>=warn", "severity:error", ".level=error", "stream:text.log"),
    ],
)
@pytest.mark.parametrize("service", ["", "orders"])
def test_what_passes_is_what_the_answer_counts(ring: Ring, text: str, service: str) -> None:
    asked = Asked(text, service, now=NOW)
    passed = asked.passing(records(ring))
    assert passed == sorted(set(passed))
    lines = RingLines(ring, lambda subject: not service or subject.service == service)
    counted = ask(Asked(f"{text} | count", now=NOW).question, lines, asked.moment).coverage.matched
    assert len(passed) == counted


def test_nothing_passes_of_nothing() -> None:
    for text in ("*", "level>=warn", "region=eu"):
        assert Asked(text, now=NOW).passing([]) == []


def test_a_format_is_recognised_once_and_again_after_many_lines() -> None:
    profiles = Profiles()
    lines = [b'{"level":"info","msg":"x"}']
    first = profiles.of(APP, lines)
    assert profiles.of(APP, [b"2026-11-23 18:53:44 INFO x"]) is first
    profiles.of(APP, [b""] * AGAIN)
    assert profiles.of(APP, [b"2026-11-23 18:53:44 INFO x"]) is not first
