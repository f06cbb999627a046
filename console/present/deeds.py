"""What is being done, was done and is owed, as Cells: header, table, facts."""

from datetime import UTC
from urllib.parse import unquote_to_bytes

from collectors.model.level import Level
from collectors.model.quantity import Unit, exact
from collectors.text import one_line
from console.engine.state import Acting, ActState, ArmState, Owed
from console.present.cells import level_cell
from console.present.fitting import fitted
from console.present.words import clock_time, counted, number, span
from widgets.cell import MARKS, Cell, Column, Row
from widgets.gauge import Reach

COLUMNS = (
    Column("state", "state", 11),
    Column("action", "action", 17),
    Column("target", "target", 16),
    Column("progress", "done", 11, right=True),
    Column("rate", "rate", 8, right=True),
    Column("ends", "ends", 16),
    Column("words", "says", 18, grow=True),
)
GIVE_WAY = ("rate", "ends", "progress", "action")
"""Columns that leave, in this order, where the screen is narrow."""

ARMED = "◆"
"""The mark of an armed console; no level has it."""

_LEVELS = {
    "asking": Level.WARNING,
    "done": Level.OK,
    "failed": Level.CRITICAL,
    "unknown": Level.UNKNOWN,
}

Deed = ActState | Owed


def is_armed(arm: ArmState, now: float) -> bool:
    """Whether a protected environment is armed at boottime ``now``."""
    return arm.until is not None and arm.until > now


def is_read_only(arm: ArmState, now: float) -> bool:
    """Whether nothing may be done at boottime ``now``."""
    return arm.read_only or (arm.protected and not is_armed(arm, now))


def header_cells(acting: Acting, now: float, wall: float) -> tuple[Cell, ...]:
    """``ARMED 14 min``, ``1 asks you``, ``1 running``, ``2 owed``: what there is none of is left out."""
    cells = []
    if is_armed(acting.arm, now):
        words = f"ARMED {span((acting.arm.until or now) - now)}"
        cells.append(Cell(words, Level.CRITICAL, ARMED, words.replace(" min", "m").replace(" s", "s")))
    asking = sum(bool(act.question) for act in acting.running)
    if asking:
        cells.append(Cell(f"{asking} asks you", Level.WARNING, MARKS[Level.WARNING], f"{asking} asks"))
    if acting.running:
        cells.append(Cell(f"{len(acting.running)} running", short=f"{len(acting.running)} run"))
    owed = open_debts(acting, wall)
    if owed:
        cells.append(Cell(f"{len(owed)} owed", Level.WARNING, MARKS[Level.WARNING]))
    return tuple(cells)


def open_debts(acting: Acting, wall: float) -> tuple[Owed, ...]:
    """What is owed at ``wall`` (UTC epoch seconds)."""
    return tuple(owed for owed in acting.owed if owed.until is None or owed.until > wall)


def table(
    acting: Acting, now: float, wall: float, width: int
) -> tuple[tuple[Column, ...], tuple[Row, ...], dict[str, Deed]]:
    """Columns, rows, and deeds by row key: what asks and runs, what is owed, what ended, newest first."""
    running = sorted(acting.running, key=lambda act: (not act.question, act.began))
    ended = sorted(
        (act for act in acting.acts if not act.running), key=lambda act: act.ended or 0.0, reverse=True
    )
    deeds: dict[str, Deed] = {f"run {act.id}": act for act in running}
    deeds |= {f"owed {owed.id}": owed for owed in open_debts(acting, wall)}
    deeds |= {f"run {act.id}": act for act in ended}
    rows = tuple(Row(key, _cells(deed, now, wall)) for key, deed in deeds.items())
    columns, rows = fitted(COLUMNS, rows, GIVE_WAY, width)
    return columns, rows, deeds


def hint_of(deed: Deed, now: float, wall: float) -> str:
    """One sentence, and what to press."""
    if isinstance(deed, Owed):
        return (
            f"owed since {span(wall - deed.since)}: {deed.words}. Enter plans {deed.action} on {deed.target}"
        )
    told = f"{deed.action} {deed.target}: {deed.words or deed.phase}"
    if deed.question:
        return f"y or n: {deed.action} {deed.target} asks: {deed.question}"
    if deed.running:
        return f"{told}; {_ends(deed, now, wall)}. x stops it, X stops everything"
    return f"{told}. u takes it back" if deed.undo else told


def facts(deed: Deed, now: float, wall: float) -> tuple[tuple[str, Cell], ...]:
    """All that is known of it, one fact a line."""
    if isinstance(deed, Owed):
        return (
            ("owed", level_cell(Level.WARNING, str(deed.words))),
            ("since", Cell(f"{clock_time(deed.since, UTC)}, {span(wall - deed.since)}")),
            ("ends", Cell(_ends(deed, now, wall))),
            ("pay with", Cell(f"{deed.action} {deed.target}: Enter plans it")),
            ("left by", Cell(deed.id)),
        )
    found = [
        ("action", Cell(deed.action)),
        ("target", Cell(" · ".join(word for word in (deed.service, str(deed.target)) if word))),
        ("state", _state(deed)),
    ]
    if deed.question:
        found.append(("asks", level_cell(Level.WARNING, f"{deed.question} y: yes, n: no")))
    found += [
        ("says", Cell(str(deed.words) or "nothing yet")),
        ("done", Cell(_progress(deed))),
        ("rate", Cell(_rate(deed, wall))),
        ("began", Cell(clock_time(deed.began, UTC))),
        ("ends" if deed.running else "ended", Cell(_ends(deed, now, wall))),
        ("undo", Cell(_undo(deed))),
        ("journal", Cell(deed.id)),
    ]
    return tuple(found)


def reach_of(deed: Deed) -> Reach | None:
    """How far it is, for a gauge; None where there is no total."""
    if isinstance(deed, Owed) or not deed.total:
        return None
    return Reach("done", exact(deed.done), exact(deed.total), _LEVELS.get(deed.phase, Level.NONE))


def leaving_words(acting: Acting, waiting: int, wall: float) -> tuple[tuple[str, Cell], ...]:
    """What an operator leaves behind: what runs, what waits for its turn, what is owed."""
    found = [
        ("running", level_cell(Level.WARNING, f"{act.action} {act.target}: {_progress(act)} done"))
        for act in acting.running
    ]
    if waiting:
        found.append(("waiting", level_cell(Level.WARNING, f"{counted(waiting, 'more subject')}")))
    found += [
        ("owed", level_cell(Level.WARNING, f"{owed.words} ({owed.action} {owed.target})"))
        for owed in open_debts(acting, wall)
    ]
    return tuple(found)


def _cells(deed: Deed, now: float, wall: float) -> tuple[Cell, ...]:
    hint = hint_of(deed, now, wall)
    if isinstance(deed, Owed):
        told = ("", "", _ends(deed, now, wall), str(deed.words))
        state = level_cell(Level.WARNING, "owed", hint=hint)
        name = str(one_line(unquote_to_bytes(deed.target.rpartition("/")[2])))
        return (state, *(Cell(text, hint=hint) for text in (deed.action, name, *told)))
    words = f"{deed.question} y/n" if deed.question else str(deed.words)
    says = level_cell(Level.WARNING, words, hint=hint) if deed.question else Cell(words, hint=hint)
    state = _state(deed)
    return (
        Cell(state.text, state.level, state.mark, hint=hint),
        Cell(deed.action, hint=hint),
        Cell(str(deed.target), hint=hint),
        Cell(_progress(deed), hint=hint),
        Cell(_rate(deed, wall), hint=hint),
        Cell(_ends(deed, now, wall), hint=hint),
        says,
    )


def _state(act: ActState) -> Cell:
    level = _LEVELS.get(act.phase)
    return level_cell(level, act.phase) if level is not None else Cell(act.phase, mark="›")


def _progress(act: ActState) -> str:
    return f"{act.done} of {act.total}" if act.total is not None else str(act.done)


def _rate(act: ActState, wall: float) -> str:
    seconds = (wall if act.ended is None else act.ended) - act.began
    return number(act.done / seconds, Unit.PER_SECOND) if act.done and seconds >= 1 else "–"


def _ends(deed: Deed, now: float, wall: float) -> str:
    if isinstance(deed, Owed):
        return "not by itself" if deed.until is None else f"in {span(deed.until - wall)}"
    if deed.ended is not None:
        return f"{span(max(0.0, wall - deed.ended))} ago"
    left = deed.until - now
    return f"at most {span(left)}" if left > 0 else "deadline passed"


def _undo(act: ActState) -> str:
    if act.undo:
        return "u takes it back"
    return "not while it runs" if act.running else "nothing is kept to take it back"
