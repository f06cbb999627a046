"""Gauge: how much of a limit is used, as a bar and in words."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

from rich.cells import cell_len
from rich.segment import Segment
from textual.strip import Strip
from textual.widget import Widget

from collectors.model.level import Level
from collectors.model.quantity import Quantity
from widgets.cell import Cell
from widgets.cellpaint import line_strip, mark_of, styles_of
from widgets.fit import clean, cut_end, pad, to_ascii
from widgets.paint import Painter, view_size
from widgets.palette import LINE_CLASSES, Palette, line_css

_LABEL = 12
_WORDS = 24
_SHORTEST_BAR = 6


@dataclass(frozen=True, slots=True)
class Reach:
    """A value against its maximum, in one unit; ``limits`` are values at which a level begins."""

    label: str
    value: Quantity
    maximum: Quantity
    level: Level = Level.NONE
    limits: tuple[tuple[float, Level], ...] = ()

    @property
    def share(self) -> float | None:
        """Value by maximum, None where either is unknown or there is no maximum."""
        if self.value.value is None or not self.maximum.value or self.maximum.value < 0:
            return None
        return self.value.value / self.maximum.value


class Gauge(Widget):
    """One line: label, bar with its limits, words. ``say`` puts a quantity into words."""

    ALLOW_SELECT = False
    COMPONENT_CLASSES: ClassVar[set[str]] = LINE_CLASSES
    DEFAULT_CSS = line_css("Gauge", "height: 1;")

    def __init__(
        self,
        *,
        say: Callable[[Quantity], str],
        ascii_only: bool = False,
        id: str | None = None,  # noqa: A002 - Textual's own name for it
        classes: str | None = None,
    ) -> None:
        super().__init__(id=id, classes=classes)
        self.ascii_only = ascii_only
        self._say = say
        self._reach: Reach | None = None
        self._painter = Painter(self, self._draw)

    def show(self, reach: Reach) -> None:
        """Show this value."""
        if reach != self._reach:
            self._reach = reach
            self._painter.sync()

    def render_line(self, y: int) -> Strip:
        """The line API."""
        return self._painter.line(y)

    def notify_style_update(self) -> None:
        """Theme or CSS changed."""
        super().notify_style_update()
        self._painter.clear()

    def _draw(self, y: int) -> Strip:
        width = view_size(self).width
        if self._reach is None or y > 0:
            return Strip.blank(width, self.rich_style)
        segments = gauge_segments(self._reach, width, Palette.of(self), self._say, ascii_only=self.ascii_only)
        return line_strip(segments, width, self.rich_style, ascii_only=self.ascii_only)


def reach_words(reach: Reach, say: Callable[[Quantity], str]) -> str:
    """The gauge in words: ``31 of 97, 32 %``; what is not known is said to be unknown."""
    value = say(reach.value)
    if reach.value.value is None:
        return value if reach.maximum.value is None else f"{value} of {say(reach.maximum)}"
    if reach.maximum.value is None:
        return f"{value}, maximum {say(reach.maximum)}"
    if reach.share is None:
        return f"{value} of {say(reach.maximum)}"
    return f"{value} of {say(reach.maximum)}, {reach.share * 100:.0f} %"


def gauge_segments(
    reach: Reach, width: int, palette: Palette, say: Callable[[Quantity], str], *, ascii_only: bool = False
) -> list[Segment]:
    """Label, bar and words; the bar goes first where there is no room for all."""
    mark_style, style = styles_of(Cell("", reach.level), palette)
    mark = mark_of(Cell("", reach.level), ascii_only=ascii_only)
    mark = mark + " " if mark else ""
    words, label = clean(reach_words(reach, say)), clean(reach.label)
    if ascii_only:
        words, label = to_ascii(words), to_ascii(label)
    label = pad(cut_end(label, _LABEL), _LABEL) + " "
    room = width - _LABEL - 1 - max(_WORDS, cell_len(mark + words)) - 2
    bar = _bar(reach, room, palette) if room >= _SHORTEST_BAR else []
    gap = Segment("  " if bar else "", palette.text)
    return [Segment(label, palette.muted), *bar, gap, Segment(mark, mark_style), Segment(words, style)]


def _bar(reach: Reach, width: int, palette: Palette) -> list[Segment]:
    share = reach.share
    if share is None:
        return [Segment("·" * width, palette.muted)]
    filled = min(width, max(1 if share > 0 else 0, round(share * width)))
    style = palette.levels[reach.level if reach.level is not Level.NONE else Level.OK]
    cells = [("━", style)] * filled + [("─", palette.muted)] * (width - filled)
    for limit, level in reach.limits:
        at = round(limit / (reach.maximum.value or 1.0) * width)
        if 0 < at < width:
            cells[at] = ("┿", palette.levels[level])
    return [Segment(char, style) for char, style in cells]
