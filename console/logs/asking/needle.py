r"""Bytes that a line must hold to pass a filter, looked for before the line is read.

Only where that is sound: JSON may write any letter as ``\u0061``, so lines with ``\u`` stay; numbers,
times, levels and messages that are put together may be written in more than one way, so they are no needles.
"""

import re
from collections.abc import Callable, Iterator

from console.logs.language.syntax import And, Compare, Filter, Sign, Text
from console.logs.language.units import measure

SHORTEST = 3
"""Bytes of a needle worth looking for."""

DENSE = 1_000
"""Bytes of a block for each hit, below which looking costs more than it saves."""

RESTS = 32
"""Blocks that are not looked through after a dense one."""

Begins = Callable[[bytes], bool]

_RUNS = re.compile(r"[A-Za-z0-9_.:@ -]+")
_ESCAPE = b"\\u"


class Needle:
    """Looks for one needle; in lower case (``folds``) it fits any case."""

    def __init__(self, text: str, *, folds: bool) -> None:
        self.bytes = (text.lower() if folds else text).encode()
        self.folds = folds
        self._rest = 0

    def may_hold(self, line: bytes) -> bool:
        """Whether a line may pass."""
        return self.bytes in (line.lower() if self.folds else line) or _ESCAPE in line

    def narrowed(self, block: bytes, begins: Begins | None = None) -> bytes | None:
        """The lines of a block that may pass; None where that is most of them.

        ``begins``: whether a line surely is the first of a record, where records may have several; what
        belongs to a line that is kept is kept with it.
        """
        if self._rest:
            self._rest -= 1
            return None
        most = len(block) // DENSE + 8
        hay = block.lower() if self.folds else block
        spans = _lines_with(self.bytes, hay, most)
        if spans is not None and _ESCAPE in block:
            more = _lines_with(_ESCAPE, block, most)
            spans = None if more is None else dict(sorted({**spans, **more}.items()))
        if spans is None:
            self._rest = RESTS
            return None
        if begins is not None:
            spans = _whole(spans, block, begins)
        return b"".join(block[start:end] for start, end in spans.items())


def _whole(spans: dict[int, int], block: bytes, begins: Begins) -> dict[int, int]:
    """Lines widened to whole records, those that touch made one."""
    found: dict[int, int] = {}
    last = 0
    for start, end in spans.items():
        if end <= last:
            continue
        low = max(start, last)
        while low > last and not begins(block[low : block.find(b"\n", low) + 1 or len(block)].rstrip(b"\n")):
            low = block.rfind(b"\n", last, low - 1) + 1 or last
        last = end
        while last < len(block):
            after = block.find(b"\n", last) + 1 or len(block)
            if begins(block[last:after].rstrip(b"\n")):
                break
            last = after
        found[low] = last
    return found


def _lines_with(needle: bytes, block: bytes, most: int) -> dict[int, int] | None:
    """Where lines with a needle begin and end; None where there are more than ``most``."""
    found: dict[int, int] = {}
    at = block.find(needle)
    while at >= 0:
        start = block.rfind(b"\n", 0, at) + 1
        end = block.find(b"\n", at) + 1 or len(block)
        found[start] = end
        if len(found) > most:
            return None
        at = block.find(needle, end)
    return found


def needle_of(term: Filter) -> Needle | None:
    """The longest needle of a filter; None where it has none."""
    terms = term.terms if isinstance(term, And) else (term,)
    found = max((one for part in terms for one in _needles(part)), key=lambda one: len(one[0]), default=None)
    return None if found is None else Needle(found[0], folds=found[1])


def _needles(term: Filter) -> Iterator[tuple[str, bool]]:
    if isinstance(term, Text):
        text, folds = term.text, term.text == term.text.lower()
        # a word is looked for in the line as it is written too, so that a run of it would do
        if term.quoted or "*" not in text:
            yield from _runs(text, folds=folds)
    elif isinstance(term, Compare) and not term.field.virtual and term.sign in (Sign.HAS, Sign.IS):
        text = term.literal.text
        if measure(text) is None and text[:1] not in ("{", "["):
            yield from _runs(text, folds=term.sign is Sign.HAS)


def _runs(text: str, *, folds: bool) -> Iterator[tuple[str, bool]]:
    """Parts that are written in one way only; with a letter, as numbers are written in several."""
    for run in _RUNS.findall(text):
        if len(run) >= SHORTEST and any(char.isalpha() for char in run):
            yield run, folds
