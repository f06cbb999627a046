import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from widgets.fit import clean, cut_end, cut_middle, fold, pad, to_ascii

TEXTS = st.text(
    st.characters(
        codec="utf-8", exclude_categories=("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp", "Mn", "Me", "Mc")
    )
)


@pytest.mark.parametrize(
    ("text", "width", "cut"),
    [
        ("catalog-search-worker-7", 12, "catalo…ker-7"),
        ("catalog", 7, "catalog"),
        ("catalog", 0, ""),
        ("catalog", 1, "…"),
        ("catalog", 3, "ca…"),
        ("日本語サービス名", 9, "日本…ス名"),
    ],
)
def test_cut_middle(text: str, width: int, cut: str) -> None:
    assert cut_middle(text, width) == cut


@given(TEXTS, st.integers(0, 40))
def test_cutting_and_padding_keep_to_the_width(text: str, width: int) -> None:
    assert cell_len(cut_end(text, width)) <= width
    assert cell_len(cut_middle(text, width)) <= width
    assert cell_len(pad(text, width)) == width
    assert cell_len(pad(text, width, right=True)) == width


@given(TEXTS, st.integers(2, 30))
def test_folding_loses_nothing_but_blanks(text: str, width: int) -> None:
    lines = fold(text, width)
    assert all(cell_len(line) <= width for line in lines)
    assert "".join("".join(lines).split()) == "".join(text.split())


def test_folding_breaks_at_blanks() -> None:
    assert fold("the quick brown fox", 10) == ["the quick", "brown fox"]
    assert fold("", 10) == [""]
    assert fold("x", 0) == [""]


@given(st.text())
def test_cleaned_text_holds_nothing_that_a_terminal_obeys(text: str) -> None:
    assert clean(text).isprintable()


@given(TEXTS)
def test_ascii_is_ascii(text: str) -> None:
    assert to_ascii(text).isascii()
    assert len(to_ascii(text)) == len(text)
