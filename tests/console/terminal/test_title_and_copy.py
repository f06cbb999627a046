"""What is written outside the screen: the title and the clipboard."""

import base64
import re

from hypothesis import given
from hypothesis import strategies as st

from console.terminal.copy import COPY_LIMIT, osc52, passthrough, prepare
from console.terminal.title import TITLE_LIMIT, takes_osc, title_sequence


@given(st.text())
def test_a_title_is_one_sequence_whatever_it_says(text: str) -> None:
    sequence = title_sequence(text)
    assert sequence.startswith("\x1b]0;")
    assert sequence.endswith("\x07")
    assert sequence[4:-1].isprintable()
    assert len(sequence) <= TITLE_LIMIT + 5


def test_old_consoles_get_no_osc() -> None:
    assert takes_osc({"TERM": "xterm-256color"})
    assert takes_osc({"TERM": "tmux-256color"})
    assert not takes_osc({"TERM": "linux"})
    assert not takes_osc({"TERM": "vt100"})
    assert not takes_osc({})


def test_a_copy_keeps_lines_and_tabs_and_nothing_that_acts() -> None:
    copy = prepare("a\tb\r\nrm\x1b[2J -rf\n\u202eend")
    assert copy.text == "a\tb\nrm␛[2J -rf\n<U+202E>end"
    assert not copy.cut


@given(st.text(max_size=200), st.integers(0, 3))
def test_a_copy_is_clean_text_of_bounded_size(text: str, more: int) -> None:
    copy = prepare(text * 10 ** (2 * (more > 2)))
    assert len(copy.text.encode()) <= COPY_LIMIT
    assert all(char.isprintable() or char in "\n\t" for char in copy.text)


def test_what_does_not_fit_is_cut_between_characters_and_said() -> None:
    copy = prepare("€" * COPY_LIMIT)
    assert copy.cut
    assert set(copy.text) == {"€"}
    assert COPY_LIMIT - 3 < len(copy.text.encode()) <= COPY_LIMIT
    assert len(osc52(copy.text)) <= 100_000


def test_the_sequence_carries_the_text() -> None:
    found = re.fullmatch(r"\x1b\]52;c;([A-Za-z0-9+/=]*)\x07", osc52("grüße"))
    assert found is not None
    assert base64.b64decode(found[1]).decode() == "grüße"


def test_tmux_gets_it_with_every_escape_doubled() -> None:
    assert (
        passthrough("\x1b]52;c;QQ==\x07", {"TMUX": "/tmp/t,1,0"}) == "\x1bPtmux;\x1b\x1b]52;c;QQ==\x07\x1b\\"
    )


def test_screen_gets_it_in_pieces_that_fit_its_buffer() -> None:
    sequence = osc52("x" * 3000)
    wrapped = passthrough(sequence, {"STY": "1.pts"})
    pieces = re.findall(r"\x1bP(.*?)\x1b\\", wrapped, re.DOTALL)
    assert "".join(pieces) == sequence
    assert all(len(piece) < 768 for piece in pieces)


def test_a_plain_terminal_needs_no_wrapping() -> None:
    assert passthrough("x", {}) == ""
