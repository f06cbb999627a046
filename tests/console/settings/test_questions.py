"""`[questions]`."""

import re
from typing import Any

import pytest

from console.settings.values import SavedQuestion, Threshold

SLOW = '[questions.slow]\nask = "region=eu since:15m | p95(duration), count by service"\n'
PINNED = "pin = true\n"


def test_a_question_is_saved_with_its_limits(place: Any) -> None:
    limits = '{ warning = "200ms", critical = "1s", for = "30s" }'
    more = f'pin = true\ncolumn = "p95(duration)"\nthreshold = {limits}\n'
    found = place.load(SLOW + more).questions["slow"]
    assert found == SavedQuestion(
        name="slow",
        ask="region=eu since:15m | p95(duration), count by service",
        pin=True,
        column="p95(duration)",
        threshold=Threshold(warning=0.2, critical=1.0, for_=30.0),
        file=found.file,
        line=1,
    )
    assert place.load(SLOW).questions["slow"].pin is False
    assert place.load("").questions == {}


@pytest.mark.parametrize(
    ("text", "key", "words"),
    [
        ("[questions.a]\npin = true\n", "questions.a", "asks nothing"),
        ('[questions.a]\nask = "level>=warm"\n', "questions.a.ask", "'warm' is no level (at 'warm')"),
        ('[questions.a]\nask = "x | cuont"\n', "questions.a.ask", "did you mean count?"),
        (SLOW + "pinned = true\n", "questions.slow.pinned", "did you mean 'pin'?"),
        (SLOW + 'pin = true\ncolumn = "p99(duration)"\n', "questions.slow.column", "p95(duration), count"),
        (SLOW + "threshold = { warning = 1 }\n", "questions.slow.threshold", "set pin = true"),
        (
            SLOW + 'pin = true\nthreshold = { warning = "soon" }\n',
            "questions.slow.threshold.warning",
            "neither",
        ),
        (
            '[questions.a]\nask = "x"\npin = true\nthreshold = { warning = 1 }\n',
            "questions.a.ask",
            "makes no table",
        ),
        ("questions = 3\n", "questions", "must be a table"),
        (
            "".join(f'[questions.q{n}]\nask = "* | count"\npin = true\n' for n in range(14)),
            "questions.q12.pin",
            "more than the 12 that are kept up",
        ),
    ],
)
def test_what_cannot_be_asked_is_one_mistake(place: Any, text: str, key: str, words: str) -> None:
    problems = place.problems(text)
    assert [problem.key for problem in problems] == [key], problems
    assert re.search(re.escape(words), str(problems[0])), problems
