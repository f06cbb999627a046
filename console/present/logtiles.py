"""Pinned questions as cells (name, value, level), and as the findings see them."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC

from collectors.model.level import Level
from collectors.text import Shown
from console.engine.state import PinnedAnswer
from console.logs.asking.table import Table
from console.logs.telling import cell
from console.logs.tiles import Tile, service_of
from console.present.loganswer import judged, judged_place
from console.settings.values import Threshold
from widgets.cell import MARKS, Cell

_LONGEST = 24


def cells(tiles: Sequence[Tile]) -> list[Cell]:
    """A cell for each tile; what is not known whole says so."""
    return [_cell(tile) for tile in tiles]


def answers(tiles: Sequence[Tile]) -> tuple[PinnedAnswer, ...]:
    """What the findings see: the tiles that have a threshold and a value."""
    return tuple(
        _answer(tile, tile.table, tile.value, tile.pinned.threshold)
        for tile in tiles
        if tile.table is not None and tile.value is not None and tile.pinned.threshold is not None
    )


def _cell(tile: Tile) -> Cell:
    text, _ = judged(tile.table, tile.pinned.column) if tile.table is not None else ("…", None)
    name = tile.pinned.name[:_LONGEST]
    part = "" if tile.whole or tile.table is None else " (part)"
    mark = MARKS[tile.level] if tile.level is not Level.NONE else "·"
    return Cell(f"{name} {text}{part}", tile.level, mark)


def _answer(tile: Tile, table: Table, value: float, threshold: Threshold) -> PinnedAnswer:
    pinned, level = tile.pinned, tile.level
    limit = threshold.critical if level is Level.CRITICAL else threshold.warning
    place = judged_place(table, pinned.column)
    # a limit is exact where the column is estimated
    exact = replace(table, about=())

    def said(of: float) -> str:
        return cell(exact, place, of, UTC) if place is not None else f"{of:g}"

    if limit is not None and value >= limit:
        words = f"{'at' if value == limit else 'above'} the limit of {said(limit)}"
    else:
        words = f"not yet back at {said(threshold.clear)}" if threshold.clear is not None else "within limits"
    return PinnedAnswer(
        name=pinned.name,
        ask=pinned.ask,
        service=service_of(pinned.ask),
        level=level,
        value=Shown(judged(table, pinned.column)[0]),
        limit=Shown(words),
        times=value / limit if limit else value,
        whole=tile.whole,
    )
