"""Lines of plain text → time, severity, message and fields, by the shape that fitted last."""

from collectors.logs._formats import logfmt
from collectors.logs._formats.keyed import Keyed
from collectors.logs._formats.ladder import read_json
from collectors.logs._formats.parsed import Fields, Parsed
from collectors.logs._formats.shapes import HEAD, SHAPES, Head, Shape, general, match
from collectors.logs._formats.showing import Showing
from collectors.model.logs import Severity
from collectors.text import Shown

NAMES = tuple(dict.fromkeys(shape.name for shape in SHAPES))
"""The shapes' names, as the option ``format`` takes them."""

_PAIRED = ("structlog", "klog")
_CARRIERS = ("syslog", "rq", "text")


class TextReader:
    """Reads the text lines of one stream."""

    def __init__(self, showing: Showing, keyed: Keyed, only: str = "") -> None:
        self._showing = showing
        self._keyed = keyed
        self._shapes = [shape for shape in SHAPES if not only or shape.name == only]

    def read(self, text: str, now: float, *, clean: bool, logfmt_too: bool = True) -> Parsed | None:
        """What ``text`` tells; None where it has no head at all."""
        if logfmt_too and logfmt.looks_like(text):
            pairs = logfmt.pairs(text)
            if len(pairs) > 1:
                return self._keyed.read(pairs, "logfmt", clean=clean)
        beginning = text[:HEAD]
        for index, shape in enumerate(self._shapes):
            head = match(shape, beginning, now)
            if head is not None:
                self._prefer(index)
                return self._with(head, text, clean=clean)
        found = general(beginning, now)
        return None if found is None else self._with(found, text, clean=clean)

    def _prefer(self, index: int) -> None:
        """Ask the shape that fitted first the next time."""
        if index:
            shapes: list[Shape] = self._shapes
            shapes.insert(0, shapes.pop(index))

    def _with(self, head: Head, text: str, *, clean: bool) -> Parsed:
        showing = self._showing
        fields: Fields = [
            (showing.name(name)[0], showing.text(value, clean=clean)) for name, value in head.fields
        ]
        rest = text[head.start : head.end]
        severity = head.severity
        if head.name in _CARRIERS and rest[:1] == "{":
            inner = self._inner(rest, clean=clean)
            if inner is not None:
                inner.fields += fields
                return _under(head, inner)
        if head.name == "zap":
            rest = self._zap(rest, fields, clean=clean)
        elif head.name in _PAIRED:
            rest = self._paired(rest, fields, clean=clean)
        elif head.name == "syslog" and logfmt.looks_like(rest):
            inner = self._keyed.read(logfmt.pairs(rest), "syslog", clean=clean)
            fields += inner.fields
            severity = severity or inner.severity
        return Parsed(head.name, head.time, severity, showing.text(rest.strip(), clean=clean), fields)

    def _inner(self, rest: str, *, clean: bool) -> Parsed | None:
        found, _ = read_json(rest.encode("utf-8", "replace"))
        return None if found is None else self._keyed.read(found, "json", clean=clean)

    def _zap(self, rest: str, fields: Fields, *, clean: bool) -> str:
        """A development line's message, its JSON tail taken apart."""
        message, tab, tail = rest.partition("\t")
        if tab and tail[:1] == "{" and (found := read_json(tail.encode("utf-8", "replace"))[0]):
            fields += self._keyed.read(found, "zap", clean=clean).fields
            return message
        return rest

    def _paired(self, rest: str, fields: Fields, *, clean: bool) -> str:
        """A message's words, the pairs behind them taken apart."""
        message, tail = logfmt.words_before(rest)
        if tail and message:
            for key, value in logfmt.pairs(tail).items():
                name, secret = self._showing.name(key)
                fields.append((name, self._showing.value(value, clean=clean, secret=secret)))
            return message.strip('"')
        return rest


def _under(head: Head, inner: Parsed) -> Parsed:
    """What a carrier's line tells of a line within: the inner one's own word counts."""
    severity: Severity | None = inner.severity or head.severity
    return Parsed(inner.format, inner.time or head.time, severity, Shown(inner.message), inner.fields)
