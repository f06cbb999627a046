"""Lines at hand, asked of."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from collectors.base import Context
from collectors.lines.facts import Profile, detect
from collectors.model.logs import LogBatch, LogRecord
from collectors.model.practice import Practice
from collectors.model.subject import Subject
from collectors.text import Shown
from console.logs.asking.answer import Answer
from console.logs.asking.ask import ask
from console.logs.asking.testing import Moment
from console.logs.language import parse
from console.logs.language.moments import Window
from console.logs.ring import Ring
from console.logs.source import Chunk, State, Stream

START = 1_795_460_000.0
NOW = START + 3600.0
SAMPLES = Path(__file__).parents[2] / "collectors/logs/samples"


def line(**fields: Any) -> bytes:
    return json.dumps(fields, ensure_ascii=False).encode("utf-8", "surrogatepass")


class Held:
    """Lines of streams, each (lines, profile or None, stream), in chunks of some lines."""

    total = 0

    def __init__(self, *streams: tuple[Sequence[bytes], Profile | None, str], size: int = 7) -> None:
        self.streams = [(lines, profile or detect(lines), name) for lines, profile, name in streams]
        self.size = size

    def states(self) -> Sequence[State]:
        return [State(name) for _, _, name in self.streams]

    def chunks(self, window: Window, *, oldest_first: bool = False) -> Iterator[Chunk]:
        for lines, profile, name in self.streams:
            for at in range(0, len(lines), self.size):
                block = b"\n".join(lines[at : at + self.size]) + b"\n"
                yield Chunk(Stream(name), profile, block, arrivals=NOW)


def ask_lines(text: str, *lines: bytes, size: int = 1000, now: float = NOW) -> Answer:
    return ask(parse(text), Held((lines, None, "app"), size=size), Moment(now))


def rows(text: str, *lines: bytes, size: int = 1000, now: float = NOW) -> list[tuple[Any, ...]]:
    answer = ask_lines(text, *lines, size=size, now=now)
    assert answer.table is not None
    return list(answer.table.rows)


def matched(text: str, *lines: bytes, now: float = NOW) -> int:
    return ask_lines(text, *lines, now=now).coverage.matched


def subject(name: str) -> Subject:
    return Context(collector="app").subject(Practice.LOGS, name.encode(), name)


def ring_of(name: str, records: Sequence[bytes], times: Sequence[float]) -> Ring:
    """A ring that holds these records of these times."""
    ring = Ring()
    made = tuple(
        LogRecord(seq, time, timed=False, severity=None, message=Shown("x"), raw=raw)
        for seq, (raw, time) in enumerate(zip(records, times, strict=True), 1)
    )
    ring.append(LogBatch(subject(name), made))
    return ring
