"""Quantities, levels and ages as Cells."""

from collections.abc import Sequence

from collectors.model.level import Level
from collectors.model.quantity import Quantity
from console.engine.history import History
from console.engine.state import Freshness, Row
from console.present.words import span, tell, tiny
from widgets.cell import MARKS, Cell

BARS = "▁▂▃▄▅▆▇█"
SPANS = (60.0, 120.0, 300.0, 900.0)
"""Seconds that a spark or a chart may cover: the least that holds what is known, at most 15 min."""


def quantity_cell(quantity: Quantity, *, dim: bool = False, hint: str = "") -> Cell:
    """A quantity without a judgement."""
    return Cell(tell(quantity), short=tiny(quantity), dim=dim or not quantity.is_known, hint=hint)


def level_cell(
    level: Level, text: str, *, short: str = "", hint: str = "", spark: str = "", dim: bool = False
) -> Cell:
    """A text with its level as mark and colour."""
    return Cell(text, level, MARKS[level], (short or text)[:4], hint, spark, dim)


def age_words(row: Row, now: float) -> str:
    """``live``, or how old the values of a row are; ``now`` is boottime."""
    if row.freshness is Freshness.LIVE:
        return "live"
    return f"{row.freshness} {span(max(0.0, now - row.arrived))}"


def is_dim(row: Row) -> bool:
    """Whether the values of a row are old."""
    return row.freshness is not Freshness.LIVE


def spark_of(history: History, row: Row, field: str, wall: float, width: int = 8) -> str:
    """A bar chart of a field's past, ``width`` characters; empty where little is known."""
    subject = row.reading.subject.id
    count, first = history.known(subject, field, wall - SPANS[-1])
    if count < 3:
        return ""
    return bars(history.peaks(subject, field, wall - covering(wall - first), wall, width))


def covering(seconds: float) -> float:
    """The least span that holds so many seconds of past."""
    return next((one for one in SPANS if one >= seconds), SPANS[-1])


def bars(values: Sequence[float | None]) -> str:
    """Block characters between the least and the greatest value; a gap is a blank."""
    known = [value for value in values if value is not None]
    if not known:
        return ""
    low, high = min(0.0, *known), max(known)
    width = (high - low) or 1.0
    return "".join(
        " " if value is None else BARS[min(7, int((value - low) / width * 7.999))] for value in values
    )
