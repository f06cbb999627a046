"""Plain text: the heads that servers and loggers put before a message.

Every expression is anchored and made of classes that exclude what follows them, so that matching
takes linear time; none sees more than ``HEAD`` characters.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from collectors.logs._formats import instant
from collectors.logs._formats.severity import SYSLOG, by_name, by_number, by_status
from collectors.model.logs import Severity

HEAD = 1024
"""Characters of a line within which its head is looked for."""

_ZONE = rf"(?: ?(?:Z|[+-]\d\d(?::?\d\d)?)(?!\w)| (?:{instant.ZONE_NAMES})(?!\w))?"
_ISO = rf"\d{{4}}[-/]\d\d[-/]\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d{{1,9}})?{_ZONE}"
_MONTH = "(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)"
_LEVELS = (
    "TRACE|DEBUG[1-5]?|INFO|INFORMATION|NOTICE|SUCCESS|WARN(?:ING)?|ERR(?:OR)?|SEVERE|CRIT(?:ICAL)?"
    "|FATAL|ALERT|EMERG|PANIC|DPANIC"
)
_LOWER = (
    "(?:[Tt]race|[Dd]ebug|[Ii]nfo|notice|success|[Ww]arn(?:ing)?"
    "|[Ee]rr(?:or)?|[Cc]rit(?:ical)?|[Ff]atal|panic)"
)


def _redis_level(mark: str) -> Severity | None:
    return {".": Severity.DEBUG, "-": Severity.DEBUG, "*": Severity.INFO, "#": Severity.WARNING}.get(mark)


def _priority_level(priority: str) -> Severity | None:
    return by_number(int(priority) & 7, SYSLOG)


@dataclass(frozen=True, slots=True)
class Shape:
    """A head: groups ``time``, ``level``, ``message`` tell these, all others are fields.

    Without a group ``message`` the message is what follows the head. ``begins``: the beginnings
    (``beginning_of``) that it may have, empty for any. ``holds`` stands in every line that has it.
    """

    name: str
    pattern: re.Pattern[str]
    when: instant.Reader
    level: Callable[[str], Severity | None]
    begins: frozenset[str]
    holds: str


_DATE, _DIGIT = "0-", "0"
_DIGITS = frozenset("0123456789")
_MONTHS = frozenset("JFMASOND")


def beginning_of(text: str) -> str:
    """The beginning of a line by which most shapes are told from it: a date, a digit, any other character."""
    first = text[:1]
    if first in _DIGITS:
        return _DATE if text[4:5] in ("-", "/") else _DIGIT
    return first


def _shape(
    name: str,
    pattern: str,
    when: instant.Reader = instant.of_iso,
    level: Callable[[str], Severity | None] = by_name,
    *,
    begins: Iterable[str] = (_DATE,),
    holds: str = "",
) -> Shape:
    return Shape(name, re.compile(pattern), when, level, frozenset(begins), holds)


SHAPES: tuple[Shape, ...] = (
    _shape(
        "loguru",
        rf"(?P<time>{_ISO}) \| (?P<level>\w{{1,12}}) {{0,8}}\| (?P<logger>[^\s:]{{1,200}}):"
        r"(?P<function>[^\s:]{1,200}):(?P<line>\d{1,9}) - ",
        holds=" | ",
    ),
    _shape(
        "postgres",
        rf"(?P<time>{_ISO})"
        r"(?: \[|:(?P<client>[\w.:-]{0,60}\(\d{1,5}\)|\[local\])?:(?P<login>[^\s:]{1,200}):\[)"
        r"(?P<pid>\d{1,9})(?:-\d{1,9})?\]:? {0,2}(?P<session>[^\s:]{1,200} )?"
        r"(?P<level>LOG|INFO|NOTICE|WARNING|ERROR|FATAL|PANIC|DEBUG[1-5]|"
        r"STATEMENT|DETAIL|HINT|CONTEXT|QUERY|LOCATION):  ",
        holds="]",
    ),
    _shape(
        "log4j",
        rf"(?P<time>{_ISO}) \[(?P<thread>[^\]]{{1,120}})\] (?P<level>[A-Z]{{3,8}}) {{1,5}}"
        r"(?P<logger>[\w.$]{1,200}) - ",
        holds="] ",
    ),
    _shape(
        "structlog",
        rf"(?!\d{{4}}/)(?P<time>{_ISO}) \[(?P<level>[a-z]{{1,12}}) {{0,12}}\] ",
        holds="] ",
    ),
    _shape(
        "zap",
        rf"(?P<time>{_ISO})\t(?P<level>[A-Z]{{3,8}})\t(?:(?P<logger>[\w.-]{{1,200}})\t)?"
        r"(?P<caller>[^\s:]{1,200}:\d{1,9})\t",
        holds="\t",
    ),
    _shape(
        "nginx",
        rf"(?P<time>{_ISO}) \[(?P<level>\w{{1,12}})\] (?P<pid>\d{{1,9}})#\d{{1,9}}: "
        r"(?:\*(?P<connection>\d{1,12}) )?",
        holds="#",
    ),
    _shape(
        "apache",
        rf"\[(?P<time>[A-Z][a-z]{{2}} {_MONTH} [ \d]\d \d\d:\d\d:\d\d(?:\.\d{{1,9}})? \d{{4}})\] "
        r"\[(?:(?P<logger>[\w.-]{0,60}):)?(?P<level>[a-z]{1,12}\d?)\] "
        r"(?:\[pid (?P<pid>\d{1,9})[^\]]{0,40}\] )?",
        instant.of_apache,
        begins="[",
        holds="] ",
    ),
    _shape(
        "access",
        r"(?:[\w.-]{1,120}:\d{1,5} )?(?P<client>[^\s\[]{1,120}) [^\s\[]{1,120} (?P<user>[^\s\[]{1,120}) "
        rf"\[(?P<time>\d\d/{_MONTH}/\d{{4}}:\d\d:\d\d:\d\d [+-]\d{{4}})\] "
        r'"(?P<message>(?:[^"\\]|\\.){0,800})" (?P<level>\d{3}) (?P<size>\d{1,15}|-)'
        r'(?: "(?P<referer>[^"\\]{0,400})" "(?P<agent>(?:[^"\\]|\\.){0,400})")?(?: (?P<more>[^\n]{1,200}))?',
        instant.of_clf,
        by_status,
        begins=(),
        holds='] "',
    ),
    _shape(
        "redis",
        r"(?P<pid>\d{1,9}):(?P<role>[A-Z]) "
        rf"(?P<time>\d{{1,2}} {_MONTH} \d{{4}} \d\d:\d\d:\d\d\.\d{{3}}) (?P<level>[.\-*#]) ",
        instant.of_redis,
        _redis_level,
        begins=(_DIGIT,),
    ),
    _shape(
        "klog",
        r"(?P<level>[IWEF])(?P<time>\d{4} \d\d:\d\d:\d\d\.\d{6}) {1,8}(?P<thread>\d{1,9}) "
        r"(?P<caller>[^\s:\]]{1,200}:\d{1,9})\] ",
        instant.of_klog,
        begins="IWEF",
        holds="] ",
    ),
    _shape(
        "syslog",
        rf"<(?P<level>\d{{1,3}})>(?P<time>{_MONTH} [ \d]\d \d\d:\d\d:\d\d) (?P<host>[^\s:]{{1,200}}) "
        r"(?P<logger>[^\s:\[]{1,64})(?:\[(?P<pid>\d{1,9})\])?: ?",
        instant.of_rfc3164,
        _priority_level,
        begins="<",
    ),
    _shape(
        "syslog",
        rf"(?P<time>{_MONTH} [ \d]\d \d\d:\d\d:\d\d) (?P<host>[^\s:]{{1,200}}) "
        r"(?P<logger>[^\s:\[]{1,64})(?:\[(?P<pid>\d{1,9})\])?: ?",
        instant.of_rfc3164,
        begins=_MONTHS,
    ),
    _shape(
        "syslog",
        rf"<(?P<level>\d{{1,3}})>(?P<version>\d) (?P<time>{_ISO}|-) (?P<host>\S{{1,255}}) "
        r"(?P<logger>\S{1,48}) (?P<pid>\S{1,128}) (?P<id>\S{1,32}) (?=-|\[)",
        instant.of_iso,
        _priority_level,
        begins="<",
    ),
    _shape(
        "syslog",
        rf"(?P<time>{_ISO}) (?:(?P<host>[\w.-]{{1,200}}) )?"
        r"(?P<logger>[\w./-]{1,64})\[(?P<pid>[\w.-]{1,32})\]: ",
        holds="]: ",
    ),
    _shape("stdlib", rf"(?P<level>{_LEVELS}):(?P<logger>[\w.-]{{1,200}}):", begins="TDINSWECFAP"),
    _shape(
        "rq",
        r"(?P<time>\d\d:\d\d:\d\d(?:[.,]\d{1,6})?) (?!\|)(?:(?P<level>" + _LEVELS + r")[: ]{1,6})?",
        instant.of_clock,
        begins=(_DIGIT,),
    ),
)

_COMMON = re.compile(rf"{_ISO} [A-Za-z](?!\S{{0,200}}(?: \S{{0,64}})?\[)")
_USUAL = re.compile(
    # a common line, or one with two blanks behind its time, as no shape has them
    rf"({_ISO}) (?: |(?=[A-Za-z](?!\S{{0,200}}(?: \S{{0,64}})?\[)))({_LEVELS})(?![\w=-])"
)
_TIMED = re.compile(rf"\[?(?P<time>{_ISO})\]?")
# between time and level stand names of hosts, processes and threads: bracketed, or with a digit or a mark
_BARE = r"(?=[A-Za-z_]{0,60}[\d.:/=\[-])[^\s\[|][^\s|]{0,60}+"
_TOKENS = rf"(?P<source>(?:(?:\[[^\]\n]{{0,60}}\]|{_BARE})[ \t|]{{1,8}}){{0,3}}?)"
_LEVEL = re.compile(
    rf"[ \t|,-]{{0,8}}{_TOKENS}[\[(<]?"
    rf"(?:(?P<level>{_LEVELS})(?![\w=-])|(?P<lower>{_LOWER})(?=\s{{0,8}}[\]:|]))[ \t:|\])>-]{{0,12}}"
)
_LEADING = re.compile(
    rf"\[?(?:(?P<level>{_LEVELS}|{_LOWER})(?:\s{{0,8}}\]|(?=\s{{0,8}}:))[\s:]{{1,12}}"
    rf"|(?P<upper>{_LEVELS})[ \t]{{1,8}})"
)
_SOURCE = re.compile(r"(?P<logger>[A-Za-z_][\w$]{0,60}(?:\.[\w$]{1,60}){1,8})(?: - |: )")
_OBJECT = re.compile(rf"[ \t:|\])>-]{{0,12}}(?:{_SOURCE.pattern})?\{{")


def is_common(text: str) -> bool:
    """Whether a time and a bare word begin the text, and no name with a bracket follows.

    None of the shapes fits such a line, and no other is so frequent.
    """
    return _COMMON.match(text) is not None


@dataclass(frozen=True, slots=True)
class Head:
    """A head found: its shape's name, what it told, and where the message begins and ends."""

    name: str
    time: float | None
    severity: Severity | None
    fields: tuple[tuple[str, str], ...]
    start: int
    end: int | None = None


def match(shape: Shape, text: str, now: float) -> tuple[re.Match[str], float | None] | None:
    """What the shape's expression finds in ``text``, and the time; None where that cannot be true."""
    found = shape.pattern.match(text)
    if found is None:
        return None
    time, stamp = None, found.groupdict().get("time") or "-"
    if stamp != "-":
        time = shape.when(stamp, now)
        if time is None:
            return None
    return found, time


def head_of(shape: Shape, found: re.Match[str], time: float | None) -> Head:
    """The head that the shape's expression found; ``time`` is read already."""
    groups = {name: value for name, value in found.groupdict().items() if value}
    groups.pop("time", None)
    level = groups.pop("level", "")
    severity = shape.level(level) if level else None
    start, end = found.end(), None
    if "message" in groups:
        start, end = found.span("message")
        del groups["message"]
        groups["status"] = level
    return Head(
        shape.name,
        time,
        severity,
        tuple((key, value.strip()) for key, value in groups.items() if value != "-"),
        start,
        end,
    )


def usual(text: str) -> re.Match[str] | None:
    """Stamp and level, as groups 1 and 2, of a line whose level follows at once; no shape fits such a line.

    But the shape that is tried first must be tried first here too.
    """
    return _USUAL.match(text, 0, HEAD)


def may_carry(text: str, end: int) -> bool:
    """Whether the message of a line without a shape may be an object; ``end`` is that of its level."""
    return _OBJECT.match(text, end) is not None


def parts(text: str, when: instant.Reader, now: float) -> tuple[float | None, re.Match[str] | None, int]:
    """The time of a line that has no shape, what tells its level, and where the latter is looked for."""
    time, start = None, 0
    stamp = _TIMED.match(text)
    if stamp is not None:
        time = when(stamp["time"], now)
        start = stamp.end() if time is not None else 0
    return time, (_LEVEL if time is not None else _LEADING).match(text, start), start


def level_word(found: re.Match[str]) -> str:
    """The word that tells the level of a line without a shape."""
    # the group of the level ends last
    return found[found.lastindex or 0]


def general(text: str, now: float) -> Head | None:
    """The head of a logger that nobody named: a time, a level, or both; None where there is neither."""
    fields: list[tuple[str, str]] = []
    time, level, start = parts(text, instant.of_iso, now)
    if level is None and time is None:
        return None
    severity = None
    if level is not None:
        told = level.groupdict()
        if source := (told.pop("source", None) or "").strip(" \t|"):
            fields.append(("source", source))
        severity = by_name(level_word(level))
        start = level.end()
    logger = _SOURCE.match(text, start)
    if logger is not None:
        fields.append(("logger", logger["logger"]))
        start = logger.end()
    return Head("text", time, severity, tuple(fields), start)


def message_of(text: str, shape: Shape | None) -> str:
    """The message of a line of which it is known that it has this head, without the rest that it tells."""
    if shape is not None:
        found = shape.pattern.match(text, 0, HEAD)
        if found is None:
            return text.strip()
        said = found["message"] if "message" in shape.pattern.groupindex else ""
        return (said or text[found.end() :]).strip()
    _, level, start = parts(text[:HEAD], instant.of_iso, 0.0)
    start = start if level is None else level.end()
    logger = _SOURCE.match(text, start, HEAD)
    return text[start if logger is None else logger.end() :].strip()
