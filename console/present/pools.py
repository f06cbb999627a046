"""Pools in cells and words."""

from collections.abc import Sequence
from typing import cast

from collectors.model.pools import PoolReading
from collectors.model.quantity import exact
from console.engine.state import Row
from console.present.words import brief, say, tiny
from widgets.cell import Column

TITLE = "pools"
ASKS = "how full, who waits, who holds, is a storm coming?"
FILLED_BY = 'A collector of type "pools.postgres" fills this screen: give it the url of a role in pg_monitor.'
CHART = ("in_use", "idle_in_transaction", "waiting")
GIVE_WAY = (
    "session_rate",
    "oldest_transaction",
    "spark",
    "idle",
    "active",
    "capacity",
    "oldest_idle_in_transaction",
)
"""Columns that leave, in this order, where the screen is narrow."""

COLUMNS = (
    Column("in_use", "in use", 7, right=True),
    Column("capacity", "of", 6, right=True),
    Column("fill", "full", 7, right=True),
    Column("active", "active", 7, right=True),
    Column("idle", "idle", 6, right=True),
    Column("idle_in_transaction", "idle in tx", 10, right=True),
    Column("waiting", "wait", 6, right=True),
    Column("oldest_idle_in_transaction", "longest", 9, right=True),
    Column("oldest_transaction", "oldest tx", 9, right=True),
    Column("session_rate", "new/s", 7, right=True),
)


HELD = 3
"""Sessions idle in transaction from which on they are the news."""


def words(_row: Row) -> dict[str, str]:
    """The texts of the columns that are no quantities: none."""
    return {}


def summary(rows: Sequence[Row]) -> tuple[str, str, str]:
    """Text, short text and field of the spark for one service."""
    readings = [cast("PoolReading", row.reading) for row in rows]
    waiting = sum(reading.waiting.value or 0.0 for reading in readings)
    holding = sum(reading.idle_in_transaction.value or 0.0 for reading in readings)
    if waiting:
        return f"{brief(exact(waiting))} wait", tiny(exact(waiting), "w"), "in_use"
    if holding >= HELD:
        return f"{brief(exact(holding))} held", tiny(exact(holding), "h"), "idle_in_transaction"
    fullest = max(readings, key=lambda one: one.fill.value or one.in_use.value or 0.0)
    text = brief(fullest.in_use)
    if fullest.capacity.value is not None:
        text += f"/{brief(fullest.capacity)}"
    elif fullest.in_use.is_known:
        text = f"{say(fullest.in_use)} used"
    return text, tiny(fullest.in_use), "in_use"
