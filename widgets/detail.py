"""DetailView: what is known about one subject, as tables and lists of facts."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from rich.cells import cell_len
from rich.segment import Segment
from textual.binding import BindingType
from textual.geometry import Size
from textual.strip import Strip

from collectors.model.detail import Detail
from collectors.model.quantity import Quantity
from collectors.model.reading import Part
from widgets.cell import Cell
from widgets.cellpaint import line_strip, over
from widgets.facts import GAP, fact_lines
from widgets.fit import clean, cut_end, fold, pad, to_ascii
from widgets.lineview import LineView, scroll_keys
from widgets.palette import line_css


@dataclass(frozen=True, slots=True)
class Facts:
    """A titled list of facts: a label and a Cell each."""

    title: str
    items: tuple[tuple[str, Cell], ...]


@dataclass(frozen=True, slots=True)
class Parts:
    """A titled list of a reading's parts."""

    title: str
    parts: tuple[Part, ...]


Section = Detail | Facts | Parts

Identity = tuple[str, tuple[str, ...]]
"""Of a detail's row: the detail's name, and its first value, or all its words where others share that."""

_POINTER = 2
"""Cells before a row that the cursor may stand on."""


class DetailView(LineView):
    """Sections one below the other; ``say`` puts a quantity into words.

    ``with_cursor``: the arrows move a cursor among the rows of details, which stays with its row
    whatever becomes of the others, and leaves with it.
    """

    DEFAULT_CSS = line_css("DetailView", "overflow: hidden auto; scrollbar-size: 1 1; height: 1fr;")
    HELP = "Details of what is under the cursor. Move or scroll with the arrows."
    BINDINGS: ClassVar[list[BindingType]] = scroll_keys("detail")

    def __init__(
        self,
        *,
        say: Callable[[Quantity], str],
        ascii_only: bool = False,
        id: str | None = None,  # noqa: A002 - Textual's own name for it
        classes: str | None = None,
        with_cursor: bool = False,
    ) -> None:
        super().__init__(ascii_only=ascii_only, id=id, classes=classes)
        self._say = say
        self._gutter = _POINTER if with_cursor else 0
        self._here: Identity | None = None
        self._places: dict[Identity, tuple[int, Mapping[str, str]]] = {}
        self._sections: tuple[Section, ...] = ()
        self._empty = ""
        self._strips: tuple[int, list[Strip]] | None = None

    def show(self, sections: Sequence[Section], *, empty: str = "") -> None:
        """Show these sections; ``empty`` is the line that stands where there are none."""
        if (tuple(sections), empty) == (self._sections, self._empty):
            return
        self._sections, self._empty = tuple(sections), empty
        self._refit()

    @property
    def row(self) -> Mapping[str, str]:
        """What the row under the cursor says by column, in the order of the columns; empty without one."""
        place = self._places.get(self._here) if self._here is not None else None
        return place[1] if place is not None else {}

    def restyled(self) -> None:
        """Paint all lines anew."""
        self._strips = None

    def on_resize(self) -> None:
        """Another width means other lines."""
        self._refit()

    def action_move(self, where: str) -> None:
        """Move the cursor, or scroll: up, down, page_up, page_down, top or bottom."""
        if not self._gutter or not self._places:
            self.scroll_lines(where)
            return
        rows, page = list(self._places), max(1, self.view.height - 2)
        here = rows.index(self._here) if self._here in self._places else -1
        steps = {"up": here - 1, "down": here + 1, "page_up": here - page, "page_down": here + page}
        place = {**steps, "top": 0, "bottom": len(rows) - 1}[where]
        self._here = rows[max(0, min(place, len(rows) - 1))]
        line, top, height = self._places[self._here][0], self.scroll_offset.y, max(1, self.view.height)
        if self._here == rows[0] and line < height:
            top = 0  # its title and its columns show with it
        self.scroll_to(y=min(line, max(top, line - height + 1)), animate=False, force=True)
        self.sync()

    def draw_line(self, y: int) -> Strip:
        """A line of the sections; the cursor's row has its pointer."""
        lines, at = self._lines(), y + self.scroll_offset.y
        if at >= len(lines):
            return Strip.blank(self.view.width, self.palette.text)
        place = self._places.get(self._here) if self._here is not None else None
        if place is None or place[0] != at:
            return lines[at]
        pointer = Segment(self._text("›") + " ", self.palette.strong)
        over_it = over(self.palette.cursor if self.has_focus else self.palette.cursor_row)
        return Strip(over_it([pointer, *lines[at].crop(self._gutter)]))

    def _refit(self) -> None:
        self._strips = None
        if self.is_attached:
            self.resize_content(Size(0, len(self._lines())))
            self.sync()

    def _lines(self) -> list[Strip]:
        width = self.view.width
        if self._strips is None or self._strips[0] != width:
            lines, self._places = [], {}
            for section in self._sections:
                lines += self._section(section, width)
                if isinstance(section, Detail) and self._gutter:
                    self._place(section, len(lines) - len(section.rows))
                lines.append([])
            if not lines:
                lines = [[self._muted(line)] for line in fold(self._text(self._empty), width)]
            finished = [
                line_strip(line, width, self.palette.text, ascii_only=self.ascii_only) for line in lines
            ]
            self._strips = (width, finished)
        return self._strips[1]

    def _section(self, section: Section, width: int) -> list[list[Segment]]:
        title = section.spec.title if isinstance(section, Detail) else section.title
        lines = [[Segment(self._text(title), self.palette.strong)]]
        if isinstance(section, Detail):
            return lines + self._table(section, width)
        if isinstance(section, Facts):
            return lines + self._facts(section.items, width)
        return lines + self._facts([(part.name, self._part(part)) for part in section.parts], width)

    def _part(self, part: Part) -> Cell:
        words = [part.word] if part.value is None else [part.word, self._say(part.value)]
        return Cell(" ".join(word for word in words if word), mark="✖" if part.bad else "")

    def _facts(self, items: Sequence[tuple[str, Cell]], width: int) -> list[list[Segment]]:
        lines = fact_lines(items, width, self.palette, ascii_only=self.ascii_only)
        return lines or [[self._muted("none")]]

    def _place(self, detail: Detail, first: int) -> None:
        """Remember on which line each row of a detail stands, and what it says."""
        names = Counter(_told(row[0]) for row in detail.rows)
        for line, row in enumerate(detail.rows, first):
            words: tuple[str, ...] = (_told(row[0]),)
            if names[words[0]] > 1:
                words += tuple(str(value) for value in row[1:] if not isinstance(value, Quantity))
            said = {name: _told(value) for name, value in zip(detail.columns, row, strict=True)}
            self._places.setdefault((detail.spec.name, words), (line, said))

    def _table(self, detail: Detail, width: int) -> list[list[Segment]]:
        lines = [[self._muted(line)] for line in fold(self._text(detail.note), width)] if detail.note else []
        if not detail.rows:
            return lines or [[self._muted("nothing to show")]]
        cells = [[self._value(value) for value in row] for row in detail.rows]
        for row, depth in zip(cells, detail.indent, strict=False):
            row[0] = "  " * depth + row[0]
        titles = [self._text(column) for column in detail.columns]
        wanted = [max(map(cell_len, column)) for column in zip(titles, *cells, strict=True)]
        widths, gutter = fair_widths(wanted, width - self._gutter), self._muted(" " * self._gutter)
        numeric = [
            all(isinstance(value, Quantity) for value in column) for column in zip(*detail.rows, strict=True)
        ]
        lines.append([gutter, self._muted(self._columns(titles, widths, numeric))])
        for row, values in zip(cells, detail.rows, strict=True):
            lines.append([gutter])
            for text, value, room, right in zip(row, values, widths, numeric, strict=True):
                unknown = isinstance(value, Quantity) and not value.is_known
                style = self.palette.muted if unknown else self.palette.text
                lines[-1].append(Segment(pad(cut_end(text, room), room, right=right) + GAP, style))
        return lines

    def _columns(self, titles: Sequence[str], widths: Sequence[int], numeric: Sequence[bool]) -> str:
        return GAP.join(
            pad(cut_end(title, room), room, right=right)
            for title, room, right in zip(titles, widths, numeric, strict=True)
        )

    def _value(self, value: str | Quantity) -> str:
        return self._text(self._say(value) if isinstance(value, Quantity) else value)

    def _text(self, text: str) -> str:
        return to_ascii(clean(text)) if self.ascii_only else clean(text)

    def _muted(self, text: str) -> Segment:
        return Segment(text, self.palette.muted)


def _told(value: str | Quantity) -> str:
    """A value as an argument would say it: numbers in full, nothing for what is not known."""
    if isinstance(value, Quantity):
        return "" if value.value is None else f"{value.value:.15g}"
    return str(value)


def fair_widths(wanted: Sequence[int], available: int) -> list[int]:
    """Column widths within ``available`` cells and their gaps: the widest give way first."""
    widths = list(wanted)
    room = max(len(widths), available - len(GAP) * (len(widths) - 1))
    while widths and sum(widths) > room:
        widest = max(widths)
        second = max((width for width in widths if width < widest), default=0)
        count = widths.count(widest)
        target = max(second, widest - -(-(sum(widths) - room) // count), 1)
        if target == widest:
            break
        widths = [min(width, target) for width in widths]
    return widths
