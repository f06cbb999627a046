"""Patterns of log lines as rows: how many, how bad, since when, the newest one."""

from collections.abc import Mapping

from collectors.model.level import Level
from console.logs.templates import Group, Templates
from console.present.logline import LETTERS, LEVELS, message_of
from console.present.words import counted, span
from widgets.cell import Cell, Column, Row

NEW = 300.0
"""Seconds within which a pattern is new that was never seen before."""

COLUMNS = (
    Column("pattern", "pattern", 30, grow=True),
    Column("lines", "lines", 9, right=True, short=6),
    Column("level", "level", 9, short=2, short_title="l"),
    Column("first", "first", 10, right=True, short=4),
    Column("last", "last", 10, right=True, short=4),
    Column("new", "new", 5, short=4),
)


def rows(templates: Templates, now: float, most: int = 500) -> tuple[Row, ...]:
    """New ones first, then the most frequent; ``now`` is UTC epoch seconds."""
    new = {group.template for group in templates.since(now - NEW) or ()}
    groups = sorted(
        templates.groups.values(), key=lambda group: (group.template not in new, -group.count, group.template)
    )
    return tuple(_row(group, now, is_new=group.template in new) for group in groups[:most])


def told(templates: Templates, now: float, pending: int) -> str:
    """How much was counted, and what cannot be told."""
    words = [f"{templates.lines:,} lines in {counted(len(templates.groups), 'pattern')}"]
    if templates.rest:
        words.append(f"{templates.rest:,} lines of rarer ones not told apart")
    fresh = templates.since(now - NEW)
    if fresh is not None:
        words.append(f"{len(fresh)} new in the last {span(NEW)}")
    elif templates.began is not None:
        began = span(max(0.0, now - templates.began))
        words.append(f"what is new cannot be told: the memory begins {began} ago")
    if pending > 0:
        words.append(f"{pending:,} lines not looked at yet")
    return ", ".join(words)


def cell_words(groups: Mapping[str, Group], template: str) -> str:
    """The newest line of a pattern."""
    group = groups.get(template)
    return f"newest: {message_of(group.sample)}" if group is not None else ""


def _row(group: Group, now: float, *, is_new: bool) -> Row:
    severity = group.severity
    level = LEVELS.get(severity, Level.NONE) if severity is not None else Level.NONE
    hint = f"newest: {message_of(group.sample)}"
    word = severity.word if severity is not None else "–"
    return Row(
        group.template,
        (
            Cell(group.template, hint=hint),
            Cell(f"{group.count:,}", short=_short(group.count), hint=hint),
            Cell(word, level, short=LETTERS[severity] if severity is not None else "–", hint=hint),
            Cell(_ago(now - group.first), hint=hint),
            Cell(_ago(now - group.last), hint=hint),
            Cell("new" if is_new else "", hint=hint),
        ),
    )


def _ago(seconds: float) -> str:
    return span(max(0.0, round(seconds)))


def _short(count: int) -> str:
    return str(count) if count < 10_000 else f"{count // 1000}k"
