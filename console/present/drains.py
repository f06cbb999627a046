"""Drains in cells and words."""

from collections.abc import Sequence
from typing import cast

from collectors.model.drains import DrainReading, Phase
from collectors.model.quantity import exact
from console.engine.state import Row
from console.present.queues import total
from console.present.words import brief, countdown, say, tiny
from widgets.cell import Column

TITLE = "drains"
ASKS = "what is shutting down, what is in flight, how long until SIGKILL? how did the last exit end?"
FILLED_BY = (
    'A collector of type "drains.http", "drains.process", "drains.haproxy", "drains.rq" or "drains.celery" '
    "fills this screen: give it an instance's url, a process, a stats socket or a Redis."
)
CHART = ("in_flight", "sessions", "traffic")
GIVE_WAY = ("uptime", "streams", "queued", "spark", "exit", "traffic", "peers", "elapsed", "ready")
"""Columns that leave, in this order, where the screen is narrow."""

COLUMNS = (
    Column("state", "state", 13),
    Column("ready", "ready", 5),
    Column("in_flight", "in flight", 9, right=True),
    Column("streams", "streams", 7, right=True),
    Column("sessions", "sessions", 8, right=True),
    Column("queued", "queued", 6, right=True),
    Column("traffic", "traffic", 8, right=True),
    Column("peers", "peers up", 8, right=True),
    Column("elapsed", "since", 8, right=True),
    Column("left", "SIGKILL in", 10, right=True),
    Column("exit", "last exit", 12),
    Column("uptime", "up", 8, right=True),
)

_READY = {True: "yes", False: "no", None: "?"}


def words(row: Row) -> dict[str, str]:
    """The texts of the columns that are no quantities: state, readiness, peers, time left, last exit."""
    reading = cast("DrainReading", row.reading)
    return {
        "state": str(reading.state),
        "ready": _READY[reading.ready],
        "peers": _peers(reading),
        "left": countdown(reading.left()) if reading.left().is_known else "–",
        "exit": str(reading.exit) or "–",
        **({"elapsed": "–"} if reading.phase is Phase.SERVING else {}),
        **({"would lose": str(reading.lost)} if reading.lost else {}),
    }


def summary(rows: Sequence[Row]) -> tuple[str, str, str]:
    """Text, short text and field of the spark for one service."""
    readings = [cast("DrainReading", row.reading) for row in rows]
    leaving = [reading for reading in readings if reading.phase.leaving]
    if leaving:
        left = total([reading.in_flight for reading in leaving])
        text = f"{len(leaving)} leaving"
        return (f"{text} {brief(left)} left" if left.is_known else text), f"{len(leaving)}↓", "in_flight"
    for phase in (Phase.NOT_READY, Phase.GONE, Phase.EXITED):
        found = sum(reading.phase is phase for reading in readings)
        if found:
            return f"{found} {phase}", tiny(exact(found), "!"), "in_flight"
    working = [reading.in_flight for reading in readings if reading.in_flight.is_known]
    if working:
        return f"{say(total(working))} in flight", tiny(total(working)), "in_flight"
    return f"{len(readings)} serving", tiny(exact(len(readings))), "sessions"


def _peers(reading: DrainReading) -> str:
    if reading.peers.value is None or reading.ready_peers.value is None:
        return "–"
    return f"{reading.ready_peers.value:.0f}/{reading.peers.value:.0f}"
