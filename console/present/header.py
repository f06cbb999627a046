"""The words of the first and the last line of every screen."""

from collections import Counter
from collections.abc import Mapping

from collectors.model.level import Level
from console.engine.state import Acting, Freshness, Snapshot
from console.keys import KEYS
from console.present.cells import level_cell
from console.present.deeds import header_cells, is_read_only
from console.present.fleet import service_levels
from console.present.fold import fold_all, place_of
from console.present.servers import stopped_cells
from console.settings import Settings
from widgets.cell import Cell

_GLYPHS = {
    "question_mark": "?",
    "slash": "/",
    "colon": ":",
    "escape": "Esc",
    "comma": ",",
    "full_stop": ".",
    "plus": "+",
    "minus": "-",
    "left_square_bracket": "[",
    "right_square_bracket": "]",
    "enter": "Enter",
    "space": "Space",
}


def header_words(
    snapshot: Snapshot,
    settings: Settings,
    *,
    acting: Acting,
    now: float,
    held_since: str,
    screen: str,
    clock: str,
) -> tuple[tuple[Cell, ...], tuple[Cell, ...]]:
    """Left: product, name, environment, screen. Right: what is done, services by level, stale, muted, clock.

    ``acting`` and ``now`` (boottime) are those of this moment, also where the view is held.
    """
    where = " · ".join(word for word in (settings.name, settings.environment or "no environment") if word)
    read_only = " · read-only" if is_read_only(acting.arm, now) else ""
    left = [Cell("quarterdeck"), Cell(where + read_only)]
    if screen:
        left.append(Cell(f"› {screen}"))
    held = (level_cell(Level.WARNING, f"HELD since {held_since}"),) if held_since else ()
    wall = snapshot.wall + (now - snapshot.now)
    right = (*header_cells(acting, now, wall), *held, *counts(snapshot, settings), Cell(clock))
    return tuple(left), right


def counts(snapshot: Snapshot, settings: Settings) -> tuple[Cell, ...]:
    """``9 ok``, ``2 warning``, ``1 stale``, ``1 muted``: what there is none of is left out."""
    folds = fold_all(snapshot, settings.services)
    levels = Counter(service_levels(folds).values())
    # what belongs to no place of the fleet counts for itself
    levels.update(one.level for one in snapshot.findings if place_of(one) not in folds)
    shown = (Level.OK, Level.WARNING, Level.UNKNOWN, Level.CRITICAL)
    cells = [level_cell(level, f"{levels[level]} {level}") for level in shown if levels[level]]
    silent = sum(
        source.freshness(snapshot.now) in (Freshness.STALE, Freshness.FAILED) for source in snapshot.sources
    )
    if silent:
        cells.append(level_cell(Level.UNKNOWN, f"{silent} stale"))
    cells.extend(stopped_cells(snapshot.servers))
    if snapshot.mutes:
        cells.append(Cell(f"{len(snapshot.mutes)} muted"))
    if not settings.redaction.on:
        cells.append(level_cell(Level.WARNING, "secrets shown"))
    if snapshot.note:
        cells.append(level_cell(Level.WARNING, str(snapshot.note)))
    return tuple(cells)


def footer_words(keys: Mapping[str, tuple[str, ...]], width: int) -> tuple[Cell, ...]:
    """The keys that everybody needs, as many as the width takes."""
    words = ["1-9,0 practices"]
    length = len(words[0])
    for key in KEYS:
        bound = keys.get(key.id, key.keys)
        if key.footer and bound:
            word = f"{key_name(bound[0])} {key.words.partition(';')[0]}"
            length += len(word) + 3
            if length > width - 2:
                break
            words.append(word)
    return tuple(Cell(word) for word in words)


def key_name(key: str) -> str:
    """A key as it is printed on the keyboard."""
    return _GLYPHS.get(key, key)
