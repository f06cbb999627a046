"""JSON in three rungs: strict and quick, lenient, given up; never an exception."""

import json
from enum import IntEnum
from typing import Any

import msgspec

_DECODE = msgspec.json.Decoder().decode

_BOM = b"\xef\xbb\xbf"
_DIGITS = 4000
"""Digits of an integer that is read as one; Python refuses to print more than 4,300."""


class Rung(IntEnum):
    """Which reader understood the line; ``REFUSED``: too deep for any."""

    STRICT = 0
    LENIENT = 1
    NONE = 2
    REFUSED = 3


def read_json(line: bytes) -> tuple[dict[str, Any] | None, Rung]:
    """The object in ``line`` and the rung that read it.

    The lenient rung takes what strict readers refuse and attackers hide in: invalid UTF-8, NaN,
    lone surrogates, raw control characters, integers too long to print (as text). What is no object
    at all is given up. Of equal keys the last counts.
    """
    try:
        found = _DECODE(line)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return _lenient(line)
    return (found, Rung.STRICT) if type(found) is dict else (None, Rung.NONE)


def _integer(digits: str) -> int | str:
    return int(digits) if len(digits) <= _DIGITS else digits


def _lenient(line: bytes) -> tuple[dict[str, Any] | None, Rung]:
    try:
        text = line.removeprefix(_BOM).decode("utf-8", "replace")
        found = json.loads(text, strict=False, parse_int=_integer)
    except json.JSONDecodeError:
        return None, Rung.NONE
    except (ValueError, RecursionError):
        return None, Rung.REFUSED
    return (found, Rung.LENIENT) if type(found) is dict else (None, Rung.NONE)
