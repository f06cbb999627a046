"""Facts as lines: a label each, and what is known folded beside it."""

from collections.abc import Sequence

from rich.cells import cell_len
from rich.segment import Segment

from widgets.cell import Cell
from widgets.cellpaint import mark_of, styles_of
from widgets.fit import clean, cut_end, fold, pad, to_ascii
from widgets.palette import Palette

GAP = "  "
"""Between two columns."""

_MOST_LINES = 40

Fact = tuple[str, Cell]
"""A label, and what is known."""


def fact_lines(
    items: Sequence[Fact], width: int, palette: Palette, *, ascii_only: bool = False
) -> list[list[Segment]]:
    """Lines of at most ``width`` cells; what does not fit beside its label goes on below itself."""

    def sign(text: str) -> str:
        return to_ascii(clean(text)) if ascii_only else clean(text)

    lines: list[list[Segment]] = []
    labels = [sign(label) for label, _ in items]
    room = min(max((cell_len(label) for label in labels), default=0), max(8, width // 2 - 2))
    for label, (_, cell) in zip(labels, items, strict=True):
        mark_style, style = styles_of(cell, palette)
        mark = mark_of(cell, ascii_only=ascii_only)
        mark = mark + " " if mark else ""
        left = max(4, width - room - len(GAP) - cell_len(mark))
        texts = fold(sign(cell.text), left)
        texts = [*texts[: _MOST_LINES - 1], "…"] if len(texts) > _MOST_LINES else texts
        name = Segment(pad(cut_end(label, room), room) + GAP, palette.muted)
        lines.append([name, Segment(mark, mark_style), Segment(texts[0], style)])
        hang = " " * (room + len(GAP) + cell_len(mark))
        lines += [[Segment(hang + text, style)] for text in texts[1:]]
    return lines
