"""Pinned questions for as long as the console lives: kept up, shown above the logs, judged as findings."""

from collections.abc import Callable, Iterable

from collectors.text import one_line
from console.engine.store import Store
from console.logs.asking.table import Table
from console.logs.ring import Ring
from console.logs.tiles import Board, Pinned, Tile
from console.present.loganswer import judged
from console.present.logtiles import answers
from console.settings.questions import MOST_PINNED
from console.settings.values import SavedQuestion


def _nobody() -> None:
    """Nobody shows them."""


class Pins:
    """One board for what the configuration pins and what is pinned by hand.

    ``tiles`` are what it told last. ``on_told`` is called after each change of ``pinned`` or ``tiles``,
    from any thread.
    """

    def __init__(self, ring: Ring, store: Store) -> None:
        self.pinned: tuple[Pinned, ...] = ()
        self.tiles: tuple[Tile, ...] = ()
        self.on_told: Callable[[], None] = _nobody
        self._store = store
        self._board = Board(ring, _value, self._hear)

    def configured(self, questions: Iterable[SavedQuestion]) -> None:
        """Pin what the configuration pins, and keep what was pinned by hand."""
        saved = [Pinned(one.name, one.ask, one.column, one.threshold) for one in questions if one.pin]
        self._pin((*saved, *(one for one in self.pinned if one.by_hand)))

    def pin(self, ask: str) -> bool:
        """Pin a question by hand until the console is left; whether there was room for it."""
        if any(one.ask == ask for one in self.pinned):
            return True
        if len(self.pinned) >= MOST_PINNED:
            return False
        name = str(one_line(ask.partition("|")[2].strip(), 40))
        self._pin((*self.pinned, Pinned(name, ask, by_hand=True)))
        return True

    def unpin(self, name: str) -> None:
        """Take one away; what the configuration pins comes back when it is loaded anew."""
        self._pin(tuple(one for one in self.pinned if one.name != name))

    def stop(self, seconds: float = 0.0) -> bool:
        """Keep nothing up any more; whether the board's thread has ended within ``seconds``."""
        return self._board.stop(seconds)

    def _pin(self, wanted: tuple[Pinned, ...]) -> None:
        if wanted != self.pinned:
            self.pinned = wanted
            self._board.pin(wanted)
            self.on_told()

    def _hear(self, tiles: tuple[Tile, ...]) -> None:
        """In the board's thread."""
        self.tiles = tiles
        self._store.put_pinned(answers(tiles))
        self.on_told()


def _value(table: Table, column: str) -> float | None:
    return judged(table, column)[1]
