from hypothesis import given
from hypothesis import strategies as st
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from widgets.paint import changed_spans

STYLES = [Style(color="red"), Style(color="green"), Style(color="red", bold=True)]
PIECES = st.lists(
    st.tuples(st.sampled_from(["a", "bb", "ccc", "12 ms", "日本", " "]), st.integers(0, 2)), max_size=6
)


def strip(pieces: list[tuple[str, int]], width: int = 40) -> Strip:
    return Strip([Segment(text, STYLES[style]) for text, style in pieces]).adjust_cell_length(
        width, STYLES[0]
    )


def cells(painted: Strip) -> list[tuple[str, Style | None]]:
    """One entry a cell: its character, or the half of a wide one, and its style."""
    shown: list[tuple[str, Style | None]] = []
    for text, style, _ in painted:
        for char in text:
            wide = Segment(char).cell_length == 2
            shown += [(char, style), (char + "2", style)] if wide else [(char, style)]
    return shown


@given(PIECES, PIECES)
def test_outside_the_spans_both_strips_look_the_same(
    before: list[tuple[str, int]], after: list[tuple[str, int]]
) -> None:
    old, new = strip(before), strip(after)
    spans = changed_spans(old, new)
    inside = {x for start, end in spans for x in range(start, end)}
    for x, (was, now) in enumerate(zip(cells(old), cells(new), strict=True)):
        assert was == now or x in inside
    assert all(start < end for start, end in spans)
    assert spans == sorted(spans)


@given(PIECES, PIECES)
def test_no_span_cuts_a_wide_character(before: list[tuple[str, int]], after: list[tuple[str, int]]) -> None:
    old, new = strip(before), strip(after)
    for start, end in changed_spans(old, new):
        for painted in (old, new):
            assert not cells(painted)[start][0].endswith("2") or len(cells(painted)[start][0]) == 1
            assert end == 40 or len(cells(painted)[end][0]) == 1


def test_only_the_digit_that_changed() -> None:
    assert changed_spans(strip([("12 ms", 0)]), strip([("13 ms", 0)])) == [(1, 2)]


def test_far_changes_stay_apart_and_near_ones_join() -> None:
    old = strip([("a", 0), (" " * 20, 0), ("b", 0)])
    assert changed_spans(old, strip([("x", 0), (" " * 20, 0), ("y", 0)])) == [(0, 1), (21, 22)]
    assert changed_spans(strip([("a  b", 0)]), strip([("x  y", 0)])) == [(0, 4)]
    apart, together = [("a", 0), ("  ", 1), ("a", 0)], [("x", 0), ("  ", 1), ("x", 0)]
    assert changed_spans(strip(apart), strip(together)) == [(0, 4)]
    far, away = (f"{text}{' ' * 20}{text}" for text in "ax")
    assert changed_spans(strip([(far, 0)]), strip([(away, 0)])) == [(0, 1), (21, 22)]


def test_equal_strips_have_no_span_however_they_are_cut() -> None:
    assert changed_spans(strip([("ab", 0)]), strip([("a", 0), ("b", 0)])) == []
