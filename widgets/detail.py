"""DetailView: what is known about one subject, as tables and lists of facts."""

from collections.abc import Callable, Sequence
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
from widgets.cellpaint import line_strip
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


class DetailView(LineView):
    """Sections one below the other; ``say`` puts a quantity into words."""

    DEFAULT_CSS = line_css("DetailView", "overflow: hidden auto; scrollbar-size: 1 1; height: 1fr;")
    HELP = "Details of what is under the cursor. Scroll with the arrows."
    BINDINGS: ClassVar[list[BindingType]] = scroll_keys("detail")

    def __init__(
        self,
        *,
        say: Callable[[Quantity], str],
        ascii_only: bool = False,
        id: str | None = None,  # noqa: A002 - Textual's own name for it
        classes: str | None = None,
    ) -> None:
        super().__init__(ascii_only=ascii_only, id=id, classes=classes)
        self._say = say
        self._sections: tuple[Section, ...] = ()
        self._empty = ""
        self._strips: tuple[int, list[Strip]] | None = None

    def show(self, sections: Sequence[Section], *, empty: str = "") -> None:
        """Show these sections; ``empty`` is the line that stands where there are none."""
        if (tuple(sections), empty) == (self._sections, self._empty):
            return
        self._sections, self._empty = tuple(sections), empty
        self._refit()

    def restyled(self) -> None:
        """Paint all lines anew."""
        self._strips = None

    def on_resize(self) -> None:
        """Another width means other lines."""
        self._refit()

    def action_move(self, where: str) -> None:
        """Scroll: up, down, page_up, page_down, top or bottom."""
        self.scroll_lines(where)

    def draw_line(self, y: int) -> Strip:
        """A line of the sections."""
        lines, at = self._lines(), y + self.scroll_offset.y
        return lines[at] if at < len(lines) else Strip.blank(self.view.width, self.palette.text)

    def _refit(self) -> None:
        self._strips = None
        if self.is_attached:
            self.resize_content(Size(0, len(self._lines())))
            self.sync()

    def _lines(self) -> list[Strip]:
        width = self.view.width
        if self._strips is None or self._strips[0] != width:
            lines = [line for section in self._sections for line in [*self._section(section, width), []]]
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

    def _table(self, detail: Detail, width: int) -> list[list[Segment]]:
        lines = [[self._muted(line)] for line in fold(self._text(detail.note), width)] if detail.note else []
        if not detail.rows:
            return lines or [[self._muted("nothing to show")]]
        cells = [[self._value(value) for value in row] for row in detail.rows]
        for row, depth in zip(cells, detail.indent, strict=False):
            row[0] = "  " * depth + row[0]
        titles = [self._text(column) for column in detail.columns]
        widths = fair_widths(
            [max(map(cell_len, column)) for column in zip(titles, *cells, strict=True)], width
        )
        numeric = [
            all(isinstance(value, Quantity) for value in column) for column in zip(*detail.rows, strict=True)
        ]
        lines.append([self._muted(self._columns(titles, widths, numeric))])
        for row, values in zip(cells, detail.rows, strict=True):
            lines.append([])
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
