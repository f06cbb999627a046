"""Scripts that keep no ssh alive beyond the console; run by path, with the standard library alone.

``python -I -S guard.py bind PARENT COMMAND…`` asks the kernel for SIGTERM when the parent's thread ends, and
becomes the command. A script instead of ``preexec_fn`` (which runs Python between fork and exec, unsafe
beside threads) and of ``setpriv --pdeathsig`` (which not every system has).

``python -I -S guard.py watch`` reads ``+PID`` and ``-PID`` lines; when its standard input ends, it ends the
process groups that are left. The kernel's signal is not inherited: without this, the ``ssh -W`` of a jump
host that hangs would live on until its own time-out, and a master that a login left, for ever.
"""

import ctypes
import os
import signal
import sys
import time
from pathlib import Path

PR_SET_PDEATHSIG = 1
PATIENCE = 0.5
"""Seconds from SIGTERM to SIGKILL."""


def born(pid: int) -> str:
    """The start time of a process, empty where there is none: a number may belong to another one by now."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19]
    except (OSError, IndexError):
        return ""


def bind(arguments: list[str]) -> None:
    """Bind our life to the parent's thread, then become the command; the process id stays."""
    parent, command = int(arguments[0]), arguments[1:]
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
    if os.getppid() == parent:
        os.execvp(command[0], command)  # noqa: S606 - no shell is wanted; the caller chose the program


def watch() -> None:
    """Remember process groups until our standard input ends, then end them."""
    # Ctrl+C on the console's terminal is the console's affair
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    groups: dict[int, str] = {}
    for line in sys.stdin:
        number = int(line[1:])
        if line[0] == "+":
            groups[number] = born(number)
        else:
            groups.pop(number, None)
    tell(groups, signal.SIGTERM)
    until = time.monotonic() + PATIENCE
    while groups and time.monotonic() < until:
        time.sleep(0.02)
        tell(groups, 0)
    tell(groups, signal.SIGKILL)


def tell(groups: dict[int, str], number: int) -> None:
    """Signal each group; those that are not there any more are dropped."""
    for pid, start in tuple(groups.items()):
        try:
            # a group lives on under its number after its first process has ended
            if born(pid) not in (start, ""):
                del groups[pid]
            else:
                os.killpg(pid, number)
        except OSError:
            del groups[pid]


if __name__ == "__main__":
    if sys.argv[1] == "bind":
        bind(sys.argv[2:])
    else:
        watch()
