"""Queues in cells and words."""

from collections.abc import Sequence
from typing import cast

from collectors.model.quantity import Known, Quantity, exact, unknown
from collectors.model.queues import QueueReading
from console.engine.state import Row
from console.present.words import brief, say, tell, tiny
from widgets.cell import Column

TITLE = "queues"
ASKS = "how deep, how old is the oldest, growing or draining, workers alive, who is dead and why?"
FILLED_BY = (
    'A collector of type "queues.rq", "queues.redis" or "queues.streams" fills this screen: give it a url.'
)
CHART = ("ready", "oldest_age", "dead")
GIVE_WAY = ("retrying", "overdue", "spark", "time_to_empty", "drain_rate", "add_rate", "scheduled", "running")
"""Columns that leave, in this order, where the screen is narrow."""

COLUMNS = (
    Column("ready", "ready", 7, right=True),
    Column("oldest_age", "oldest", 10, right=True),
    Column("running", "run", 5, right=True),
    Column("scheduled", "sched", 6, right=True),
    Column("overdue", "overdue", 7, right=True),
    Column("retrying", "retry", 6, right=True),
    Column("dead", "dead", 6, right=True),
    Column("add_rate", "in", 8, right=True),
    Column("drain_rate", "out", 8, right=True),
    Column("time_to_empty", "empty in", 9, right=True),
    Column("workers", "workers", 8, right=True),
)


def words(row: Row) -> dict[str, str]:
    """The texts of the columns that are no quantities: busy of alive workers."""
    reading = cast("QueueReading", row.reading)
    if reading.workers.value is None:
        return {"workers": tell(reading.workers)}
    busy = "?" if reading.busy.value is None else f"{reading.busy.value:.0f}"
    return {"workers": f"{busy}/{reading.workers.value:.0f}"}


def summary(rows: Sequence[Row]) -> tuple[str, str, str]:
    """Text, short text and field of the spark for one service."""
    readings = [cast("QueueReading", row.reading) for row in rows]
    ready = total([reading.ready for reading in readings])
    ages = [reading.oldest_age for reading in readings if reading.oldest_age.value is not None]
    oldest = max(ages, key=lambda one: one.value or 0.0, default=None)
    dead = sum(reading.dead.value or 0.0 for reading in readings)
    if dead and not ready.value:
        killed = exact(dead)
        return f"{brief(killed)} dead", tiny(killed, "†"), "dead"
    text = say(ready)
    if oldest is not None and oldest.value:
        text += f" {brief(oldest)}"
    return text, tiny(ready), "ready"


def total(quantities: Sequence[Quantity]) -> Quantity:
    """The sum: an estimate where one of them is, else a lower bound where one of them is or is not known."""
    known = [one.value for one in quantities if one.value is not None]
    if not known:
        return quantities[0] if quantities else unknown()
    kinds = {one.known for one in quantities}
    how = Known.ABOUT if Known.ABOUT in kinds else Known.EXACT if kinds == {Known.EXACT} else Known.AT_LEAST
    return Quantity(sum(known), quantities[0].unit, how)
