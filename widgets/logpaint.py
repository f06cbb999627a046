"""How one record becomes lines of the log view: time, service, level, chosen columns, message."""

from collections.abc import Sequence
from dataclasses import dataclass

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style

from collectors.model.level import Level
from widgets.cell import Cell
from widgets.cellpaint import mark_of, over, styles_of
from widgets.fit import clean, cut_end, cut_middle, fold, pad, to_ascii
from widgets.logwindow import LogLine, LogWindow
from widgets.palette import Palette

NEW_LINE = "␊"
"""A line end as Shown has it."""

MOST_PARTS = 50
"""Lines of the screen that one record takes at the most."""

SERVICE, LEVEL = "service", "level"
"""The cells that every line has."""

_TIME, _SERVICE, _LEVEL = 12, 12, 3
_POINTERS = {(True, False): "›", (False, True): "◆", (True, True): "◈", (False, False): " "}


@dataclass(frozen=True, slots=True)
class LogColumn:
    """A field of its own beside the message; ``right`` aligns numbers."""

    name: str
    width: int = 12
    right: bool = False


class LinePainter:
    """Paints the lines of one width and look."""

    def __init__(
        self, width: int, palette: Palette, columns: Sequence[LogColumn], *, folded: bool, ascii_only: bool
    ) -> None:
        self.width = width
        self._palette = palette
        self._columns = tuple(columns)
        self._folded = folded
        self._ascii = ascii_only
        self._narrow = width < 60
        lead = 10 if self._narrow else _TIME + _SERVICE + 3
        self._hang = lead + _LEVEL + sum(column.width + 1 for column in self._columns)
        self._room = max(8, width - self._hang)

    def parts(self, line: LogLine) -> list[str]:
        """The message as the lines of the screen that it takes."""
        badge = f"{line.badge} " if line.badge else ""
        lines = [self.text(part) for part in (badge + line.message).split(NEW_LINE)]
        while len(lines) > 1 and not lines[-1].strip():
            lines.pop()
        return self._all(lines) if self._folded else [self._first(lines)]

    def segments(
        self, line: LogLine, part: str, *, first: bool, here: bool, focused: bool, cell: str
    ) -> list[Segment]:
        """One line of the screen; ``cell`` is the name of the cell under the cursor."""
        mark_style, style = styles_of(Cell("", line.level), self._palette)
        style = Style(color=style.color, bgcolor=style.bgcolor, bold=style.bold)
        pointer = self.text(_POINTERS[here, line.marked])
        if not first:
            rest = [Segment(pad(pointer, self._hang), self._palette.text), Segment(part, style)]
            return self._row(rest, here and focused)
        cells = [Segment(pad(pointer, 1), self._palette.strong), *self._lead(line)]
        mark = mark_of(Cell("", line.level), ascii_only=self._ascii)
        cells.append(Segment(pad(mark, 1) + pad(line.letter, 1), mark_style))
        names = ["", "", *([] if self._narrow else [SERVICE]), LEVEL]
        values = (*line.values, *[""] * len(self._columns))
        for column, value in zip(self._columns, values, strict=False):
            text = cut_end(self.text(value), column.width)
            cells.append(Segment(pad(text, column.width, right=column.right), self._palette.text))
            names.append(column.name)
        cells.append(Segment(part, style))
        out: list[Segment] = []
        for at, segment in enumerate(cells):
            chosen = here and focused and cell and at < len(names) and names[at] == cell
            out += over(self._palette.cursor)([segment]) if chosen else self._row([segment], here and focused)
            if 0 < at < len(cells) - 1:
                out += self._row([Segment(" ", self._palette.text)], here and focused)
        return out

    @property
    def cells(self) -> list[str]:
        """The names of the cells on which the cursor may stand; the first one is the whole line."""
        return ["", SERVICE, LEVEL, *(column.name for column in self._columns)]

    def header(self, cell: str) -> list[Segment]:
        """The titles of the columns; that of the cell under the cursor stands out."""
        segments = [Segment(" " * (self._hang - sum(column.width + 1 for column in self._columns)))]
        for column in self._columns:
            text = pad(cut_middle(self.text(column.name), column.width), column.width, right=column.right)
            style = self._palette.strong if column.name == cell else self._palette.muted
            segments += [Segment(text, style), Segment(" ", self._palette.text)]
        return [*segments, Segment("message", self._palette.muted)]

    def text(self, text: str) -> str:
        """Text that may stand on this terminal."""
        return to_ascii(clean(text)) if self._ascii else clean(text)

    def _row(self, segments: list[Segment], bright: bool) -> list[Segment]:  # noqa: FBT001 - a plain fact
        return over(self._palette.cursor_row)(segments) if bright else segments

    def _lead(self, line: LogLine) -> list[Segment]:
        muted = self._palette.muted
        if self._narrow:
            return [Segment(pad(cut_end(self.text(line.time), 8), 8), muted)]
        return [
            Segment(pad(cut_end(self.text(line.time), _TIME), _TIME), muted),
            Segment(pad(cut_middle(self.text(line.service), _SERVICE), _SERVICE), muted),
        ]

    def _first(self, lines: list[str]) -> str:
        """The first line, and how much more there is."""
        text, more = lines[0], len(lines) - 1
        told = f" +{more} line{'s' if more > 1 else ''}" if more else ""
        room = max(1, self._room - len(told))
        if cell_len(text[: 8 * room]) > room:
            cut = cut_end(text, max(1, room - 6))
            over_it = len(text) - len(cut) + 1
            cut += "" if told else f"+{over_it:,}" if over_it < 10_000 else "+10k"
            text = cut_end(cut, room)
        return pad(text + told, self._room)

    def _all(self, lines: list[str]) -> list[str]:
        """All lines folded, up to the most that one record may take."""
        parts: list[str] = []
        for place, line in enumerate(lines):
            room = MOST_PARTS - len(parts)
            head = line[: self._room * room]
            parts += fold(head.rstrip(), self._room)[:room]
            if len(parts) >= MOST_PARTS and (len(head) < len(line) or place + 1 < len(lines)):
                rest = len(lines) - place - 1
                told = f"… +{rest} lines" if rest else f"… +{len(line) - len(head):,}"
                parts[-1] = cut_end(parts[-1], max(1, self._room - len(told))) + told
                break
        return [pad(part, self._room) for part in parts]


def state_segments(window: LogWindow, behind: str, palette: Palette) -> list[Segment]:
    """LIVE, BEHIND or HELD, and how much there is."""
    held = window.end - window.first
    if not window.live:
        here = (window.cursor or 0) - window.first + 1
        state, more = "HELD", f" +{window.new:,} new  {here:,} of {held:,}  End follows"
    elif behind:
        state, more = "BEHIND", f"  {behind}  {held:,} lines"
    else:
        state, more = "LIVE", f"  {held:,} lines"
    style = palette.levels[Level.WARNING] if state == "BEHIND" else palette.strong
    return [Segment(state, style), Segment(more, palette.muted)]
