"""Which lines of text belong to the record before them: stack traces, and what servers add below."""

import re

MOST_LINES = 500
"""Lines of one record."""

MOST_BYTES = 256 * 1024
"""Bytes of one record."""

HELD = 1.0
"""Seconds for which a record within a stack trace is held open."""

JOINS_ANY = (" ", "\t")
"""What begins so belongs to the record before it, whatever else it is."""

_LOOKED_AT = 300
_OPENERS = (
    "Traceback (most recent call last)",
    "During handling of the above exception",
    "The above exception was the direct cause",
    "Caused by:",
    "caused by:",
    "goroutine ",
    "stack traceback:",
    "Stack trace:",
)
_ERROR = re.compile(r"[A-Za-z_$][\w.$]{2,200}(?:Exception|Error|Throwable|Warning)(?:$|[:\s])")
_BELOW = re.compile(
    r"[^\[\n]{10,60}\[(\d{1,9})(?:-\d{1,9})?\] "
    r"[^\s:]{0,200} ?(?:STATEMENT|DETAIL|HINT|CONTEXT|QUERY|LOCATION):  "
)
_PID = re.compile(r"[^\[\n]{10,60}\[(\d{1,9})(?:-\d{1,9})?\] ")


def opens_trace(text: str) -> bool:
    """Whether a line begins a stack trace or a further part of one."""
    return text.startswith(_OPENERS)


def goes_below(text: str) -> bool:
    """Whether a line with a head may belong to a record of its process before it."""
    return _BELOW.match(text[:_LOOKED_AT]) is not None


class Join:
    """Follows one open record from line to line.

    ``expects``: its head announced trouble, so that lines without a head are its trace.
    """

    def __init__(self, first: str, *, headed: bool = False, expects: bool = False) -> None:
        self._headed = headed
        self._expects = expects
        self._pid = found[1] if (found := _PID.match(first[:_LOOKED_AT])) else ""
        self._was_trace = self.in_trace = opens_trace(first)
        self._lines = 1

    def full(self, size: int) -> bool:
        """Whether nothing more may join."""
        return self._lines >= MOST_LINES or size >= MOST_BYTES

    def takes(self, text: str, *, has_head: bool) -> bool:
        """Whether ``text`` belongs to the record; ``has_head``: it begins as a record of its own does."""
        joined = self._belongs(text, has_head=has_head)
        self._lines += joined
        return joined

    def _belongs(self, text: str, *, has_head: bool) -> bool:
        if text[:1] in JOINS_ANY:
            self._was_trace = self.in_trace = True
            return True
        if has_head:
            below = _BELOW.match(text[:_LOOKED_AT])
            return below is not None and below[1] == self._pid
        if opens_trace(text):
            self._was_trace = self.in_trace = True
            return True
        if not text:
            return self._was_trace
        if self._expects or (self._headed and _ERROR.match(text)):
            self._was_trace = self.in_trace = True
            return True
        belongs, self.in_trace = self.in_trace, False
        return belongs
