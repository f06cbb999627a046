"""Hands on a server: a signal that is checked and sent by one remote command, and programs run there."""

import asyncio
from collections.abc import Sequence

from collectors.action import RefusedError
from collectors.errors import AnswerError, UnsupportedError
from collectors.text import one_line
from collectors.transport.host import Host
from collectors.transport.write._flocks import Flocks

SIGNALS = ("TERM", "HUP", "QUIT", "USR1")
"""What is sent: none of them ends a process that did not agree to it."""

SIGNAL = r"""
LC_ALL=C; export LC_ALL
name=$1 pid=$2 start=$3 before=$4 boot=
{ read -r boot </proc/sys/kernel/random/boot_id; } 2>/dev/null
[ -n "$boot" ] && [ -n "$before" ] && [ "$boot" != "$before" ] && { echo 'answer gone'; exit 0; }
line=$(cat "/proc/$pid/stat" 2>/dev/null)
set -- ${line##*) }
case $1 in '' | [ZXx]) echo 'answer gone'; exit 0 ;; esac
[ "${20}" = "$start" ] || { echo 'answer gone'; exit 0; }
said=$(kill -s "$name" "$pid" 2>&1) && { echo 'answer done'; exit 0; }
[ -d "/proc/$pid" ] || { echo 'answer gone'; exit 0; }
set -- $(ls -ld "/proc/$pid" 2>/dev/null)
printf 'answer refused %s\n' "$3"
""".lstrip()
"""Sends a signal to a process that still has that start, after that boot. A shell has no handle on a process,
so between its look and its signal, some microseconds, the number could in theory be given to another one."""

FIND = r'for name; do command -v "$name" >/dev/null 2>&1 || printf "lacking %s\n" "$name"; done; echo end'
"""Which of the programs are not there."""


class FarHands:
    """``collectors.hands.ProcessHands`` on a server; nothing is ever sent twice."""

    def __init__(self, host: Host, *, seconds: float) -> None:
        self._host = host
        self._seconds = seconds
        self._locks = Flocks()

    @property
    def server(self) -> str:
        """The server's name."""
        return self._host.name

    async def why_not(self, needs: Sequence[str]) -> str:
        """Which of the programs ``needs`` are not there; empty where all are."""
        if not needs:
            return ""
        ran = await self._host.run(["sh", "-c", FIND, "--", *needs], timeout=self._seconds)
        lines = ran.out.decode("utf-8", "replace").splitlines()
        lacking = [name for name in needs if f"lacking {name}" in lines]
        return f"{', '.join(lacking)} cannot be found on {self.server}" if lacking else ""

    async def signal(self, name: str, pid: int, started: float, boot: str = "") -> str:
        """``done``, ``gone`` or ``refused: why``; see ``ProcessHands.signal``.

        Raises SourceError where the answer did not come, or is none: whether it was sent is not known then.
        """
        if name not in SIGNALS:
            return f"refused: {one_line(name, 20)} is not sent; there are {', '.join(SIGNALS)}"
        if pid <= 1:
            return f"refused: process {pid} is not a service"
        argv = ["sh", "-c", SIGNAL, "--", name, str(int(pid)), str(int(started)), boot]
        ran = await self._host.run(argv, timeout=self._seconds)
        # a login's greeting may come before it
        for line in reversed(ran.out.decode("utf-8", "replace").splitlines()):
            verdict, _, owner = line.removeprefix("answer ").partition(" ")
            if line.startswith("answer ") and verdict in ("done", "gone", "refused"):
                if verdict != "refused":
                    return verdict
                whose = f"belongs to {one_line(owner, 40)}" if owner else "may not be signalled"
                return f"refused: process {pid} on {self.server} {whose}"
        raise AnswerError(
            f"{self.server} did not say whether it sent {name}", one_line(ran.err or ran.out, 160)
        )

    async def run(self, argv: Sequence[str], seconds: float) -> tuple[int, bytes]:
        """Exit status and what was said; see ``ProcessHands.run``.

        At the time-out the way to it is closed, and it may run on there.
        """
        try:
            ran = await self._host.run(list(argv), timeout=seconds)
        except UnsupportedError as error:
            raise RefusedError(f"{self.server}: {error.why}", error.hint) from None
        return ran.code, ran.out + ran.err

    async def hold(self, name: str, who: str, seconds: float) -> str | None:  # noqa: ARG002 - the kernel ends it with us
        """Take a file lock of this machine: it keeps apart this user's consoles here, not those elsewhere."""
        return await asyncio.to_thread(self._locks.take, name, who)

    async def let_go(self, name: str, who: str) -> None:  # noqa: ARG002 - only ours can be let go
        """Give the lock back, if it is ours."""
        await asyncio.to_thread(self._locks.give, name)

    async def close(self) -> None:
        """Give all locks back; never raises."""
        self._locks.close()
