"""``systemctl show`` as values, and what they say of a unit's life; pure."""

import re
from dataclasses import dataclass

from collectors.drains.process.exits import UNKNOWN, Exit, of_signal
from collectors.errors import AnswerError, SourceError, UnreachableError, UnsupportedError
from collectors.model.drains import Phase
from collectors.text import one_line
from collectors.transport.read.exec import Output

_SPAN = re.compile(r"(\d+(?:\.\d+)?)\s*(y|month|w|d|h|min|s|ms|us)")
_FACTORS = {
    "y": 365.25 * 86400, "month": 30.4375 * 86400, "w": 7 * 86400.0, "d": 86400.0, "h": 3600.0, "min": 60.0,
    "s": 1.0, "ms": 1e-3, "us": 1e-6,
}  # fmt: skip
_PHASES = {
    "active": Phase.SERVING,
    "reloading": Phase.SERVING,
    "refreshing": Phase.SERVING,
    "activating": Phase.NOT_READY,
    "deactivating": Phase.STOPPING,
    "inactive": Phase.EXITED,
    "failed": Phase.EXITED,
    "maintenance": Phase.NOT_READY,
}
_EXITED, _KILLED, _DUMPED = 1, 2, 3
"""CLD_EXITED, CLD_KILLED and CLD_DUMPED of waitid(2): what ExecMainCode holds."""

_WHY = {"timeout": "at the deadline", "oom-kill": "for want of memory", "watchdog": "by its watchdog"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    """One unit. ``since``, ``ended``: CLOCK_MONOTONIC seconds of its last change and its last end.

    ``word`` is what ``systemctl status`` shows; ``grace``: seconds until SIGKILL, None for never.
    ``exit`` is None where it never ran or its main process runs.
    """

    word: str
    phase: Phase
    main_pid: int
    since: float | None
    ended: float | None
    grace: float | None
    restarts: int
    exit: Exit | None


def unit_of(output: Output, name: str) -> Unit:
    """The unit that systemctl tells of; raises SourceError where it tells of none."""
    if output.code != 0:
        raise _refused(output)
    told = dict(line.split("=", 1) for line in output.out.splitlines() if "=" in line)
    if "ActiveState" not in told:
        raise AnswerError("systemctl told nothing of it", f"try `systemctl show {name}` by hand")
    if told.get("LoadState") == "not-found":
        raise UnreachableError("no such unit", f"systemd on this machine knows no {name}")
    main_pid = _number(told.get("MainPID"))
    word = f"{told['ActiveState']} ({told.get('SubState', '')})"
    if told["ActiveState"] == "failed" and told.get("Result"):
        word = f"failed ({told['Result']})"
    return Unit(
        word=word,
        phase=_PHASES.get(told["ActiveState"], Phase.UNKNOWN),
        main_pid=main_pid,
        since=_moment(told.get("StateChangeTimestampMonotonic")),
        ended=_moment(told.get("InactiveEnterTimestampMonotonic")),
        grace=None if told.get("SendSIGKILL") == "no" else span_of(told.get("TimeoutStopUSec", "")),
        restarts=_number(told.get("NRestarts")),
        exit=None if main_pid else _exit(told),
    )


def span_of(text: str) -> float | None:
    """Seconds of systemd's "1min 30s"; None for "infinity" and for what is no span."""
    found = _SPAN.findall(text)
    if not found or _SPAN.sub("", text).strip():
        return None
    return sum(float(value) * _FACTORS[unit] for value, unit in found)


def _exit(told: dict[str, str]) -> Exit | None:
    if _number(told.get("ExecMainStartTimestampMonotonic")) == 0:
        return None
    code, status = _number(told.get("ExecMainCode")), _number(told.get("ExecMainStatus"))
    if code == _EXITED:
        return Exit(f"code {status}")
    if code in (_KILLED, _DUMPED):
        return of_signal(status, _WHY.get(told.get("Result", ""), ""), code == _DUMPED)
    return UNKNOWN


def _refused(output: Output) -> SourceError:
    said = one_line(output.err or output.out or f"exit code {output.code}", 160)
    if "not been booted with systemd" in said or "connect to" in said:
        return UnsupportedError(f"no systemd to ask: {said}", "name the process by `pid_file` or `port`")
    return AnswerError(f"systemctl: {said}")


def _number(text: str | None) -> int:
    return int(text) if text and text.isdigit() and len(text) < 20 else 0


def _moment(text: str | None) -> float | None:
    """Seconds of a timestamp in microseconds; 0 stands for never."""
    return _number(text) / 1e6 or None
