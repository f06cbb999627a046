"""The console about itself: every collector's schedule, back-off, breaker, last error, cost."""

from collectors.model.level import Level
from collectors.model.quantity import Unit, exact
from console.engine.state import Breaker, Freshness, Snapshot, SourceState
from console.present.cells import level_cell
from console.present.fitting import fitted
from console.present.words import number, say, span
from widgets.cell import Cell, Column, Row

COLUMNS = (
    Column("source", "source", 24),
    Column("type", "type", 16),
    Column("every", "every", 7, right=True),
    Column("age", "age", 8, right=True),
    Column("took", "took", 8, right=True),
    Column("passes", "passes", 7, right=True),
    Column("failures", "failed", 7, right=True),
    Column("breaker", "way in", 10),
    Column("cost", "cost a pass", 22),
    Column("error", "last error", 24, grow=True),
)
GIVE_WAY = ("passes", "type", "cost", "every", "took", "age", "failures")
"""Columns that leave, in this order, where the screen is narrow."""

_LEVELS = {
    Freshness.LIVE: Level.OK,
    Freshness.NEVER_RAN: Level.NONE,
    Freshness.STALE: Level.UNKNOWN,
    Freshness.FAILED: Level.UNKNOWN,
}


def table(snapshot: Snapshot, width: int) -> tuple[tuple[Column, ...], tuple[Row, ...]]:
    """Columns and rows for a screen of ``width`` cells."""
    return fitted(COLUMNS, rows(snapshot), GIVE_WAY, width)


def rows(snapshot: Snapshot) -> tuple[Row, ...]:
    """One row for each source, those in trouble first; a row's key is its SourceId."""
    states = sorted(
        snapshot.sources, key=lambda state: (state.freshness(snapshot.now) is Freshness.LIVE, state.id)
    )
    return tuple(Row(state.id, _cells(state, snapshot.now)) for state in states)


def _cells(state: SourceState, now: float) -> tuple[Cell, ...]:
    fresh = state.freshness(now)
    hint = hint_of(state, now)
    age = span(max(0.0, now - state.sweep.arrived)) if state.sweep else "never"
    slowed = f" ×{state.slowed:.1f}" if state.slowed > 1 else ""
    return (
        level_cell(_LEVELS.get(fresh, Level.UNKNOWN), state.id.text, hint=hint),
        Cell(state.type + (" *" if state.foreign else ""), hint=hint),
        Cell(span(state.every * state.slowed) + slowed, hint=hint),
        Cell(age, dim=fresh is not Freshness.LIVE, hint=hint),
        Cell(span(state.took) if state.took is not None else "–", hint=hint),
        Cell(str(state.passes), hint=hint),
        Cell(str(state.failures), hint=hint),
        level_cell(
            Level.OK if state.breaker is Breaker.CLOSED else Level.WARNING, _breaker(state, now), hint=hint
        ),
        Cell(_cost(state), hint=hint),
        Cell(_error(state), hint=hint),
    )


def hint_of(state: SourceState, now: float) -> str:
    """One sentence on a source, with the remedy where it failed."""
    fresh = state.freshness(now)
    from_, through = (
        (state.foreign and f", from {state.foreign}"),
        (state.server and f", through {state.server}"),
    )
    words = f"{state.id.text} ({state.type}{from_}{through}): {fresh}"
    if state.failure:
        tries = f", {state.failure.attempts} times in a row" if state.failure.attempts > 1 else ""
        words += f"; {state.failure.why}{tries}"
        if state.failure.hint:
            words += f" – {state.failure.hint}"
    elif state.blocked:
        words += f"; has blocked its thread for {span(state.blocked)}"
    elif state.slowed > 1:
        words += f"; slowed {state.slowed:.1f} times: it costs its source more than 20 ms a second"
    return words


def _breaker(state: SourceState, now: float) -> str:
    if state.breaker is Breaker.CLOSED:
        return "ok"
    wait = f" {span(state.due_at - now)}" if state.due_at is not None and state.due_at > now else ""
    return f"resting{wait}" if state.breaker is Breaker.OPEN else "trying"


def _cost(state: SourceState) -> str:
    if state.sweep is None:
        return "–"
    cost = state.sweep.cost
    size = say(exact(cost.bytes, Unit.BYTES)) if cost.bytes else ""
    time = number(cost.seconds, Unit.SECONDS) if cost.seconds >= 0.0005 else ""
    return " ".join(word for word in (f"{cost.requests} req", size, time) if word)


def _error(state: SourceState) -> str:
    if state.failure:
        return str(state.failure.why)
    return str(state.sweep.note) if state.sweep else ""
