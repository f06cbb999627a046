"""What an inert pickle is made of, and how it reads on one line; no value here can do anything."""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, time, timedelta, timezone
from typing import Any

_DEEPEST = 8
_MOST_ITEMS = 20
_LONGEST = 80
_LARGEST = 128
"""Bits of an integer that is written out."""


@dataclass(slots=True, eq=False)
class Pairs:
    """A dict, as the pairs that were put into it."""

    pairs: list[tuple[object, object]]


@dataclass(slots=True, eq=False)
class Set:
    """A set, as the items that were put into it."""

    items: list[object]


@dataclass(slots=True, eq=False)
class Record:
    """A name that would be imported, or a call that would be made, with all that was done to its result.

    ``name`` is a dotted path; of a call it is empty, and ``function`` is what would be called.
    """

    name: str
    function: object = None
    arguments: Sequence[object] = ()
    named: Pairs | None = None
    items: list[object] = field(default_factory=list)
    pairs: list[tuple[object, object]] = field(default_factory=list)
    states: list[object] = field(default_factory=list)


class _FullError(Exception):
    """The line is full."""


class _Line:
    """A line that takes so many characters."""

    def __init__(self, limit: int) -> None:
        self.left = limit
        self.parts: list[str] = []

    def write(self, text: str) -> None:
        self.parts.append(text[: self.left])
        self.left -= len(text)
        if self.left < 0:
            raise _FullError


def words(value: object, limit: int = 200) -> str:
    """A value as Python would write it, in at most ``limit`` characters; never raises.

    It may hold control characters' escapes, and text from outside: show it through ``collectors.text``.
    """
    return _written(limit, lambda line: _write(line, value, 0))


def call_words(
    function: str, arguments: Sequence[object], named: Iterable[tuple[object, object]], limit: int
) -> str:
    """A call as Python would write it, in at most ``limit`` characters; never raises."""

    def write(line: _Line) -> None:
        line.write(function)
        _write_call(line, arguments, named, 0)

    return _written(limit, write)


def _written(limit: int, write: Callable[[_Line], None]) -> str:
    line = _Line(max(0, limit - 1))
    try:
        write(line)
    except _FullError:
        return "".join(line.parts) + "…"
    return "".join(line.parts)


def _write(line: _Line, value: object, depth: int) -> None:
    if depth > _DEEPEST:
        line.write("…")
    elif isinstance(value, Record):
        _write_record(line, value, depth)
    elif isinstance(value, (list, tuple, set, frozenset, Set)):
        _write_items(line, value, depth)
    elif isinstance(value, (dict, Pairs)):
        pairs = value.pairs if isinstance(value, Pairs) else value.items()
        line.write("{")
        _write_pairs(line, pairs, depth, ": ")
        line.write("}")
    else:
        line.write(_plain(value))


def _write_items(line: _Line, value: Any, depth: int) -> None:  # noqa: ANN401 - any of the collections
    items = value.items if isinstance(value, Set) else value
    opening, closing = ("[", "]") if isinstance(value, list) else ("(", ")")
    if isinstance(value, (set, frozenset, Set)):
        opening, closing = "{", "}"
    line.write(opening)
    _write_all(line, items, depth)
    line.write("," + closing if isinstance(value, tuple) and len(value) == 1 else closing)


def _write_all(line: _Line, items: Iterable[object], depth: int) -> None:
    for place, item in enumerate(items):
        if place:
            line.write(", ")
        if place == _MOST_ITEMS:
            line.write("…")
            return
        _write(line, item, depth + 1)


def _write_pairs(line: _Line, pairs: Iterable[tuple[object, object]], depth: int, between: str) -> None:
    for place, (key, value) in enumerate(pairs):
        if place:
            line.write(", ")
        if place == _MOST_ITEMS:
            line.write("…")
            return
        if between == "=" and isinstance(key, str):
            line.write(key[:_LONGEST])
        else:
            _write(line, key, depth + 1)
        line.write(between)
        _write(line, value, depth + 1)


def _write_call(
    line: _Line, arguments: Sequence[object], named: Iterable[tuple[object, object]], depth: int
) -> None:
    line.write("(")
    _write_all(line, arguments, depth)
    pairs = list(named)
    if arguments and pairs:
        line.write(", ")
    _write_pairs(line, pairs, depth, "=")
    line.write(")")


def _write_record(line: _Line, record: Record, depth: int) -> None:
    if record.function is None:
        line.write(_without_old_names(record.name)[:_LONGEST])
        return
    name, arguments = _named(record)
    known = _KNOWN.get(name)
    try:
        told = known(record, arguments) if known else None
    except (TypeError, ValueError, IndexError, OverflowError):
        told = None
    if isinstance(told, str):
        line.write(told)
        return
    if told is not None:
        _write(line, told, depth)
        return
    if name:
        line.write(name[:_LONGEST])
    else:
        _write(line, record.function, depth + 1)
    _write_call(line, arguments, record.named.pairs if record.named else (), depth)
    for part in (record.items, Pairs(record.pairs) if record.pairs else None, *record.states):
        if part not in ([], None):
            line.write(" + ")
            _write(line, part, depth + 1)


def _named(record: Record) -> tuple[str, Sequence[object]]:
    """The dotted name that a call would call, and its arguments."""
    function = record.function
    name = _without_old_names(function.name) if isinstance(function, Record) else ""
    if name == "copyreg._reconstructor" and record.arguments and isinstance(record.arguments[0], Record):
        # how protocols 0 and 1 make an object: its class, a plain base, what the base is made of
        made_of = record.arguments[2] if len(record.arguments) > 2 else None
        given = made_of if isinstance(made_of, tuple) else () if made_of is None else (made_of,)
        return _without_old_names(record.arguments[0].name), given
    return name, record.arguments


def _without_old_names(name: str) -> str:
    """The name that Python 3 gives what protocols 0 to 2 name as Python 2 did."""
    module, dot, rest = name.rpartition(".")
    return {"__builtin__": "builtins", "copy_reg": "copyreg"}.get(module, module) + dot + rest


def _plain(value: object) -> str:
    if isinstance(value, str):
        return repr(value) if len(value) <= _LONGEST else repr(value[:_LONGEST]) + "…"
    if isinstance(value, (bytes, bytearray)):
        return repr(bytes(value)) if len(value) <= _LONGEST // 4 else f"<{len(value):,} bytes>"
    if isinstance(value, bool) or value is None:
        return str(value)
    if isinstance(value, int):
        bits = value.bit_length()
        return str(value) if bits <= _LARGEST else f"<an integer of {bits:,} bits>"
    if isinstance(value, float):
        return repr(value) if math.isfinite(value) else str(value)
    return f"<{type(value).__name__}>"


# values that read better than their calls; each gets the record and its arguments, and gives words, an
# inert value to write instead, or None where it is not as expected


def _set(_record: Record, arguments: Sequence[Any]) -> object:
    [items] = arguments
    return Set(items) if isinstance(items, list) else None


def _ordered(record: Record, arguments: Sequence[Any]) -> object:
    return None if arguments or record.states or record.items else Pairs(record.pairs)


def _bytes(_record: Record, arguments: Sequence[Any]) -> object:
    if not arguments:
        return b""
    text, encoding = arguments
    return text.encode("latin-1") if isinstance(text, str) and encoding == "latin1" else None


def _state(arguments: Sequence[Any], size: int) -> bytes:
    """The bytes in which Python packs a date or a time."""
    packed = arguments[0]
    found = packed.encode("latin-1") if isinstance(packed, str) else packed
    if isinstance(found, Record) and isinstance(found.function, Record):
        found = _bytes(found, found.arguments)
    if not isinstance(found, bytes) or len(found) != size or len(arguments) > 2:
        raise ValueError
    return found


def _datetime(_record: Record, arguments: Sequence[Any]) -> object:
    b = _state(arguments, 10)
    day, at = (
        date(b[0] * 256 + b[1], b[2] & 0x7F, b[3]),
        time(b[4], b[5], b[6], int.from_bytes(b[7:10], "big")),
    )
    return f"{day} {at}" + (_zone(arguments[1]) if len(arguments) > 1 else "")


def _zone(zone: object) -> str:
    """The offset of Python's own fixed zones; of others that there is one."""
    name, arguments = _named(zone) if isinstance(zone, Record) else ("", ())
    if name == "datetime.timezone" and arguments and isinstance(arguments[0], Record):
        shift = [part for part in arguments[0].arguments if isinstance(part, int)]
        if len(shift) == len(arguments[0].arguments) == 3:
            offset = timezone(timedelta(days=shift[0], seconds=shift[1], microseconds=shift[2]))
            return str(offset).removeprefix("UTC") or "+00:00"
    return " in a zone of its own"


def _date(_record: Record, arguments: Sequence[Any]) -> object:
    b = _state(arguments, 4)
    return date(b[0] * 256 + b[1], b[2], b[3]).isoformat()


def _time(_record: Record, arguments: Sequence[Any]) -> object:
    b = _state(arguments, 6)
    return time(b[0] & 0x7F, b[1], b[2], int.from_bytes(b[3:6], "big")).isoformat()


def _timedelta(_record: Record, arguments: Sequence[Any]) -> object:
    days, seconds, micros = arguments
    return str(timedelta(days=days, seconds=seconds, microseconds=micros))


def _decimal(_record: Record, arguments: Sequence[Any]) -> object:
    [text] = arguments
    return f"Decimal({text[:_LONGEST]!r})" if isinstance(text, str) else None


def _uuid(record: Record, _arguments: Sequence[Any]) -> object:
    [state] = record.states
    [number] = [value for key, value in state.pairs if key == "int"] if isinstance(state, Pairs) else [None]
    if not isinstance(number, int) or not 0 <= number < 1 << 128:
        return None
    text = f"{number:032x}"
    return "-".join((text[:8], text[8:12], text[12:16], text[16:20], text[20:]))


_KNOWN: dict[str, Callable[[Record, Sequence[Any]], object]] = {
    "builtins.set": _set,
    "builtins.frozenset": _set,
    "collections.OrderedDict": _ordered,
    "_codecs.encode": _bytes,
    "builtins.bytes": _bytes,
    "datetime.datetime": _datetime,
    "datetime.date": _date,
    "datetime.time": _time,
    "datetime.timedelta": _timedelta,
    "decimal.Decimal": _decimal,
    "uuid.UUID": _uuid,
}
