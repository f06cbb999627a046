from dataclasses import replace

import pytest

from collectors.model.level import Level
from collectors.model.practice import Practice
from collectors.model.subject import SubjectId
from collectors.text import Shown
from console.engine.state import PinnedAnswer
from tests.console.findings.film import Film, rules

ERRORS = PinnedAnswer(
    name="errors",
    ask="service:orders level>=error | count",
    service="orders",
    level=Level.WARNING,
    value=Shown("66"),
    limit=Shown("above the limit of 50"),
    times=1.32,
    whole=True,
)


def test_a_question_over_its_limit_is_found_by_its_name_from_its_beginning_on() -> None:
    film = Film()
    film.pinned = (ERRORS,)
    (found,) = film.show()
    began = film.now
    assert rules((found,)) == [("pinned-question", "orders", Level.WARNING)]
    assert found.reason == "errors: 66, above the limit of 50"
    assert found.evidence == ("service:orders level>=error | count",)
    assert found.subject == SubjectId(Practice.LOGS, "errors", "", ERRORS.ask.encode())
    assert found.since == began
    film.pinned = (replace(ERRORS, level=Level.CRITICAL, value=Shown("99")),)
    (worse,) = film.show()
    assert (worse.level, worse.since, worse.subject) == (Level.CRITICAL, began, found.subject)
    film.pinned = ()
    assert film.show() == ()


def test_what_is_not_known_whole_says_so() -> None:
    film = Film()
    film.pinned = (replace(ERRORS, whole=False),)
    (found,) = film.show()
    assert found.reason == "errors: 66, above the limit of 50; not all lines of its time are known"


@pytest.mark.parametrize("level", [Level.NONE, Level.OK, Level.UNKNOWN])
def test_what_is_within_limits_not_judged_or_unknown_is_no_finding(level: Level) -> None:
    film = Film()
    film.pinned = (replace(ERRORS, level=level),)
    assert film.show() == ()


def test_questions_are_told_each_and_the_worst_first() -> None:
    film = Film()
    film.pinned = (ERRORS, replace(ERRORS, name="slow", times=7.0, service=""))
    assert [one.subject.collector for one in film.show() if one.subject] == ["slow", "errors"]
