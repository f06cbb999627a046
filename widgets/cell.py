"""Cell: what one place of a table shows; standard library and levels only."""

from collections.abc import Hashable
from dataclasses import dataclass

from collectors.model.level import Level

MARKS = {
    Level.NONE: "·",
    Level.OK: "●",
    Level.WARNING: "▲",
    Level.UNKNOWN: "?",
    Level.CRITICAL: "✖",
}
"""The shape of each level; ASCII twins are in ``ASCII_MARKS``."""

ASCII_MARKS = {Level.NONE: ".", Level.OK: "o", Level.WARNING: "!", Level.UNKNOWN: "?", Level.CRITICAL: "X"}


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell: ``text`` beside a mark that repeats the level as a shape.

    ``short`` is at most 4 characters for narrow screens, ``hint`` the sentence that stands on
    the line below the table when the cursor is here, ``spark`` a small bar chart of its past.
    ``dim``: the value is stale. ``mark`` is empty where the cell judges nothing; a level without
    a mark gets that of ``MARKS``, since colour alone is no sign.
    """

    text: str
    level: Level = Level.NONE
    mark: str = ""
    short: str = ""
    hint: str = ""
    spark: str = ""
    dim: bool = False


EMPTY = Cell("")


@dataclass(frozen=True, slots=True)
class Column:
    """A column; ``right`` aligns numbers, ``grow`` shares what width is left.

    ``short`` is the width on a narrow screen, where cells show their mark and at most 4
    characters (0: the column stays as it is); ``short_title`` its title there.
    """

    key: str
    title: str
    width: int = 12
    right: bool = False
    grow: bool = False
    short: int = 0
    short_title: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """One row, tied to its ``key`` however it moves.

    ``indent`` makes it a child of the nearest row above with less; ``fold``: it has children
    that can be folded away, ``open``: they are shown.
    """

    key: Hashable
    cells: tuple[Cell, ...]
    indent: int = 0
    fold: bool = False
    open: bool = True
