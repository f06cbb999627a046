"""The journal for people: one line for each deed, newest first, and all that one record tells.

The file may have been changed by others: whatever it holds is text from outside.
"""

from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from collectors.model.level import Level
from collectors.text import Shown, one_line
from console.actions.journal import Verified
from console.present.cells import level_cell
from console.present.fitting import fitted
from console.present.words import counted
from widgets.cell import Cell, Column, Row

MOST_RECORDS = 2000
"""The newest records are shown; the file keeps all."""

COLUMNS = (
    Column("when", "when (UTC)", 19),
    Column("who", "who", 12),
    Column("what", "what", 20),
    Column("target", "on", 20),
    Column("ended", "ended", 11),
    Column("words", "words", 24, grow=True),
)
GIVE_WAY = ("who", "words", "target")
"""Columns that leave, in this order, where the screen is narrow."""

_LEVELS = {"done": Level.OK, "failed": Level.CRITICAL, "unknown": Level.UNKNOWN}

_PLAN = (
    *("action", "label", "target", "service", "arguments", "risk", "count", "sample", "warnings", "undo"),
    *("cut_off", "server", "maximum", "rate", "owed", "detail"),
)

Record = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Entry:
    """One deed: its record, and how it ended once that is known."""

    key: str
    record: Record
    outcome: Record | None = None


def entries(records: Iterable[Record]) -> tuple[Entry, ...]:
    """The newest MOST_RECORDS, an outcome with its intent, newest first."""
    found: dict[str, Entry] = {}
    for place, record in enumerate(deque(records, MOST_RECORDS)):
        run = _text(record, "id")
        if record.get("phase") == "outcome" and run in found:
            found[run] = replace(found[run], outcome=record)
        else:
            key = run if record.get("phase") == "intent" and run else f"record {place}"
            found[key] = Entry(key, record)
    return tuple(reversed(found.values()))


def table(shown: Iterable[Entry], width: int) -> tuple[tuple[Column, ...], tuple[Row, ...]]:
    """Columns and rows for a screen of ``width`` cells; a row's key is the entry's."""
    return fitted(COLUMNS, tuple(Row(entry.key, _cells(entry)) for entry in shown), GIVE_WAY, width)


def facts(entry: Entry) -> Iterator[tuple[str, tuple[tuple[str, Cell], ...]]]:
    """Sections of one record: who and when, the plan, the outcome, its place in the chain."""
    record, outcome = entry.record, entry.outcome
    yield (
        "record",
        tuple(_known(record, ("phase", "when", "why", "environment", "console", "id", "undoes", "pid"))),
    )
    who = record.get("who")
    yield "who", tuple(_known(who if isinstance(who, Mapping) else {}, ("person", "user", "client", "host")))
    plan = record.get("plan")
    if isinstance(plan, Mapping):
        yield "plan", tuple(_all({name: plan[name] for name in _PLAN if name in plan}))
    if record.get("phase") == "intent":
        ended = tuple(_all(outcome)) if outcome is not None else (("outcome", _ended(entry)),)
        yield "outcome", ended
    elif record.get("phase") == "outcome":
        yield "outcome", tuple(_all(record))
    links = [(name, one) for name, one in (("intent", record), ("outcome", outcome)) if one is not None]
    yield "chain", tuple((f"{name} hash", Cell(_text(one, "hash"))) for name, one in links)


def verified_words(found: Verified) -> tuple[str, bool]:
    """What a walk over the chain found, and whether it is whole."""
    if not found.broken:
        return f"{counted(found.records, 'record')}, the chain is whole. Head {found.head}", True
    line, why = found.broken[0]
    more = f", and {len(found.broken) - 1} more places" if len(found.broken) > 1 else ""
    return f"BROKEN at line {line}: {why}{more}. Head {found.head}", False


def hint_of(entry: Entry) -> str:
    """One sentence."""
    words = [cell.text for cell in _cells(entry)]
    why = _text(entry.record, "why")
    return " ".join(word for word in words if word) + (f", because {why}" if why and why not in words else "")


def _cells(entry: Entry) -> tuple[Cell, ...]:
    record, plan = entry.record, entry.record.get("plan")
    told = plan if isinstance(plan, Mapping) else {}
    who = record.get("who")
    names = who if isinstance(who, Mapping) else {}
    undo = "undo of " if record.get("undoes") else ""
    ended = entry.outcome if entry.outcome is not None else record
    words = _text(ended, "words") or _text(record, "why")
    return (
        Cell(_text(record, "when")[:19].replace("T", " ")),
        Cell(_text(names, "person") or _text(names, "user") or "?"),
        Cell(undo + _text(told, "action") if told else _text(record, "phase") or "?"),
        Cell(_text(told, "label") or _text(told, "target")),
        _ended(entry),
        Cell(words),
    )


def _ended(entry: Entry) -> Cell:
    record = entry.outcome if entry.outcome is not None else entry.record
    result = _text(record, "outcome")
    if result:
        return level_cell(_LEVELS.get(result, Level.UNKNOWN), result)
    return level_cell(Level.WARNING, "open") if record.get("phase") == "intent" else Cell("")


def _known(record: Record, names: Iterable[str]) -> Iterator[tuple[str, Cell]]:
    for name in names:
        if record.get(name) not in (None, ""):
            yield name, Cell(_text(record, name))


def _all(record: Record) -> Iterator[tuple[str, Cell]]:
    """Every field that is not told elsewhere, lists one line each."""
    skipped = {
        "format",
        "phase",
        "who",
        "why",
        "console",
        "environment",
        "pid",
        "prev",
        "seq",
        "hash",
        "plan",
        "id",
    }
    for name, value in record.items():
        if name in skipped or value in (None, "", [], {}):
            continue
        label = str(one_line(name, 40)).replace("_", " ")
        for one in value if isinstance(value, list) else [value]:
            yield label, Cell(_said(one))


def _said(value: object) -> Shown:
    if isinstance(value, Mapping):
        return one_line(
            ", ".join(f"{name}={one}" for name, one in value.items() if one not in (None, "")), 400
        )
    return one_line(value, 400)


def _text(record: Record, name: str) -> Shown:
    value = record.get(name)
    return one_line("" if value is None else value, 400)
