"""The server's globs, read as it reads them: which keys a pattern hits, and how much it names; pure."""

import re
from collections.abc import Iterable
from itertools import groupby
from typing import NamedTuple

MOST = 1024
"""Bytes of a pattern."""


class _Sign(NamedTuple):
    """A part of a pattern: a regular expression for one byte, which is ``literal`` where it is just one.

    ``*`` has the empty expression.
    """

    expression: bytes
    literal: bytes = b""


_STAR, _ANY = _Sign(b""), _Sign(rb"[\x00-\xff]")


class Glob:
    r"""A pattern of SCAN MATCH: ``*``, ``?``, ``[a-c]``, ``[^a]``, ``\x``; bytes without an encoding.

    Every part but ``*`` stands for exactly one byte, so that matching takes time linear in the key.
    Raises ValueError for a pattern that servers read in different ways, or that hits nothing.
    """

    def __init__(self, pattern: bytes) -> None:
        if not 0 < len(pattern) <= MOST:
            raise ValueError(f"a pattern has from 1 to {MOST} bytes")
        self.pattern = pattern
        self._signs = _signs(pattern)
        parts = [list(part) for star, part in groupby(self._signs, lambda sign: sign == _STAR) if not star]
        first = parts.pop(0) if self._signs[0] != _STAR else []
        last = parts.pop() if parts and self._signs[-1] != _STAR else []
        self._open = _STAR in self._signs
        self._begin, self._end = _compiled(first), _compiled(last)
        self._middle = [_compiled(part) for part in parts]
        self._end_size = len(last)

    def matches(self, key: bytes) -> bool:
        """Whether the server would say that ``key`` matches."""
        if not self._open:
            return self._begin.fullmatch(key) is not None
        begun = self._begin.match(key)
        if begun is None:
            return False
        at, limit = begun.end(), len(key) - self._end_size
        if at > limit or self._end.match(key, limit) is None:
            return False
        for part in self._middle:
            found = part.search(key, at, limit)
            if found is None:
                return False
            at = found.end()
        return True

    @property
    def prefix(self) -> bytes:
        """The bytes with which every key that it hits begins."""
        signs = iter(self._signs)
        return b"".join(iter(lambda: next(signs, _STAR).literal, b""))

    @property
    def named(self) -> int:
        """The most bytes in a row that it names: 0 for ``*`` and all that is like it, 5 for ``*frag:*``."""
        runs = groupby(self._signs, lambda sign: bool(sign.literal))
        return max((len(list(run)) for literal, run in runs if literal), default=0)


def _compiled(signs: Iterable[_Sign]) -> re.Pattern[bytes]:
    return re.compile(b"".join(sign.expression for sign in signs))


def _signs(pattern: bytes) -> list[_Sign]:
    signs: list[_Sign] = []
    at = 0
    while at < len(pattern):
        byte = pattern[at : at + 1]
        at += 1
        if byte == b"[":
            sign, at = _class(pattern, at)
            signs.append(sign)
        elif byte in b"?*":
            signs.append(_ANY if byte == b"?" else _STAR)
        else:
            if byte == b"\\" and at < len(pattern):
                byte = pattern[at : at + 1]
                at += 1
            signs.append(_literal(byte))
    return signs


def _literal(byte: bytes) -> _Sign:
    return _Sign(re.escape(byte), byte)


def _class(pattern: bytes, at: int) -> tuple[_Sign, int]:
    """The class whose first byte is at ``at``, and where it has ended."""
    inverted = pattern[at : at + 1] == b"^"
    at += inverted
    members: set[int] = set()
    while pattern[at : at + 1] != b"]":
        found, size = _member(pattern[at : at + 3])
        members.update(found)
        at += size
    at += 1
    if not members:
        raise ValueError(r"[] holds nothing: write \[ for the bracket itself")
    if len(members) == 1 and not inverted:
        return _literal(bytes(members)), at
    inside = b"".join(b"\\x%02x" % code for code in sorted(members))
    return _Sign((b"[^" if inverted else b"[") + inside + b"]"), at


def _member(rest: bytes) -> tuple[Iterable[int], int]:
    """The first member of a class of which these are the next three bytes, and its length."""
    if not rest:
        raise ValueError(r"a [ without its ]: write \[ for the bracket itself")
    if rest[:1] == b"\\" and len(rest) > 1:
        return rest[1:2], 2
    if rest[1:2] != b"-" or len(rest) < 3:
        return rest[:1], 1
    if max(rest) > 0x7F:
        raise ValueError("a range of bytes that are not ASCII: servers differ in what lies between")
    low, high = sorted((rest[0], rest[2]))
    return range(low, high + 1), 3
