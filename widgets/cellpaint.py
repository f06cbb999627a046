"""Cells as segments: mark, text, spark, in as few runs of one style as the looks allow."""

from collections.abc import Callable

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from collectors.model.level import Level
from widgets.cell import ASCII_MARKS, MARKS, Cell
from widgets.fit import clean, cut_end, cut_middle, pad, to_ascii
from widgets.palette import Palette
from widgets.spark import to_ascii_spark

_LEVEL_OF_MARK = {mark: level for level, mark in MARKS.items()}


def mark_of(cell: Cell, *, ascii_only: bool = False) -> str:
    """The cell's mark; a level always has one, whatever its maker forgot."""
    mark = clean(cell.mark) or (MARKS[cell.level] if cell.level is not Level.NONE else "")
    if ascii_only and not mark.isascii():
        return ASCII_MARKS[_LEVEL_OF_MARK[mark]] if mark in _LEVEL_OF_MARK else to_ascii(mark)
    return mark


def styles_of(cell: Cell, palette: Palette) -> tuple[Style, Style]:
    """The styles of mark and text: only what is wrong colours its text too."""
    if cell.dim:
        return palette.muted, palette.muted
    style = palette.levels[cell.level]
    if cell.level in (Level.NONE, Level.OK):
        return style, palette.text
    return style, style


def cell_segments(
    cell: Cell,
    width: int,
    palette: Palette,
    *,
    right: bool = False,
    compact: bool = False,
    ascii_only: bool = False,
) -> list[Segment]:
    """Segments of exactly ``width`` cells; ``compact`` leaves the mark and at most 4 characters."""
    mark_style, text_style = styles_of(cell, palette)
    mark = mark_of(cell, ascii_only=ascii_only)
    mark = mark if compact or not mark else mark + " "
    mark = cut_end(mark, width)
    room = width - cell_len(mark)
    spark = "" if compact else _spark(cell, ascii_only=ascii_only)
    text = _text(cell, compact=compact, ascii_only=ascii_only)
    if spark and cell_len(text) + len(spark) + 2 <= room:
        spark += " "
        room -= len(spark)
    else:
        spark = ""
    text = pad(cut_end(text, room), room, right=right and not spark)
    segments = [Segment(mark, mark_style), Segment(text, text_style), Segment(spark, palette.muted)]
    return merged(segments)


def name_segments(
    cell: Cell,
    width: int,
    palette: Palette,
    *,
    lead: str = "",
    ascii_only: bool = False,
    style: Style | None = None,
) -> list[Segment]:
    """A row's name: after ``lead`` (indent and fold), cut in the middle, since names differ at the ends."""
    mark_style, text_style = styles_of(cell, palette)
    mark = mark_of(cell, ascii_only=ascii_only)
    lead = cut_end(lead, max(0, width - 2))
    mark = cut_end(mark + " " if mark else "", width - cell_len(lead))
    room = width - cell_len(lead) - cell_len(mark)
    text = pad(cut_middle(_text(cell, compact=False, ascii_only=ascii_only), room), room)
    return merged(
        [Segment(lead, palette.muted), Segment(mark, mark_style), Segment(text, style or text_style)]
    )


def merged(segments: list[Segment]) -> list[Segment]:
    """The segments without empty ones, neighbours of one style joined: fewer bytes on the line."""
    joined: list[Segment] = []
    for segment in segments:
        if not segment.text:
            continue
        if joined and joined[-1].style == segment.style:
            joined[-1] = Segment(joined[-1].text + segment.text, segment.style)
        else:
            joined.append(segment)
    return joined


def line_strip(segments: list[Segment], width: int, style: Style, *, ascii_only: bool = False) -> Strip:
    """A strip of exactly ``width`` cells; in ASCII the ellipses of what was cut go last."""
    if ascii_only:
        segments = [Segment(to_ascii(text), own) for text, own, _ in segments]
    return Strip(merged(segments)).adjust_cell_length(width, style)


def over(style: Style) -> Callable[[list[Segment]], list[Segment]]:
    """A function that lays ``style`` over segments."""
    return lambda segments: [Segment(text, (own or Style.null()) + style) for text, own, _ in segments]


def _text(cell: Cell, *, compact: bool, ascii_only: bool) -> str:
    text = clean((cell.short or cut_end(clean(cell.text), 4)) if compact else cell.text)
    return to_ascii(text) if ascii_only else text


def _spark(cell: Cell, *, ascii_only: bool) -> str:
    spark = clean(cell.spark)
    return to_ascii_spark(spark) if ascii_only else spark
