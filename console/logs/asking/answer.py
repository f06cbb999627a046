"""An answer: records or a table, and what it covers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from collectors.text import Shown
from console.logs.asking.table import Table
from console.logs.language.moments import Window
from console.logs.source import State


@dataclass(frozen=True, slots=True)
class Record:
    """One record of an answer, made to be shown: secrets are tokens.

    ``time``: UTC epoch seconds, of its arrival where ``timed`` is False. ``level``: one of trace, debug,
    info, warning, error, critical, or None. ``fields``: values of JSON.
    """

    time: float
    timed: bool
    level: str | None
    message: Shown
    fields: Mapping[str, Any]
    stream: str
    parsed: bool = True
    hostile: bool = False


@dataclass(frozen=True, slots=True)
class Coverage:
    """What an answer saw and what it did not.

    ``window``: what was asked for. ``first``, ``last``: times of the lines that were read. ``complete``:
    every stream was read to the window's ends. ``stopped``: given up before that. ``estimated``: ``≈``.
    ``capped``: more rows or records than are shown; the other counts are those of Tally.
    """

    window: Window
    first: float | None
    last: float | None
    complete: bool
    stopped: bool
    lines: int
    bytes: int
    matched: int
    unparsed: int
    oversize: int
    untimed: int
    unitless: int
    partly: int
    estimated: bool
    capped: bool
    streams: tuple[State, ...]


@dataclass(frozen=True, slots=True)
class Answer:
    """``table`` for questions with a stage that makes one, else ``records``, newest first."""

    question: str
    table: Table | None
    records: Sequence[Record]
    coverage: Coverage
