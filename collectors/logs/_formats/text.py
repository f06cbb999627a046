"""Lines of plain text → time, severity, message and fields, by the shape that fitted last."""

import re
from typing import Any

from collectors.logs._formats import logfmt, structured
from collectors.logs._formats.keyed import Keyed
from collectors.logs._formats.ladder import read_json
from collectors.logs._formats.parsed import Told
from collectors.logs._formats.shapes import (
    HEAD,
    SHAPES,
    Head,
    Shape,
    beginning_of,
    general,
    head_of,
    is_common,
    match,
)

NAMES = tuple(dict.fromkeys(shape.name for shape in SHAPES))
"""The shapes' names, as the option ``format`` takes them."""

_PAIRED = ("structlog", "klog")
CARRIERS = ("syslog", "rq", "text")
"""Shapes whose messages may be lines of JSON; syslog's may be pairs."""

_BEGINNINGS = 256

_Others = tuple[tuple[Shape, ...], dict[str, tuple[Shape, ...]]]


class TextReader:
    """Reads lines of text; ``only`` the shape of this name. Threads may share one.

    ``shapes``: in the order in which they are tried.
    """

    def __init__(self, keyed: Keyed, only: str = "") -> None:
        self._keyed = keyed
        self.shapes = tuple(shape for shape in SHAPES if not only or shape.name == only)
        self._others: _Others = (self.shapes, {})

    def told(self, text: str, now: float, *, logfmt_too: bool = True) -> Told | None:
        """What ``text`` tells; None where it has no head at all.

        ``now`` (UTC epoch seconds) helps where a time has no year or no day.
        """
        if logfmt_too and logfmt.looks_like(text):
            pairs = logfmt.pairs(text)
            if len(pairs) > 1:
                told = self._keyed.told(pairs, "logfmt")
                if told.format == "slog" and text.startswith('time="'):
                    # of the two only logrus puts its times between quotes
                    told.format = "logrus"
                return told
        beginning = text[:HEAD]
        head = self.shaped(beginning, now) or general(beginning, now)
        return None if head is None else self.of_head(head, text)

    def shaped(self, beginning: str, now: float) -> Head | None:
        """The head by one of the shapes."""
        fitting = self.fitting(beginning, now)
        return None if fitting is None else head_of(*fitting)

    def fitting(self, beginning: str, now: float) -> tuple[Shape, re.Match[str], float | None] | None:
        """The shape that fits, what it found, and the time; it is asked first the next time."""
        shapes = self.shapes
        if not shapes:
            return None
        first, kind = shapes[0], beginning_of(beginning)
        found = match(first, beginning, now) if first.holds in beginning else None
        if found is not None:
            return first, *found
        others = [shape for shape in self._after(shapes, kind) if shape.holds in beginning]
        if not others or is_common(beginning):
            return None
        for shape in others:
            found = match(shape, beginning, now)
            if found is not None:
                self.shapes = (shape, *(one for one in shapes if one is not shape))
                return shape, *found
        return None

    def _after(self, shapes: tuple[Shape, ...], kind: str) -> tuple[Shape, ...]:
        """The shapes after the first that may begin so."""
        order, known = self._others
        if order is not shapes or len(known) >= _BEGINNINGS:
            # one object for order and answers: another thread may change the order
            known = {}
            self._others = (shapes, known)
        others = known.get(kind)
        if others is None:
            any_may = not kind.isascii()
            others = known[kind] = tuple(
                shape for shape in shapes[1:] if any_may or not shape.begins or kind in shape.begins
            )
        return others

    def of_head(self, head: Head, text: str) -> Told:
        """What a line with this head tells."""
        fields: dict[str, Any] = dict(head.fields)
        name, rest = head.name, text[head.start : head.end]
        if fields.pop("version", None) is not None:
            parameters, rest = structured.parameters(rest)
            fields = {**parameters, **fields}
        if name in CARRIERS:
            inner = self._carried(rest, name)
            if inner is not None:
                inner.fields = {**fields, **inner.fields}
                inner.severity = inner.severity or head.severity
                inner.time = inner.time or head.time
                return inner
        elif name == "zap":
            rest = self._zap(rest, fields)
        elif name in _PAIRED:
            rest = _paired(rest, fields)
        return Told(name, head.time, head.severity, rest.strip(), fields)

    def _carried(self, rest: str, name: str) -> Told | None:
        """A line of JSON or of pairs within a carrier's."""
        if rest[:1] == "{":
            found, _ = read_json(rest.encode("utf-8", "replace"))
            return None if found is None else self._keyed.told(found, "json")
        if name == "syslog" and logfmt.looks_like(rest):
            pairs = logfmt.pairs(rest)
            inner = self._keyed.told(pairs, name)
            if not self._keyed.plan(pairs).message:
                inner.message = rest.strip()
            return inner
        return None

    def _zap(self, rest: str, fields: dict[str, Any]) -> str:
        """A development line's message, its JSON tail taken apart."""
        message, tab, tail = rest.partition("\t")
        if tab and tail[:1] == "{" and (found := read_json(tail.encode("utf-8", "replace"))[0]):
            fields |= found
            return message
        return rest


def _paired(rest: str, fields: dict[str, Any]) -> str:
    """A message's words, the pairs behind them taken apart."""
    message, tail = logfmt.words_before(rest)
    if tail and message:
        fields |= logfmt.pairs(tail)
        return message.strip('"')
    return rest
