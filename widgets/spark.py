"""Sparks: a row of small bars, one character a value."""

import math
from collections.abc import Sequence

BLOCKS = "▁▂▃▄▅▆▇█"
ASCII_BLOCKS = "_.-=+*%#"

_TO_ASCII = str.maketrans(BLOCKS, ASCII_BLOCKS)


def spark(values: Sequence[float | None], width: int, *, ascii: bool = False) -> str:  # noqa: A002 - the word of the command line and of the table
    """The newest values as ``width`` bars at most, from zero (or the lowest, if negative) to the highest.

    More values than bars: each bar is the highest of its share. None and what is not finite
    are blanks, so that a gap stays a gap.
    """
    shares = _shares(values, width)
    known = [value for value in shares if value is not None]
    if not known:
        return " " * len(shares)
    low, high = min(0.0, *known), max(known)
    blocks = ASCII_BLOCKS if ascii else BLOCKS
    return "".join(" " if value is None else blocks[_height(value, low, high)] for value in shares)


def to_ascii_spark(bars: str) -> str:
    """The ASCII twin of a spark drawn in blocks."""
    return bars.translate(_TO_ASCII).encode("ascii", "replace").decode("ascii")


def _shares(values: Sequence[float | None], width: int) -> list[float | None]:
    finite = [value if value is not None and math.isfinite(value) else None for value in values]
    if width <= 0:
        return []
    if len(finite) <= width:
        return finite
    shares: list[float | None] = []
    for index in range(width):
        share = finite[index * len(finite) // width : (index + 1) * len(finite) // width]
        shares.append(max((value for value in share if value is not None), default=None))
    return shares


def _height(value: float, low: float, high: float) -> int:
    # Halved before they are subtracted: the difference of two finite numbers may not be finite.
    extent = high / 2 - low / 2
    if extent <= 0:
        return 0
    return min(len(BLOCKS) - 1, int((value / 2 - low / 2) / extent * len(BLOCKS)))
