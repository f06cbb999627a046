"""Log streams in cells and words."""

from collections.abc import Sequence
from typing import cast

from collectors.model.logs import LogReading
from console.engine.state import Row
from console.present.queues import total
from console.present.words import say, tell, tiny
from widgets.cell import Column

TITLE = "logs"
ASKS = "live stream, errors and warnings, is the stream itself alive?"
FILLED_BY = 'A collector of type "logs.file" fills this screen: give it a path or a pattern of paths.'
CHART = ("line_rate", "error_rate")
GIVE_WAY = ("rotations", "unparsed", "spark", "lost", "behind", "format", "last_line_age")
"""Columns that leave, in this order, where the screen is narrow."""

COLUMNS = (
    Column("errors", "err/min", 8, right=True),
    Column("warnings", "warn/min", 8, right=True),
    Column("line_rate", "lines", 8, right=True),
    Column("last_line_age", "last line", 9, right=True),
    Column("behind", "behind", 9, right=True),
    Column("unparsed", "unparsed", 8, right=True),
    Column("rotations", "rotated", 7, right=True),
    Column("lost", "lost", 8, right=True),
    Column("format", "format", 12),
)


def words(row: Row) -> dict[str, str]:
    """The texts of the columns that are no quantities."""
    return {"format": cast("LogReading", row.reading).format or "–"}


def summary(rows: Sequence[Row]) -> tuple[str, str, str]:
    """Text, short text and field of the spark for one service."""
    readings = [cast("LogReading", row.reading) for row in rows]
    errors = total([reading.errors for reading in readings])
    warnings = total([reading.warnings for reading in readings])
    if errors.value:
        return f"{say(errors)} err/m", tiny(errors, "e"), "error_rate"
    if warnings.value:
        return f"{say(warnings)} warn/m", tiny(warnings, "w"), "line_rate"
    rates = total([reading.line_rate for reading in readings])
    return ("quiet" if rates.value == 0 else tell(rates)), tiny(rates), "line_rate"
