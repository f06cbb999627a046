"""What stands behind the bars of a question."""

import re

from console.logs.language.cursor import NAME, Cursor
from console.logs.language.names import STAGES, did_you_mean
from console.logs.language.syntax import (
    Aggregate,
    Around,
    Diff,
    Field,
    Fields,
    Function,
    Patterns,
    Show,
    Stage,
    Summary,
    Top,
)
from console.logs.language.units import duration

MOST_STAGES = 20
MOST_ROWS = 10_000
"""Rows that ``top`` may ask for."""

_WORD = re.compile(r"[^\W\d]\w*(?:\.\d+)?")
PERCENTILE = re.compile(r"p(\d{1,3}(?:\.\d{1,3})?)")
_NUMBER = re.compile(r"\d{1,9}(?![\w.])")
_STEP = re.compile(r"[\d.]+[a-zµ]+[\w.µ]*")
_WHOLE = (Function.COUNT, Function.RATE)

PATTERN_COLUMNS = ("count", "share", "level", "newest", "pattern", "sample")
FIELD_COLUMNS = ("field", "type", "count", "share", "values", "example")


def read_stages(cursor: Cursor, *, records: bool) -> tuple[Stage, ...]:
    """All stages; the first bar was read. ``records``: the filter leaves something out."""
    stages: list[Stage] = []
    while True:
        cursor.skip()
        at = cursor.at
        if len(stages) >= MOST_STAGES:
            cursor.fail(f"a question has {MOST_STAGES} stages at most", "ask more simply")
        if cursor.ended or cursor.peek("|"):
            cursor.fail("a stage is missing here", f"write one of {', '.join(STAGES)}, or leave the bar out")
        stage = _stage(cursor)
        if isinstance(stage, Top) and isinstance(stage.column, Field) and not any(map(table_columns, stages)):
            stages.append(Summary((Aggregate(Function.COUNT),), (stage.column,)))
            stage = Top(stage.count)
        _check_order(cursor, stages, stage, at, records=records)
        stages.append(stage)
        cursor.skip()
        if cursor.ended:
            return tuple(stages)
        if not cursor.take("|"):
            cursor.fail("this belongs to no stage", "write | before a further stage", length=_rest(cursor))


def _rest(cursor: Cursor) -> int:
    return max(1, len(cursor.text[cursor.at :].split("|", 1)[0].rstrip()))


def _stage(cursor: Cursor) -> Stage:
    at, word = cursor.at, cursor.match(_WORD)
    if word == "hist":
        return _hist(cursor)
    if word == "top":
        return _top(cursor)
    if word == "patterns":
        cursor.skip()
        return Patterns(_count(cursor) if _NUMBER.match(cursor.text, cursor.at) else 20)
    if word == "fields":
        return Fields()
    if word == "diff":
        return Diff()
    if word == "around":
        return Around(_step(cursor, "around 5s"))
    if word == "show":
        return Show(_fields(cursor, "show time, message"))
    cursor.at = at
    aggregates = _aggregates(cursor)
    return Summary(aggregates, _by(cursor))


def _aggregates(cursor: Cursor) -> tuple[Aggregate, ...]:
    found: list[Aggregate] = []
    while True:
        cursor.skip()
        found.append(_aggregate(cursor))
        cursor.skip()
        if not cursor.take(","):
            return tuple(found)


def _aggregate(cursor: Cursor) -> Aggregate:
    at, word = cursor.at, cursor.match(_WORD)
    percentile = PERCENTILE.fullmatch(word)
    function = Function.PERCENTILE if percentile else None
    percent = float(percentile[1]) if percentile else 0.0
    if function is None:
        try:
            function = Function(word)
        except ValueError:
            function = None
    if function is None or word == "p" or percent > 100:
        cursor.at = at
        length = max(1, len(word) or len(cursor.bare()))
        cursor.fail(f"{word[:40]!r} is no stage", did_you_mean(word, STAGES), at, length)
    cursor.skip()
    if cursor.take("("):
        cursor.skip()
        if function in _WHOLE and cursor.take(")"):
            return Aggregate(function)
        field = _field(cursor)
        cursor.skip()
        if not cursor.take(")"):
            cursor.fail("this parenthesis is not closed", f"write {word}({field.label})", cursor.at)
        if function is Function.RATE:
            cursor.fail("rate is of lines", "write rate, or rate by FIELD", at, cursor.at - at)
        return Aggregate(function, field, percent)
    if function not in _WHOLE:
        cursor.fail(f"{word} wants a field", f"write {word}(duration)", at, len(word))
    return Aggregate(function)


def _by(cursor: Cursor) -> tuple[Field, ...]:
    cursor.skip()
    at = cursor.at
    if cursor.match(_WORD) != "by":
        cursor.at = at
        return ()
    return _fields(cursor, "count by region")


def _fields(cursor: Cursor, example: str) -> tuple[Field, ...]:
    found: list[Field] = []
    while True:
        cursor.skip()
        if cursor.ended or cursor.peek("|"):
            cursor.fail("a field is missing here", f"write it like {example}")
        at = cursor.at
        found.append(_field(cursor))
        if cursor.peek("("):
            cursor.fail("aggregates stand before `by`", "write p95(duration), count by region", at)
        cursor.skip()
        if not cursor.take(","):
            return tuple(found)


def _field(cursor: Cursor) -> Field:
    raw = cursor.take(".")
    name = cursor.quoted() if cursor.peek('"') else cursor.match(NAME)
    if not name:
        cursor.fail("a field is missing here", 'write its name, in quotes where it is odd: "odd name"')
    return Field(name, raw)


def _hist(cursor: Cursor) -> Summary:
    cursor.skip()
    every = _step(cursor, "hist 1m") if _STEP.match(cursor.text, cursor.at) else 0.0
    cursor.skip()
    at = cursor.at
    if cursor.ended or cursor.peek("|") or cursor.match(_WORD) == "by":
        cursor.at = at
        return Summary((Aggregate(Function.COUNT),), _by(cursor), every)
    cursor.at = at
    return Summary(_aggregates(cursor), _by(cursor), every)


def _step(cursor: Cursor, example: str) -> float:
    cursor.skip()
    at, text = cursor.at, cursor.match(_STEP)
    seconds = duration(text) if text else None
    if seconds is None or not 0.001 <= seconds <= 366 * 86_400:
        cursor.fail("a duration is wanted here", f"write it like {example}", at, max(1, len(text)))
    return seconds


def _top(cursor: Cursor) -> Top:
    count = _count(cursor)
    cursor.skip()
    at = cursor.at
    if cursor.match(_WORD) == "by":
        cursor.skip()
        at = cursor.at
    cursor.at = at
    if cursor.ended or cursor.peek("|"):
        return Top(count)
    word = cursor.match(_WORD)
    called = cursor.peek("(") or word in _WHOLE
    cursor.at = at
    return Top(count, _aggregate(cursor) if called else _field(cursor))


def _count(cursor: Cursor) -> int:
    cursor.skip()
    at, text = cursor.at, cursor.match(_NUMBER)
    if not text or not 1 <= int(text) <= MOST_ROWS:
        cursor.fail(
            f"a number from 1 to {MOST_ROWS:,} is wanted here", "write it like top 10", at, max(1, len(text))
        )
    return int(text)


def _check_order(cursor: Cursor, before: list[Stage], stage: Stage, at: int, *, records: bool) -> None:
    """Stages about lines stand before those about a table, and these after one."""
    length = max(1, cursor.at - at)
    columns = next((table_columns(one) for one in reversed(before) if table_columns(one)), ())
    if isinstance(stage, Around):
        if before:
            cursor.fail(
                "around stands first: it is about lines", "put it before the other stages", at, length
            )
        if not records:
            cursor.fail("around wants lines to look around", "write a filter before the bar", at, length)
    elif isinstance(stage, (Top, Diff)):
        name = "top" if isinstance(stage, Top) else "diff"
        if not columns:
            cursor.fail(f"{name} is of a table", f"write | count by FIELD | {name} …", at, length)
        if isinstance(stage, Diff) and not _can_differ(before[-1]):
            cursor.fail(
                "diff stands behind aggregates or patterns", "write | count by FIELD | diff", at, length
            )
        if isinstance(stage, Top):
            _check_column(cursor, stage, columns, at, sortable=isinstance(before[-1], Show))
    elif columns:
        cursor.fail("the stage before has made a table", "only top and diff go on from there", at, length)


def _can_differ(stage: Stage) -> bool:
    return isinstance(stage, Patterns) or (isinstance(stage, Summary) and stage.every is None)


def _check_column(cursor: Cursor, stage: Top, columns: tuple[str, ...], at: int, *, sortable: bool) -> None:
    if stage.column is None:
        if sortable:
            cursor.fail(
                "top wants a column here", f"write top {stage.count} {columns[-1]}", at, cursor.at - at
            )
    elif stage.column.label not in columns:
        hint = did_you_mean(stage.column.label, columns)
        label = stage.column.label
        place = max(at, cursor.at - len(label))
        cursor.fail(f"the table has no column {label[:60]!r}", hint, place, len(label))


def table_columns(stage: Stage) -> tuple[str, ...]:
    """The columns of the table that a stage makes; empty where it makes none."""
    if isinstance(stage, Summary):
        time = () if stage.every is None else ("time",)
        return (*time, *(field.label for field in stage.by), *(one.label for one in stage.aggregates))
    if isinstance(stage, Show):
        return tuple(field.label for field in stage.fields)
    if isinstance(stage, Patterns):
        return PATTERN_COLUMNS
    return FIELD_COLUMNS if isinstance(stage, Fields) else ()
