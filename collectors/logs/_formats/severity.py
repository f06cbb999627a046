"""Levels in all their encodings → Severity. Numbers mean something only on a scale."""

from collectors.model.logs import Severity

TRACE, DEBUG, INFO = Severity.TRACE, Severity.DEBUG, Severity.INFO
WARNING, ERROR, CRITICAL = Severity.WARNING, Severity.ERROR, Severity.CRITICAL

_WORDS = {
    TRACE: "trace trc trce silly finest finer t v vrb",
    DEBUG: "debug dbg dbug fine verbose http config d debug1 debug2 debug3 debug4 debug5",
    INFO: "info inf information informational notice note success log default i n",
    WARNING: "warning warn wrn w",
    ERROR: "error err eror severe fail failure e",
    CRITICAL: "critical crit crt fatal ftl alert emerg emergency panic dpanic f c a p",
}
NAMES: dict[str, Severity] = {word: level for level, words in _WORDS.items() for word in words.split()}
"""Every lower-case name."""

Scale = tuple[tuple[float, Severity], ...]
"""Lower bounds in rising order; below the first there is no severity."""

PINO: Scale = ((1, TRACE), (20, DEBUG), (30, INFO), (40, WARNING), (50, ERROR), (60, CRITICAL))
PYTHON: Scale = ((1, TRACE), (10, DEBUG), (20, INFO), (30, WARNING), (40, ERROR), (50, CRITICAL))
OTEL: Scale = ((1, TRACE), (5, DEBUG), (9, INFO), (13, WARNING), (17, ERROR), (21, CRITICAL))
SYSLOG: Scale = ((0, CRITICAL), (3, ERROR), (4, WARNING), (5, INFO), (7, DEBUG))
LOGBACK: Scale = ((1, TRACE), (10_000, DEBUG), (20_000, INFO), (30_000, WARNING), (40_000, ERROR))
GCP: Scale = ((100, DEBUG), (200, INFO), (400, WARNING), (500, ERROR), (600, CRITICAL))
MONOLOG: Scale = ((100, DEBUG), (200, INFO), (300, WARNING), (400, ERROR), (500, CRITICAL))
_SLOG: Scale = ((-99, TRACE), (-4, DEBUG), (0, INFO), (4, WARNING), (8, ERROR), (12, CRITICAL))
_SLOG_BASE = {"debug": -4, "info": 0, "warn": 4, "error": 8}


def by_number(number: float, scale: Scale) -> Severity | None:
    """The severity of ``number`` on ``scale``."""
    found = None
    for bound, level in scale:
        if number < bound:
            break
        found = level
    return found


def guessed_scale(key: str, number: float) -> Scale:
    """The scale of a number where no logger is recognised, by its field and its size."""
    if key.startswith("severity"):
        return OTEL if number <= 24 else GCP
    if number <= 7:
        return SYSLOG
    return PINO if number < 100 else MONOLOG if number < 1000 else LOGBACK


def by_name(word: str, scale: Scale | None = None) -> Severity | None:
    """The severity that a word names: any case, padded, ``INFO+2``, ``Level 25``; digits go by ``scale``."""
    name = word.strip(" []:").lower()
    found = NAMES.get(name)
    if found is not None or not name or len(name) > 24:
        return found
    if name.isdecimal() and name.isascii():
        return by_number(int(name), scale) if scale else None
    for sign in "+-":
        base, _, offset = name.partition(sign)
        if base in _SLOG_BASE and offset.isascii() and offset.isdecimal():
            return by_number(_SLOG_BASE[base] + int(sign + offset), _SLOG)
    if name.startswith("level ") and name[6:].isascii() and name[6:].isdecimal():
        return by_number(int(name[6:]), PYTHON)
    return None


def by_status(status: object) -> Severity | None:
    """The severity of a request that ended with this HTTP status: an error is the server's own."""
    try:
        code = int(str(status)[:4])
    except ValueError:
        return None
    if not 100 <= code < 600:
        return None
    return ERROR if code >= 500 else INFO
