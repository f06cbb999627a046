"""Pinned questions as cells: name, value, level."""

from collections.abc import Sequence

from collectors.model.level import Level
from console.logs.tiles import Tile
from console.present.loganswer import judged
from widgets.cell import MARKS, Cell

_LONGEST = 24


def cells(tiles: Sequence[Tile]) -> list[Cell]:
    """A cell for each tile; what is not known whole says so."""
    return [_cell(tile) for tile in tiles]


def _cell(tile: Tile) -> Cell:
    text, _ = judged(tile.table, tile.pinned.column) if tile.table is not None else ("…", None)
    name = tile.pinned.name[:_LONGEST]
    part = "" if tile.whole or tile.table is None else " (part)"
    mark = MARKS[tile.level] if tile.level is not Level.NONE else "·"
    return Cell(f"{name} {text}{part}", tile.level, mark)
