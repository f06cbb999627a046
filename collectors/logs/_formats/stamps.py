"""Times that come again and again: read once for each second, and the fraction added."""

import re

from collectors.logs._formats import instant

_FRACTION = re.compile(r"([^.,]*[.,])([0-9]{1,6})((?:[^.,0-9][^.,]*)?)")
_SECOND = 19
"""Characters of a stamp that tell the second."""

_BY_THE_PRESENT = (instant.of_rfc3164, instant.of_klog, instant.of_clock)


class Stamps:
    """Reads the times of lines of one shape, with exactly what ``when`` makes of them."""

    __slots__ = (
        *("_base", "_end", "_head", "_last", "_length", "_now", "_parts", "_present", "_start", "_tail"),
        *("_time", "_when"),
    )

    def __init__(self, when: instant.Reader) -> None:
        self._when = when
        self._present = when in _BY_THE_PRESENT
        self._last = ""
        self._now = 0.0
        self._time: float | None = None
        self._length = -1
        self._head = self._tail = ""
        self._start = self._end = 0
        self._base = 0.0
        self._parts = 1

    def time(self, stamp: str, now: float) -> float | None:
        """UTC epoch seconds; None for what is no time."""
        if len(stamp) == self._length:
            start, end = self._start, self._end
            if stamp[:start] == self._head and stamp[end:] == self._tail:
                digits = stamp[start:end]
                if digits.isdecimal() and digits.isascii():
                    return self._base + int(digits) / self._parts
        if stamp != self._last or (self._present and now != self._now):
            self._time = self._when(stamp, now)
            # a second that comes once is not worth it
            if stamp[:_SECOND] == self._last[:_SECOND]:
                self._learn(stamp, now, self._time)
            self._last, self._now = stamp, now
        return self._time

    def _learn(self, stamp: str, now: float, time: float | None) -> None:
        """Remember the second, where the fraction is a plain sum: one rounding, as in the whole.

        A base of whole seconds plus a fraction of up to six digits is never so near the middle between
        two doubles that the fraction's own rounding could turn the sum's.
        """
        self._length = -1
        if time is None or self._present:
            return
        # bare numbers may be milliseconds
        if self._when is instant.of_iso and stamp[4:5] not in ("-", "/"):
            return
        found = _FRACTION.fullmatch(stamp)
        if found is None:
            return
        head, digits, tail = found.groups()
        base, parts = self._when(head[:-1] + tail, now), 10 ** len(digits)
        if base is None or base >= instant.LATEST - 1 or base + int(digits) / parts != time:
            return
        self._head, self._tail, self._base, self._parts = head, tail, base, parts
        self._start, self._end = found.span(2)
        self._length = len(stamp)
