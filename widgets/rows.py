"""What a live table remembers between two snapshots: order, cursor, marks; no terminal here."""

from collections.abc import Callable, Hashable, Sequence
from collections.abc import Set as AbstractSet

from widgets.cell import Row
from widgets.order import held, unfolded

HOLD = 5.0
"""Seconds for which the order of rows holds still after a key press."""


class RowKeeper:
    """The rows on show, the cursor tied to a row's key, and the marked keys.

    ``clock`` gives monotonic seconds. Until somebody touches the table the cursor stays on the
    first row, whichever that is.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self.rows: tuple[Row, ...] = ()
        self.cursor = 0
        self.marked: set[Hashable] = set()
        self._clock = clock
        self._places: dict[Hashable, int] = {}
        self._wanted: tuple[Row, ...] = ()
        self._touched = False
        self._held_until = float("-inf")

    @property
    def key(self) -> Hashable | None:
        """The key of the row under the cursor, None without rows."""
        row = self.row
        return None if row is None else row.key

    @property
    def row(self) -> Row | None:
        """The row under the cursor."""
        return self.rows[self.cursor] if self.cursor < len(self.rows) else None

    @property
    def pending(self) -> float | None:
        """Seconds until a held order may settle, None where the order is the wanted one."""
        if self.rows is self._wanted or [row.key for row in self.rows] == [row.key for row in self._wanted]:
            return None
        return max(0.0, self._held_until - self._clock())

    @property
    def keys(self) -> AbstractSet[Hashable]:
        """The keys of the rows on show."""
        return self._places.keys()

    def touch(self) -> None:
        """A key was pressed: hold the order and tie the cursor to its row."""
        self._touched = True
        self._held_until = self._clock() + HOLD

    def show(self, rows: Sequence[Row]) -> None:
        """Take the wanted rows; while the order is held only newcomers and losses show."""
        self._wanted = unfolded(rows)
        self.settle()

    def settle(self) -> None:
        """Put the rows into the wanted order, or into the held one while that holds."""
        key = self.key
        if self._clock() < self._held_until:
            self.rows = held(self._wanted, self._places)
        else:
            self.rows = self._wanted
        self._places = {row.key: place for place, row in enumerate(self.rows)}
        self.marked &= self._places.keys()
        if not self._touched:
            self.cursor = 0
        else:
            self.cursor = self._places.get(key, max(0, min(self.cursor, len(self.rows) - 1)))

    def place_of(self, key: Hashable) -> int | None:
        """Where the row of ``key`` stands, None where it shows no more."""
        return self._places.get(key)

    def move_to(self, place: int) -> None:
        """Put the cursor on a row, the nearest one there is."""
        self.touch()
        self.cursor = max(0, min(place, len(self.rows) - 1))

    def toggle_mark(self) -> bool | None:
        """Mark or unmark the row under the cursor; tells which, None without a row."""
        if self.row is None:
            return None
        self.touch()
        self.marked ^= {self.row.key}
        return self.row.key in self.marked

    def clear_marks(self) -> bool:
        """Take all marks away; whether there were any."""
        had = bool(self.marked)
        self.marked = set()
        return had
