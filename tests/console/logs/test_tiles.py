"""Pinned questions: kept up as lines come, judged by thresholds with for and clear."""

import threading
from typing import Any

import pytest

from collectors.model.level import Level
from console.logs.asked import Profiles
from console.logs.asking.table import Table
from console.logs.reach import Reach
from console.logs.ring import Ring
from console.logs.tiles import Board, Pinned, Tile, _Kept, judge, service_of
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


def is_running() -> bool:
    return any(thread.name == "log tiles" for thread in threading.enumerate())


def test_no_thread_runs_where_nothing_is_pinned() -> None:
    ring = Ring()
    keep(ring, [line(number, 5.0) for number in range(10)])
    wall = Wall(ring)
    wall.board.pin([])
    assert not is_running()
    eu = Pinned("eu", "region=eu | count")
    wall.board.pin([eu])
    wait_until(lambda: wall.values() == {"eu": (5, Level.NONE)}, 30)
    wall.board.pin([])
    wait_until(lambda: not is_running(), 30)
    assert wall.tiles == ()
    keep(ring, [line(number, 1.0) for number in range(4)])
    wall.board.pin([eu])
    wait_until(lambda: wall.values() == {"eu": (7, Level.NONE)}, 30)
    assert wall.board.stop(20)
    wall.board.pin([eu])
    assert not is_running()


def test_what_is_unpinned_at_any_moment_is_told_and_begins_anew() -> None:
    ring = Ring()
    keep(ring, [line(number, 5.0) for number in range(10)])
    wall = Wall(ring)
    board, reach = wall.board, Reach(ring, (), "", Profiles())
    board._wanted = (Pinned("all", "* | count"),)
    board._feed(reach, ring.first)
    board._say()
    board._wanted = ()
    assert not board._is_idle()
    board._say()
    assert (wall.tiles, board._is_idle()) == ((), True)
    board._wanted = (Pinned("all", "* | count"),)
    board._feed(reach, ring.first)
    board._say()
    assert wall.values() == {"all": (10, Level.NONE)}


def test_fewer_lines_than_the_least_volume_are_not_judged() -> None:
    ring = Ring()
    keep(ring, [line(9, 5.0)])
    wall = Wall(ring)
    wall.board.pin([Pinned("high", "* | max(n)", threshold=Threshold(warning=5, min_volume=3))])
    wait_until(lambda: wall.values() == {"high": (9, Level.NONE)}, 30)
    keep(ring, [line(number, 1.0) for number in range(2)])
    wait_until(lambda: wall.values() == {"high": (9, Level.WARNING)}, 30)
    assert wall.board.stop(20)


def test_lines_that_left_memory_before_they_were_fed_make_an_answer_partial() -> None:
    ring = Ring(budget=20_000)
    keep(ring, [line(number, 5.0) for number in range(10)])
    wall = Wall(ring)
    board, reach = wall.board, Reach(ring, (), "", Profiles())
    board._wanted = (Pinned("all", "* | count"),)
    number = board._feed(reach, ring.first)
    board._say()
    assert (wall.values(), wall.tiles[0].whole) == ({"all": (10, Level.NONE)}, True)
    keep(ring, [line(number, 1.0) for number in range(500)])
    assert ring.first > number
    board._feed(reach, number)
    board._say()
    assert not wall.tiles[0].whole


@pytest.mark.parametrize(
    ("ask", "service"),
    [
        ("service:orders level>=error | count", "orders"),
        ("service=orders | count", "orders"),
        ("service:ord* | count", ""),
        ("service:(orders OR billing) | count", ""),
        ("-service:orders | count", ""),
        ("level>=error | count by service", ""),
        ("* | count", ""),
    ],
)
def test_a_question_belongs_to_the_service_that_it_names(ask: str, service: str) -> None:
    assert service_of(ask) == service


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
