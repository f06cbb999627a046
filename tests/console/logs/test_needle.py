"""What a filter looks for is searched in bytes first, and never changes an answer."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors.lines.facts import detect
from console.logs.asking import evaluate
from console.logs.asking.ask import ask
from console.logs.asking.testing import Moment
from console.logs.language import parse
from tests.console.logs.asked import Held

HEADS = [
    f"2026-11-27 10:00:{second:02},000 {level} shop: tea"
    for second in range(60)
    for level in ("INFO", "ERROR")
]
REQUEST = "2026-11-27 10:00:01,000 INFO shop: request served in no time at all, as it should be, every day"
TRACE = ["Traceback (most recent call last):", '  File "shop.py", line 7, in brew', "ValueError: no cup"]
QUESTIONS = (
    '"no cup" level:error | count',
    '"brew" | count by level',
    '"no cup" "shop.py"',
    '"tea" | count by level',
)


def answered(question: str, lines: list[str]) -> object:
    """The answer over lines that lie in one block."""
    profile = detect([REQUEST.encode()] * 20)
    held = Held(([line.encode() for line in lines], profile, "shop"), size=len(lines))
    answer = ask(parse(question), held, Moment(1.8e9))
    return answer.table.rows if answer.table is not None else [record.message for record in answer.records]


@pytest.mark.parametrize("question", QUESTIONS)
def test_a_rare_trace_is_found_with_its_record(question: str) -> None:
    lines = [REQUEST] * 3000
    for place in (2900, 1500, 40):
        lines[place:place] = [HEADS[1], *TRACE]
    found = answered(question, lines)
    whole = {
        QUESTIONS[0]: ((3,),),
        QUESTIONS[1]: (("error", 3),),
        QUESTIONS[2]: ["shop: tea"] * 3,
        QUESTIONS[3]: (("error", 3),),
    }
    assert found == whole[question]


LINES = st.one_of(
    st.sampled_from(HEADS), st.sampled_from(TRACE), st.sampled_from(["", "  more", "  ValueError: no cup"])
)


@given(st.lists(LINES, max_size=30), st.sampled_from(QUESTIONS))
def test_an_answer_is_that_of_reading_all(lines: list[str], question: str) -> None:
    # so few in so many that looking for them pays
    padded = [REQUEST] * 500 + [part for line in lines for part in (line, *[REQUEST] * (len(line) % 3))]
    quick = answered(question, padded)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(evaluate, "needle_of", lambda _filter: None)
        assert quick == answered(question, padded)
