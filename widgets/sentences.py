"""SentenceList: what needs somebody, worst first, one sentence a line."""

import time
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import ClassVar

from rich.cells import cell_len
from rich.segment import Segment
from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Size
from textual.message import Message
from textual.strip import Strip

from collectors.model.level import Level
from widgets.cell import Cell, Row
from widgets.cellpaint import line_strip, mark_of, over
from widgets.fit import clean, cut_end, cut_middle, pad, to_ascii
from widgets.lineview import LineView, scroll_keys
from widgets.palette import line_css
from widgets.rows import RowKeeper

SHOWN = 5
"""Sentences that stand there at once; the others are counted."""

_SERVICE = 14


@dataclass(frozen=True, slots=True)
class Sentence:
    """One line: a level, the service it is about, what is the matter; ``key`` is its identity."""

    key: Hashable
    level: Level
    service: str
    text: str


class SentenceList(LineView):
    """At most five sentences and the count of the rest; an empty list says why it is empty."""

    DEFAULT_CSS = line_css(
        "SentenceList", "height: auto; overflow: hidden hidden; border: round $border-blurred;"
    )
    HELP = "What needs you, worst first. Enter opens the line under the cursor."
    BINDINGS: ClassVar[list[BindingType]] = [
        *scroll_keys("needs"),
        Binding("enter", "open", "open", id="needs.open", tooltip="open what the line is about"),
    ]

    class FindingOpened(Message):
        """Enter or a click on a sentence."""

        def __init__(self, sentences: "SentenceList", index: int, key: Hashable) -> None:
            super().__init__()
            self.sentences, self.index, self.key = sentences, index, key

        @property
        def control(self) -> "SentenceList":
            """The list, for ``@on`` selectors."""
            return self.sentences

    def __init__(
        self,
        *,
        clock: Callable[[], float] = time.monotonic,
        ascii_only: bool = False,
        id: str | None = None,  # noqa: A002 - Textual's own name for it
        classes: str | None = None,
    ) -> None:
        super().__init__(ascii_only=ascii_only, id=id, classes=classes)
        self._keeper = RowKeeper(clock)
        self._sentences: dict[Hashable, tuple[int, Sentence]] = {}
        self._empty = ""
        self._top = 0

    def show(self, sentences: Sequence[Sentence], *, empty: str = "nothing needs you") -> None:
        """Show these sentences in this order, which holds still while somebody moves among them."""
        height = self._height()
        self._sentences = {sentence.key: (index, sentence) for index, sentence in enumerate(sentences)}
        self._empty = empty
        self._keeper.show([Row(sentence.key, (Cell(sentence.text),)) for sentence in sentences])
        self._top = max(0, min(self._top, len(self._keeper.rows) - SHOWN))
        if self.is_attached and self._height() != height:
            self.refresh(layout=True)
        self.sync()

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:  # noqa: ARG002 - Textual's own signature
        """As many lines as there is something to say."""
        return self._height()

    def action_move(self, where: str) -> None:
        """Move the cursor: up, down, page_up, page_down, top or bottom."""
        place, last = self._keeper.cursor, len(self._keeper.rows) - 1
        steps = {"up": place - 1, "down": place + 1, "page_up": place - SHOWN, "page_down": place + SHOWN}
        self._keeper.move_to({**steps, "top": 0, "bottom": last}[where])
        self._top = max(min(self._top, self._keeper.cursor), self._keeper.cursor - SHOWN + 1)
        self.sync()

    def action_open(self) -> None:
        """Open the sentence under the cursor."""
        if self._keeper.row is not None:
            self._keeper.touch()
            index, sentence = self._sentences[self._keeper.row.key]
            self.post_message(self.FindingOpened(self, index, sentence.key))

    def on_click(self, event: events.Click) -> None:
        """Open the sentence that was clicked."""
        offset = event.get_content_offset(self)
        if offset is not None and offset.y < SHOWN and self._top + offset.y < len(self._keeper.rows):
            self._keeper.move_to(self._top + offset.y)
            self.sync()
            self.action_open()

    def draw_line(self, y: int) -> Strip:
        """A sentence, the count of the rest, or why there is none."""
        rows, width = self._keeper.rows, self.view.width
        if not rows:
            return self._line([Segment(self._text(self._empty) if y == 0 else "", self.palette.muted)], width)
        if y >= SHOWN:
            below = len(rows) - self._top - SHOWN
            words = f"+{below} more" if below > 0 else f"{self._top} above" if self._top else ""
            return self._line([Segment("  " + words, self.palette.muted)], width)
        place = self._top + y
        if place >= len(rows):
            return self._line([], width)
        segments = self._sentence(self._sentences[rows[place].key][1], width)
        if place == self._keeper.cursor and self.has_focus:
            segments = over(self.palette.cursor)(segments)
        return self._line(segments, width)

    def _sentence(self, sentence: Sentence, width: int) -> list[Segment]:
        style = self.palette.levels[sentence.level]
        mark = mark_of(Cell("", sentence.level), ascii_only=self.ascii_only) or " "
        service = pad(cut_middle(self._text(sentence.service), _SERVICE), _SERVICE)
        room = width - cell_len(mark) - _SERVICE - 2
        text = pad(cut_end(self._text(sentence.text), room), max(0, room))
        return [
            Segment(f"{mark} ", style),
            Segment(f"{service} ", self.palette.strong),
            Segment(text, self.palette.text),
        ]

    def _height(self) -> int:
        count = len(self._keeper.rows)
        return max(1, min(count, SHOWN) + (count > SHOWN))

    def _line(self, segments: list[Segment], width: int) -> Strip:
        return line_strip(segments, width, self.palette.text, ascii_only=self.ascii_only)

    def _text(self, text: str) -> str:
        return to_ascii(clean(text)) if self.ascii_only else clean(text)
