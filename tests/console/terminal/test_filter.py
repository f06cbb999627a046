"""The last net: nothing but printable characters, at the width that was laid out."""

import sys

from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual.color import Color

from console.terminal.filter import ControlFilter

BLACK = Color(0, 0, 0)


def net(*segments: Segment) -> list[Segment]:
    return ControlFilter().apply(list(segments), BLACK)


def test_clean_segments_come_back_as_they_are() -> None:
    segments = [Segment("● orders 12 ms"), Segment(" ▅█", Style(bold=True))]
    assert ControlFilter().apply(segments, BLACK) is segments


@given(st.text(st.characters(), max_size=80))
def test_no_control_comes_through_and_the_width_stays(text: str) -> None:
    (segment,) = net(Segment(text))
    assert segment.text.isprintable()
    assert cell_len(segment.text) == cell_len(text)


def test_every_single_character_is_harmless() -> None:
    for code in [
        *range(0x300),
        *range(0x2000, 0x2100),
        0xFEFF,
        0xD800,
        0xDFFF,
        0xE000,
        0xE0001,
        sys.maxunicode,
    ]:
        (segment,) = net(Segment(f"a{chr(code)}b"))
        assert segment.text.isprintable(), hex(code)


def test_the_mark_is_seen_where_there_is_room() -> None:
    (segment,) = net(Segment("a\x1b[2J   "))
    assert segment.text == "a␛[2J  "


def test_styles_and_control_segments_stay() -> None:
    style = Style(bold=True)
    first, second = net(Segment("a\x9bb", style), Segment("c", None))
    assert first.style == style
    assert second == Segment("c", None)


def test_a_link_that_could_end_its_own_sequence_is_dropped() -> None:
    evil = Style(bold=True, link="http://x\x1b\\\x1b]52;c;QQ==\x07")
    good = Style(link="https://runbook.internal/x")
    first, second = net(Segment("a", evil), Segment("b", good))
    assert first.style is not None
    assert first.style.link is None
    assert first.style.bold
    assert second.style == good
