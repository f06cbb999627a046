"""Columns of times → UTC epoch seconds, quickly where they are written as most loggers write them."""

from collections.abc import Sequence
from typing import Any

from collectors.logs._formats.instant import EARLIEST, LATEST, of_any
from console.logs.asking.values import ABSENT

_REMEMBERED = 4_096


class _Seconds(dict[str, int]):
    """``2026-11-23T18:53:43`` → microseconds since the epoch, in UTC."""

    def __missing__(self, second: str) -> int:
        if len(self) > _REMEMBERED:
            self.clear()
        time = of_any(second + "Z") if second[10:11] == "T" else None
        if time is None:
            raise ValueError(second)
        self[second] = found = int(time) * 1_000_000
        return found


_SECONDS = _Seconds()


def times_of(column: Sequence[Any]) -> list[Any]:
    """The time that each value tells, ABSENT where it tells none."""
    kinds = set(map(type, column))
    if kinds == {float} and min(column) >= EARLIEST and max(column) <= LATEST:
        return list(column)
    if kinds == {str}:
        lengths = set(map(len, column))
        width = lengths.pop()
        if not lengths and width in (24, 27):
            try:
                return _iso(column, width)
            except ValueError:
                pass
    return [ABSENT if (time := of_any(value)) is None else time for value in column]


def _iso(column: Sequence[str], width: int) -> list[float]:
    """``…T18:53:43.379Z`` and ``…T18:53:43.379456Z``; raises ValueError where one is written otherwise."""
    if set(map(_marks, column)) != {".Z"} or not "".join(text[20 : width - 1] for text in column).isdecimal():
        raise ValueError
    scale = 1_000 if width == 24 else 1
    seconds = _SECONDS
    end = width - 1
    return [(seconds[text[:19]] + int(text[20:end]) * scale) / 1e6 for text in column]


def _marks(text: str) -> str:
    return text[19] + text[-1]
