"""Patterns run in linear time: all ways to match are followed at once, and none is tried again.

It answers only whether a text holds a match. States are made as texts need them and remembered.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from re import _constants as op  # type: ignore[attr-defined] # the words of re's own parser
from re import _parser  # type: ignore[attr-defined] # the same syntax as re, to the last corner
from typing import Any

ONLY_CASE = "only (?i) may stand in a pattern"
MOST_NODES = 1_000
MOST_STATES = 2_000

Test = Callable[[str], bool]


def _is_word(char: str) -> bool:
    return char.isalnum() or char == "_"


_CATEGORIES: dict[Any, Test] = {
    op.CATEGORY_DIGIT: str.isdecimal,
    op.CATEGORY_NOT_DIGIT: lambda char: not char.isdecimal(),
    op.CATEGORY_SPACE: str.isspace,
    op.CATEGORY_NOT_SPACE: lambda char: not char.isspace(),
    op.CATEGORY_WORD: _is_word,
    op.CATEGORY_NOT_WORD: lambda char: not _is_word(char),
}


class UnfitError(ValueError):
    """A pattern with something that no such machine can do, or too large for one."""


@dataclass(slots=True)
class _Node:
    """``test``: a character to take; ``at``: a place to be at; neither: go on to all of ``to`` as it is."""

    to: list[int]
    test: Test | None = None
    at: Any = None


@dataclass(slots=True, eq=False)
class _State:
    nodes: frozenset[int]
    before: bool | None
    moves: dict[str, "_State"] = field(default_factory=dict)


class Automaton:
    """Raises UnfitError."""

    def __init__(self, tokens: Iterable[Any], flags: int) -> None:
        if flags & ~(re.IGNORECASE | re.UNICODE):
            raise UnfitError(ONLY_CASE)
        self._nodes: list[_Node] = [_Node([])]
        self._start = self._sequence(list(tokens), 0, flags)
        self._states: dict[tuple[frozenset[int], bool | None], _State] = {}
        self._found = _State(frozenset(), None)

    @property
    def size(self) -> int:
        """Nodes: what a character costs at most."""
        return len(self._nodes)

    def fits(self, text: str, *, whole: bool = True) -> bool:
        """Whether a text holds a match; where it is not the ``whole`` text its end is not the end."""
        state = self._state(frozenset((self._start,)), None)
        body = text.removesuffix("\n") if whole else text
        for char in body:
            state = state.moves.get(char) or self._move(state, char)
            if state is self._found:
                return True
        if len(body) < len(text):
            # $ fits before a newline at the end too
            if 0 in self._closed(state, "\n", last=True):
                return True
            state = self._move(state, "\n")
        return state is self._found or (whole and 0 in self._closed(state, None, last=True))

    def _move(self, state: _State, char: str) -> _State:
        closed = self._closed(state, char, last=False)
        if 0 in closed:
            found = self._found
        else:
            nodes = {self._start}
            for number in closed:
                node = self._nodes[number]
                if node.test is not None and node.test(char):
                    nodes.update(node.to)
            found = self._state(frozenset(nodes), _is_word(char))
        state.moves[char] = found
        return found

    def _state(self, nodes: frozenset[int], before: bool | None) -> _State:  # noqa: FBT001 - part of its key
        key = (nodes, before)
        known = self._states.get(key)
        if known is None:
            if len(self._states) >= MOST_STATES:
                self._states.clear()
            known = self._states[key] = _State(nodes, before)
        return known

    def _closed(self, state: _State, char: str | None, *, last: bool) -> set[int]:
        """All nodes that are reached without taking a character; 0 is a match."""
        reached: set[int] = set()
        open_ = list(state.nodes)
        while open_:
            number = open_.pop()
            if number in reached:
                continue
            reached.add(number)
            node = self._nodes[number]
            if node.test is None and (node.at is None or _is_at(node.at, state.before, char, last=last)):
                open_ += node.to
        return reached

    def _add(self, node: _Node) -> int:
        if len(self._nodes) >= MOST_NODES:
            raise UnfitError("it is too large")
        self._nodes.append(node)
        return len(self._nodes) - 1

    def _sequence(self, tokens: list[Any], to: int, flags: int) -> int:
        for token in reversed(tokens):
            to = self._one(token, to, flags)
        return to

    def _one(self, token: tuple[Any, Any], to: int, flags: int) -> int:
        kind, told = token
        if kind is op.AT:
            return self._add(_Node([to], at=told))
        if kind is op.SUBPATTERN:
            _, more, less, inner = told
            if (more | less) & ~re.IGNORECASE:
                raise UnfitError(ONLY_CASE)
            return self._sequence(list(inner), to, (flags | more) & ~less)
        if kind is op.BRANCH:
            return self._add(_Node([self._sequence(list(one), to, flags) for one in told[1]]))
        if kind in (op.MAX_REPEAT, op.MIN_REPEAT):
            low, high, inner = told
            return self._repeated(low, None if high is op.MAXREPEAT else high, list(inner), to, flags)
        return self._add(_Node([to], test=_test(kind, told, flags)))

    def _repeated(self, low: int, high: int | None, tokens: list[Any], to: int, flags: int) -> int:
        if high is None:
            start = self._add(_Node([]))
            self._nodes[start].to = [self._sequence(tokens, start, flags), to]
        else:
            start = to
            for _ in range(high - low):
                start = self._add(_Node([self._sequence(tokens, start, flags), to]))
        for _ in range(low):
            start = self._sequence(tokens, start, flags)
        return start


def parsed(text: str) -> tuple[list[Any], int]:
    """The tokens of a pattern and its flags; raises re.error."""
    found = _parser.parse(text)
    return list(found), found.state.flags


def _is_at(at: Any, before: bool | None, char: str | None, *, last: bool) -> bool:  # noqa: ANN401, FBT001 - re's own word
    """``before``: a word's character or not, None at the beginning; ``char``: what comes, None at the end."""
    if at in (op.AT_BEGINNING, op.AT_BEGINNING_STRING):
        return before is None
    if at is op.AT_END:
        return char is None or (last and char == "\n")
    if at is op.AT_END_STRING:
        return char is None
    boundary = bool(before) != (char is not None and _is_word(char))
    return boundary if at is op.AT_BOUNDARY else not boundary


def _test(kind: Any, told: Any, flags: int) -> Test:  # noqa: ANN401 - re's own words
    if kind is op.ANY:
        return lambda char: char != "\n"
    if kind is op.LITERAL:
        inner: Test = chr(told).__eq__
    elif kind is op.NOT_LITERAL:
        return _inverted(_any_case(chr(told).__eq__, flags))
    elif kind is op.IN:
        return _class(told, flags)
    else:
        raise UnfitError(f"{str(kind).lower().replace('_', ' ')} cannot be done in one pass")
    return _any_case(inner, flags)


def _class(told: list[Any], flags: int) -> Test:
    inverts = bool(told) and told[0][0] is op.NEGATE
    tests: list[Test] = []
    for kind, value in told[inverts:]:
        if kind is op.LITERAL:
            tests.append(chr(value).__eq__)
        elif kind is op.RANGE:
            tests.append(_between(*value))
        elif kind is op.CATEGORY:
            tests.append(_CATEGORIES[value])
        else:
            raise UnfitError("this class cannot be read")
    inner = _any_case(lambda char: any(test(char) for test in tests), flags)
    return _inverted(inner) if inverts else inner


def _between(low: int, high: int) -> Test:
    return lambda char: low <= ord(char) <= high


def _inverted(test: Test) -> Test:
    return lambda char: not test(char)


def _any_case(test: Test, flags: int) -> Test:
    if not flags & re.IGNORECASE:
        return test

    def either(char: str) -> bool:
        if test(char):
            return True
        return any(len(other) == 1 and test(other) for other in (char.lower(), char.upper()))

    return either


def width(tokens: Iterable[Any]) -> tuple[int, int, bool]:
    """How many ways re may have to try: unbounded repetitions, the product of bounded ones, and nesting."""
    unbounded, product, nested = 0, 1, False
    for kind, told in tokens:
        if kind is op.SUBPATTERN:
            more = width(told[3])
        elif kind is op.BRANCH:
            each = [width(one) for one in told[1]]
            more = (max(one[0] for one in each), sum(one[1] for one in each), any(one[2] for one in each))
        elif kind in (op.MAX_REPEAT, op.MIN_REPEAT):
            more = _repetition(*told)
        else:
            continue
        unbounded, product, nested = unbounded + more[0], product * more[1], nested or more[2]
    return unbounded, product, nested


def _repetition(low: int, high: Any, inner: Any) -> tuple[int, int, bool]:  # noqa: ANN401 - re's own words
    varies, product, nested = width(inner)
    open_ = high is op.MAXREPEAT or high - low > 16
    ways = 1 if open_ else high - low + 1
    # what varies within what is repeated may be tried in ways that multiply with each round
    rounds = high is op.MAXREPEAT or high > 1
    return int(open_) + varies, ways * product, nested or (rounds and (varies > 0 or product > 1))
