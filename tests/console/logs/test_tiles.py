"""Pinned questions: kept up as lines come, judged by thresholds with for and clear."""

from typing import Any

import pytest

from collectors.model.level import Level
from console.logs.asking.table import Table
from console.logs.ring import Ring
from console.logs.tiles import Board, Pinned, Tile, _Kept, judge
from console.settings.values import Threshold
from tests.console.logs.asked import START
from tests.console.logs.test_running import keep, line
from tests.servers.waiting import wait_until


def first(table: Table, _column: str) -> float | None:
    value = table.rows[0][-1] if table.rows else None
    return value if isinstance(value, (int, float)) else None


class Wall:
    def __init__(self, ring: Ring) -> None:
        self.tiles: tuple[Tile, ...] = ()
        self.told = 0
        self.board = Board(ring, first, self.hear)

    def hear(self, tiles: tuple[Tile, ...]) -> None:
        self.tiles = tiles
        self.told += 1

    def values(self) -> dict[str, tuple[float | None, Level]]:
        return {tile.pinned.name: (tile.value, tile.level) for tile in self.tiles}


def test_tiles_begin_with_memory_and_follow_what_comes() -> None:
    ring = Ring()
    keep(ring, [line(number, 5.0) for number in range(10)])
    wall = Wall(ring)
    many = Pinned("many", "* | count", threshold=Threshold(warning=12, critical=100))
    wall.board.pin([many, Pinned("eu", "region=eu | count")])
    wait_until(lambda: wall.values() == {"many": (10, Level.OK), "eu": (5, Level.NONE)}, 30)
    keep(ring, [line(number, 1.0) for number in range(5)])
    wait_until(lambda: wall.values() == {"many": (15, Level.WARNING), "eu": (7, Level.NONE)}, 30)
    wall.board.pin([many, Pinned("late", "* | max(n)")])
    wait_until(lambda: wall.values() == {"many": (15, Level.WARNING), "late": (9, Level.NONE)}, 30)
    assert wall.board.stop(20)


def test_nothing_new_tells_nothing() -> None:
    ring = Ring()
    keep(ring, [line(1, 5.0)])
    wall = Wall(ring)
    wall.board.pin([Pinned("all", "* | count")])
    wait_until(lambda: wall.values() == {"all": (1, Level.NONE)}, 30)
    told = wall.told
    with pytest.raises(AssertionError):
        wait_until(lambda: wall.told != told, 1.5)
    assert wall.board.stop(20)


def test_what_memory_does_not_hold_is_said() -> None:
    ring = Ring()
    keep(ring, [line(1, 5.0)])
    wall = Wall(ring)
    wall.board.pin([Pinned("hour", "since:1h | count")])
    wait_until(lambda: wall.values() == {"hour": (1, Level.NONE)}, 30)
    assert not wall.tiles[0].whole
    assert wall.board.stop(20)


@pytest.mark.parametrize(
    ("course", "limits", "levels"),
    [
        ([(5, 0), (15, 1), (25, 2), (5, 3)], {"warning": 10, "critical": 20}, "owco"),
        ([(5, 0), (15, 1), (15, 12), (5, 13)], {"warning": 10, "for_": 10}, "oowo"),
        ([(15, 0), (9, 1), (4, 2)], {"warning": 10, "clear": 5}, "wwo"),
        ([(15, 0), (None, 1), (5, 2)], {"warning": 10}, "w?o"),
        ([(15, 0), (5, 3), (15, 6), (15, 11)], {"warning": 10, "for_": 10}, "oooo"),
    ],
)
def test_levels(course: list[tuple[Any, float]], limits: dict[str, float], levels: str) -> None:
    kept = _Kept(live=None)  # type: ignore[arg-type]  # it is not asked
    names = {"o": Level.OK, "w": Level.WARNING, "c": Level.CRITICAL, "?": Level.UNKNOWN}
    for (value, at), level in zip(course, levels, strict=True):
        judge(kept, value, Threshold(**limits), START + at)
        assert kept.level is names[level], (value, at)
