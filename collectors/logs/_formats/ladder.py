"""JSON in three rungs: strict and quick, lenient, given up; never an exception."""

import json
from enum import IntEnum
from typing import Any

import msgspec

_DECODE = msgspec.json.Decoder().decode

_BOM = b"\xef\xbb\xbf"


class Rung(IntEnum):
    """Which reader understood the line; ``REFUSED``: too deep, or a number too long, for any."""

    STRICT = 0
    LENIENT = 1
    NONE = 2
    REFUSED = 3


def read_json(line: bytes) -> tuple[dict[str, Any] | None, Rung]:
    """The object in ``line`` and the rung that read it.

    The lenient rung takes what strict readers refuse and attackers hide in: invalid UTF-8, NaN,
    lone surrogates, raw control characters. What is no object at all is given up.
    """
    try:
        found = _DECODE(line)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return _lenient(line)
    return (found, Rung.STRICT) if type(found) is dict else (None, Rung.NONE)


def _lenient(line: bytes) -> tuple[dict[str, Any] | None, Rung]:
    try:
        found = json.loads(line.removeprefix(_BOM).decode("utf-8", "replace"), strict=False)
    except json.JSONDecodeError:
        return None, Rung.NONE
    except (ValueError, RecursionError):
        return None, Rung.REFUSED
    return (found, Rung.LENIENT) if type(found) is dict else (None, Rung.NONE)
