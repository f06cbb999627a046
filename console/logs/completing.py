"""What may stand next in a question: fields, values seen, levels, times, stages."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from console.logs.language.cursor import NAME, quote
from console.logs.language.names import FUNCTIONS, LEVELS, STAGES
from console.logs.language.syntax import NOTES, VIRTUAL
from console.logs.seen import Seen

MOST = 12
"""Completions that are offered."""

LOOKED_AT = 300
"""Characters before the cursor that are looked at."""

TIMES = ("5m", "15m", "1h", "today", "yesterday", "18:00..19:00")
"""Moments and spans, as examples."""

_WHEN = frozenset({"since", "until", "time"})
_PAIR = re.compile(
    r'(?P<not>[-!]?)(?P<name>\.?(?:"[^"]*"|[^\s:=<>~!?"()|]+))(?P<sign>\?!=|!=|<=|>=|[:=<>~])(?P<value>.*)',
    re.DOTALL,
)
_TOKEN = re.compile(r'(?:[^\s"(]|"(?:[^"\\]|\\.)*("|$))*$')
_OF_FIELDS = re.compile(r"\b(?:by|show|top\s+\d+)\s[^|]*$")
_WORD = re.compile(r"[\w@.$/-]*$")


@dataclass(frozen=True, slots=True)
class Completion:
    """``text`` in place of the characters from ``start`` up to ``end``; ``words`` say what it is."""

    text: str
    start: int
    end: int
    words: str = ""


def complete(text: str, cursor: int, seen: Seen) -> list[Completion]:
    """What may stand at the cursor, the likeliest first; MOST at the most."""
    before = text[:cursor]
    bar = _last_bar(before)
    found = _of_stage(before, bar, seen) if bar is not None else _of_filter(before, seen)
    out: list[Completion] = []
    for one in found:
        if one.text.strip() != before[one.start :].strip() and all(one.text != other.text for other in out):
            out.append(one)
        if len(out) >= MOST:
            break
    return out


def _last_bar(text: str) -> int | None:
    """Where the last bar outside of quotes stands."""
    quoted, found = False, None
    for at, char in enumerate(text):
        if char == '"' and (not at or text[at - 1] != "\\"):
            quoted = not quoted
        elif char == "|" and not quoted:
            found = at
    return found


def _of_filter(before: str, seen: Seen) -> Iterator[Completion]:
    begins = max(0, len(before) - LOOKED_AT)
    match = _TOKEN.search(before[begins:])
    start = begins + match.start() if match is not None else len(before)
    token = before[start:]
    pair = _PAIR.fullmatch(token)
    end = len(before)
    if pair is not None:
        value = pair["value"]
        begin = end - len(value)
        for offered, words in _values(pair["name"].strip('."'), pair["sign"], seen):
            if _fits(offered.strip('"'), value.strip('"')):
                yield Completion(offered + " ", begin, end, words)
        return
    lead = token[:1] if token[:1] in "-!" else ""
    wanted = token[len(lead) :]
    for name, sign, words in _fields(seen):
        if _fits(name, wanted.strip('"')):
            yield Completion(lead + name + sign, start, end, words)


def _of_stage(before: str, bar: int, seen: Seen) -> Iterator[Completion]:
    stage = before[max(bar + 1, len(before) - LOOKED_AT) :]
    match = _WORD.search(stage)
    start = len(before) - (len(match[0]) if match is not None else 0)
    word, end = before[start:], len(before)
    head = before[bar + 1 : start]
    wants_field = (
        head.rstrip().endswith("(") or re.search(r"\b(?:by|show|top\s+\d+)\s[^|]*$", stage) is not None
    )
    if not wants_field:
        names = STAGES if not head.strip() else ("by", *FUNCTIONS)
        for name in names:
            if _fits(name, word):
                tail = "(" if name in FUNCTIONS and name not in ("count", "rate") else " "
                yield Completion(name + tail, start, end)
        return
    tail = ")" if head.rstrip().endswith("(") else ""
    for name, _, words in _fields(seen):
        if _fits(name, word):
            yield Completion(name + tail, start, end, words)


def _fields(seen: Seen) -> Iterator[tuple[str, str, str]]:
    """Names, the sign that goes with each, and how many lines have it."""
    yield "level", ">=", ""
    for one in seen.ranked():
        name = one.name if NAME.fullmatch(one.name) else quote(one.name)
        share = f"{100 * one.lines // max(1, seen.lines)} %"
        yield name, "=", f"{one.type}, {share}"
    for virtual in VIRTUAL:
        yield virtual, ">" if virtual == "duration" else ":", ""
    for when in ("since", "until"):
        yield when, ":", "time"
    yield "is", ":", "what was noted"


def _values(name: str, sign: str, seen: Seen) -> Iterator[tuple[str, str]]:
    if name in ("level", "severity"):
        yield from _plain(LEVELS)
    elif name == "is":
        yield from _plain(NOTES)
    elif name in _WHEN:
        yield from _plain(TIMES)
    elif sign != "~" and name in seen.fields:
        one = seen.fields[name]
        for value, count in one.values.most_common():
            bare = value and not re.search(r'[\s()|"]', value) and not value.endswith("…")
            if value and not value.endswith("…"):
                yield (value if bare else quote(value)), f"{100 * count // max(1, one.lines)} %"


def _plain(words: Iterable[str]) -> Iterator[tuple[str, str]]:
    return ((word, "") for word in words)


def _fits(name: str, wanted: str) -> bool:
    """Whether a name begins with what was typed, or holds it where that is long enough to mean something."""
    lowered, typed = name.strip('"').lower(), wanted.lower()
    return lowered.startswith(typed) or (len(typed) > 2 and typed in lowered)
