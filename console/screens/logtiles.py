"""The line of pinned questions above the logs, kept up in a thread of its own."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, cast

from textual import on
from textual.message import Message

from collectors.text import one_line
from console.logs.asking.table import Table
from console.logs.tiles import Board, Pinned, Tile
from console.present.loganswer import judged
from console.present.logtiles import cells
from console.screens import panels
from console.settings.values import SavedQuestion
from widgets.bars import StatusLine
from widgets.palette import line_css

if TYPE_CHECKING:
    from console.screens.app import Quarterdeck


class TilesLine(StatusLine):
    """Name, value and level of each pinned question; hidden where none is pinned."""

    DEFAULT_CSS = line_css(
        "TilesLine", "height: 1; background: $background; display: none; &.-shown { display: block; }"
    )

    class Heard(Message):
        """Some answer has changed; they are read when they are painted."""

    def __init__(self, *, ascii_only: bool) -> None:
        super().__init__(ascii_only=ascii_only, id="tiles")
        self.pinned: tuple[Pinned, ...] = ()
        self._board: Board | None = None
        self._tiles: tuple[Tile, ...] = ()
        self._waiting = False

    @property
    def console(self) -> "Quarterdeck":
        """The app, with its own type."""
        return cast("Quarterdeck", self.app)

    def configured(self, questions: Iterable[SavedQuestion]) -> None:
        """Pin what the configuration pins, and keep what was pinned by hand."""
        saved = [Pinned(one.name, one.ask, one.column, one.threshold) for one in questions if one.pin]
        by_hand = [one for one in self.pinned if one.by_hand]
        self._pin((*saved, *by_hand))

    def pin(self, ask: str) -> None:
        """Pin a question by hand; it stays until the console is left."""
        if all(one.ask != ask for one in self.pinned):
            self._pin(
                (*self.pinned, Pinned(str(one_line(ask.partition("|")[2].strip(), 40)), ask, by_hand=True))
            )

    def unpin(self, name: str) -> None:
        """Take one away."""
        self._pin(tuple(one for one in self.pinned if one.name != name))

    def on_unmount(self) -> None:
        """Nothing is kept up for a screen that is gone."""
        if self._board is not None:
            self._board.stop()

    def _pin(self, wanted: tuple[Pinned, ...]) -> None:
        if wanted == self.pinned:
            return
        self.pinned = wanted
        if self._board is None:
            self._board = Board(self.console.ring, _value, self._hear)
        self._board.pin(wanted)
        self._tiles = tuple(Tile(one) for one in wanted)
        self._paint()

    def _hear(self, tiles: tuple[Tile, ...]) -> None:
        """In the thread."""
        self._tiles = tiles
        if not self._waiting:
            self._waiting = True
            self.post_message(self.Heard())

    @on(Heard)
    def _heard(self, event: Heard) -> None:
        event.stop()
        self._waiting = False
        self._paint()

    def _paint(self) -> None:
        self.set_class(bool(self.pinned), "-shown")
        tiles = [tile for tile in self._tiles if tile.pinned in self.pinned]
        panels.fill(self.console, self, lambda: self.show(cells(tiles)))


def _value(table: Table, column: str) -> float | None:
    return judged(table, column)[1]
