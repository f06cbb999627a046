"""Instance names from patterns: ``web-[1-12]``, ``web-[01-12]``, ``db-[a,b]``, and any mixture."""

import re
from collections.abc import Iterable
from itertools import product

MOST = 1000
"""Instances of one service."""

PLACE = "{instance}"
"""What stands for the instance's name in an option, and in what tells of a server."""

_GROUP = re.compile(r"\[([^\[\]]*)\]")
_NUMBERS = re.compile(r"([0-9]+)-([0-9]+)")
_LETTERS = re.compile(r"([a-z])-([a-z])|([A-Z])-([A-Z])")


def expand(patterns: Iterable[str]) -> tuple[str, ...]:
    """All names, in order; raises ValueError with a sentence on what is wrong."""
    names: list[str] = []
    for pattern in patterns:
        names += _expand_one(pattern, MOST - len(names))
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise ValueError(f"{twice!r} comes twice")
    return tuple(names)


def _expand_one(pattern: str, room: int) -> list[str]:
    if not pattern or not pattern.isprintable() or " " in pattern:
        raise ValueError(f"{pattern!r} is not a name")
    pieces = _GROUP.split(pattern)
    if any("[" in text or "]" in text for text in pieces[::2]):
        raise ValueError(f"{pattern!r} has a bracket without its partner")
    choices = [
        _alternatives(piece, pattern, room) if position % 2 else [piece]
        for position, piece in enumerate(pieces)
    ]
    count = 1
    for choice in choices:
        count *= len(choice)
    if count > room:
        raise ValueError(f"{pattern!r} makes more than {MOST} instances")
    return ["".join(parts) for parts in product(*choices)]


def _alternatives(group: str, pattern: str, room: int) -> list[str]:
    found: list[str] = []
    for item in group.split(","):
        if not item:
            raise ValueError(f"{pattern!r} has an empty choice in [{group}]")
        found += _range(item, pattern, room)
    return found


def _range(item: str, pattern: str, room: int) -> list[str]:
    numbers = _NUMBERS.fullmatch(item)
    letters = _LETTERS.fullmatch(item)
    if numbers:
        low, high = int(numbers[1]), int(numbers[2])
        width = len(numbers[1]) if numbers[1].startswith("0") else 0
    elif letters:
        low, high = ord(item[0]), ord(item[-1])
        width = 0
    else:
        return [item]
    if low > high:
        raise ValueError(f"{pattern!r} counts down from {item.replace('-', ' to ')}")
    if high - low >= room:
        raise ValueError(f"{pattern!r} makes more than {MOST} instances")
    if letters:
        return [chr(code) for code in range(low, high + 1)]
    return [f"{number:0{width}d}" for number in range(low, high + 1)]


def mentions(value: object) -> bool:
    """Whether an instance's name stands anywhere in a raw value of TOML."""
    if isinstance(value, dict):
        return any(mentions(inner) for inner in value.values())
    if isinstance(value, list):
        return any(mentions(inner) for inner in value)
    return isinstance(value, str) and PLACE in value


def instead(value: object, instance: str) -> object:
    """A raw value of TOML with the instance's name filled in."""
    if isinstance(value, dict):
        return {key: instead(inner, instance) for key, inner in value.items()}
    if isinstance(value, list):
        return [instead(inner, instance) for inner in value]
    return value.replace(PLACE, instance) if isinstance(value, str) else value
