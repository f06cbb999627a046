"""How a process ended, in words; pure."""

import os
import signal
from typing import NamedTuple

_ASKED = frozenset({signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT})
"""Signals that ask: a server that ends by one of them may have finished its work before (uvicorn does)."""


class Exit(NamedTuple):
    """``words`` for people; ``killed``: it was not its own doing."""

    words: str
    killed: bool = False


UNKNOWN = Exit("unknown")


def of_status(status: int | None, *, at_deadline: bool) -> Exit:
    """From what waitpid gives; None: nobody told. ``at_deadline``: the grace was over when it ended."""
    if status is None:
        return UNKNOWN
    if os.WIFSIGNALED(status):
        return of_signal(os.WTERMSIG(status), "at the deadline" if at_deadline else "", os.WCOREDUMP(status))
    return Exit(f"code {os.waitstatus_to_exitcode(status)}")


def of_signal(number: int, why: str = "", dumped: bool = False) -> Exit:  # noqa: FBT001, FBT002 - read from a status
    """The end by a signal; ``why`` is said of one that kills."""
    try:
        name = signal.Signals(number).name
    except ValueError:
        name = f"signal {number}"
    if number in _ASKED:
        return Exit(f"ended by {name}")
    told = f"killed by {name} {why}".strip()
    return Exit(f"{told}, core dumped" if dumped else told, killed=True)
