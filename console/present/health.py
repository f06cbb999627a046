"""Health in cells and words."""

from collections.abc import Sequence
from typing import cast

from collectors.model.health import HealthReading, HealthState
from collectors.model.level import Level
from console.engine.state import Row
from console.present.words import say, tiny
from widgets.cell import Column

TITLE = "health"
ASKS = "alive, ready, started? which version since when, how many restarts? is the check lying?"
FILLED_BY = (
    'A collector of type "health.http", "health.tcp" or "health.host" fills this screen: give it a url and a '
    "probe, or a server."
)
CHART = ("latency", "failing")
GIVE_WAY = ("restarts", "failing", "uptime", "status", "version", "spark", "probe")
"""Columns that leave, in this order, where the screen is narrow."""

COLUMNS = (
    Column("probe", "probe", 10),
    Column("state", "state", 12),
    Column("latency", "latency", 9, right=True),
    Column("status", "status", 6, right=True),
    Column("failing", "failing", 8, right=True),
    Column("version", "version", 10),
    Column("uptime", "up", 9, right=True),
    Column("restarts", "restarts", 8, right=True),
)


def words(row: Row) -> dict[str, str]:
    """The texts of the columns that are no quantities."""
    reading = cast("HealthReading", row.reading)
    return {"probe": str(reading.probe), "state": str(reading.state), "version": str(reading.version) or "–"}


def summary(rows: Sequence[Row]) -> tuple[str, str, str]:
    """Text, short text and field of the spark for one service."""
    readings = [cast("HealthReading", row.reading) for row in rows]
    lying = [row for row in rows if cast("HealthReading", row.reading).flaws]
    down = [reading for reading in readings if reading.state in (HealthState.DOWN, HealthState.UNKNOWN)]
    if down:
        return str(down[0].word or down[0].state), str(down[0].state), "latency"
    if lying and lying[0].verdict.level is Level.WARNING:
        return "lies", "lies", "latency"
    degraded = [reading for reading in readings if reading.state is not HealthState.UP]
    if degraded:
        return str(degraded[0].state), str(degraded[0].state), "latency"
    slowest = max((reading.latency for reading in readings), key=lambda one: one.value or 0.0)
    return say(slowest), tiny(slowest), "latency"
