"""The line of pinned questions above the logs."""

from typing import TYPE_CHECKING, cast

from textual import on
from textual.message import Message

from console.logs.tiles import Tile
from console.present.logtiles import cells
from console.screens import panels
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
        self._waiting = False

    @property
    def console(self) -> "Quarterdeck":
        """The app, with its own type."""
        return cast("Quarterdeck", self.app)

    def on_mount(self) -> None:
        """Show what is told from now on."""
        self.console.pins.on_told = self._hear
        self._paint()

    def _hear(self) -> None:
        """From any thread."""
        if not self._waiting:
            self._waiting = True
            self.post_message(self.Heard())

    @on(Heard)
    def _heard(self, event: Heard) -> None:
        event.stop()
        self._waiting = False
        self._paint()

    def _paint(self) -> None:
        pins = self.console.pins
        told = {tile.pinned: tile for tile in pins.tiles}
        tiles = [told.get(one, Tile(one)) for one in pins.pinned]
        self.set_class(bool(tiles), "-shown")
        panels.fill(self.console, self, lambda: self.show(cells(tiles)))
