"""Hands on this machine: signals that cannot hit a reused pid, and programs run without a shell."""

import asyncio
import contextlib
import os
import pwd
import signal
from collections.abc import Mapping, Sequence
from pathlib import Path
from shutil import which
from typing import Any

from collectors.action import RefusedError
from collectors.base import Collector
from collectors.errors import TimedOutError
from collectors.hands import THIS_MACHINE
from collectors.secret import Secret
from collectors.text import one_line
from collectors.transport.read.processes import boot_here, same_boot
from collectors.transport.spawn import Spawned, spawn
from collectors.transport.write._far import FarHands
from collectors.transport.write._flocks import Flocks
from collectors.transport.write._said import Said

SIGNALS = {
    "TERM": signal.SIGTERM,
    "HUP": signal.SIGHUP,
    "QUIT": signal.SIGQUIT,
    "USR1": signal.SIGUSR1,
}
"""What is sent: none of them ends a process that did not agree to it."""

GRACE = 5.0
"""Seconds that a program of ours has, after TERM, until its process group is killed."""

AFTER_KILL = 5.0
"""Seconds until a killed program that is still there is said to be."""

PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
"""Where programs are looked for, whatever the console's own environment says."""


def clean_environment(more: Mapping[str, Secret] | None = None) -> dict[str, str]:
    """The variables of a program that we start: the few that most need, and ``more``; no other of our own."""
    kept = {name: os.environ[name] for name in ("HOME", "USER", "LOGNAME") if name in os.environ}
    given = {name: value.reveal() for name, value in (more or {}).items()}
    return {"PATH": PATH, "LANG": "C.UTF-8", **kept, **given}


def find_program(name: str, environment: Mapping[str, str]) -> str | None:
    """The file that a program's name stands for in that environment; None where there is none."""
    return which(name, path=environment.get("PATH", PATH))


class Hands:
    """``collectors.hands.ProcessHands``; ``env`` is what its programs get besides the standard variables."""

    def __init__(self, env: Mapping[str, Secret] | None = None, *, grace: float = GRACE) -> None:
        self._env = dict(env or {})
        self._grace = grace
        self._locks = Flocks()

    @property
    def server(self) -> str:
        """This machine, in words."""
        return THIS_MACHINE

    async def why_not(self, needs: Sequence[str]) -> str:
        """Which of the programs ``needs`` are not here; empty where all are."""
        environment = clean_environment(self._env)
        lacking = [need for need in needs if await asyncio.to_thread(find_program, need, environment) is None]
        return f"{', '.join(lacking)} cannot be found on this machine" if lacking else ""

    async def signal(self, name: str, pid: int, started: float, boot: str = "") -> str:
        """``done``, ``gone`` or ``refused: why``; see ``ProcessHands.signal``.

        A user other than root may signal his own processes alone; root may all but the console and init.
        """
        if name not in SIGNALS:
            return f"refused: {one_line(name, 20)} is not sent; there are {', '.join(SIGNALS)}"
        if pid <= 1 or pid == os.getpid():
            return f"refused: process {pid} is {'this console' if pid == os.getpid() else 'not a service'}"
        if not same_boot(boot, boot_here()):
            return "gone"
        # Not in a thread: /proc does not wait, and whoever cancels this knows whether the signal was sent.
        answer = _signal(SIGNALS[name], pid, int(started))
        return answer or f"refused: process {pid} belongs to {await asyncio.to_thread(_owner, pid)}"

    async def run(self, argv: Sequence[str], seconds: float) -> tuple[int, bytes]:
        """Exit status and what was said; see ``ProcessHands.run``.

        The program is in a group of its own, without terminal and input, in ``/``. At the time-out, and
        where the run is cancelled, the group gets TERM, and after the grace the group of this our own child
        is killed. What the program left running with its output open is not waited for.
        """
        said = Said()
        try:
            process = await self._start(argv, said)
            try:
                async with asyncio.timeout(seconds):
                    status = await process.wait()
            except TimeoutError:
                how = await self._end(process)
                words = f"{one_line(argv[0], 80)} did not end within {seconds:g} s: {how}"
                raise TimedOutError(words, said.last_line()) from None
            except BaseException:
                await self._end(process)
                raise
            finally:
                process.leave()
            return status, said.bytes()
        finally:
            said.close()

    async def hold(self, name: str, who: str, seconds: float) -> str | None:  # noqa: ARG002 - the kernel ends it with us
        """Take a file lock: it keeps apart this user's consoles on this machine, and ends with its holder."""
        return await asyncio.to_thread(self._locks.take, name, who)

    async def let_go(self, name: str, who: str) -> None:  # noqa: ARG002 - only ours can be let go
        """Give the lock back, if it is ours."""
        await asyncio.to_thread(self._locks.give, name)

    async def close(self) -> None:
        """Give all locks back; never raises."""
        self._locks.close()

    async def _start(self, argv: Sequence[str], said: "Said") -> Spawned:
        try:
            # without a pipe there is nothing in it that could be cancelled
            process = await spawn(
                argv, stdout=said.writing, stderr=said.writing, env=clean_environment(self._env)
            )
        except (OSError, ValueError) as error:
            why = error.strerror if isinstance(error, OSError) else error
            raise RefusedError(
                f"{one_line(argv[0], 80)} cannot be run: {why}", "check the program's path"
            ) from None
        said.listen()
        return process

    async def _end(self, process: Spawned) -> str:
        """End our child and its group; how, in words.

        The group is signalled only while the child is not reaped: its number cannot be another's till then.
        """
        said = "it ended meanwhile"
        for number, patience, words in (
            (signal.SIGTERM, self._grace, "it was sent TERM"),
            (signal.SIGKILL, AFTER_KILL, f"it was sent TERM, and killed {self._grace:g} s later"),
        ):
            if process.returncode is not None:
                return said
            try:
                os.killpg(process.pid, number)
            except ProcessLookupError:
                return said
            except PermissionError:
                said = "it is another user's by now, and may not be ended"
                break
            said = f"{words}, and ended" if number == signal.SIGTERM else words
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(patience):
                    await process.wait()
                    return said
        return f"{said}; it runs on as process {process.pid}"


async def open_hands(collector: Collector[Any]) -> "Hands | FarHands":
    """Hands on the collector's machine: this one, or its server, to which nothing is sent yet."""
    context = collector.context
    return FarHands(context.host, seconds=context.timeout) if context.server else Hands()


def started_at(pid: int) -> int | None:
    """When a process started, in clock ticks since boot; None where it is gone, or has ended unreaped."""
    try:
        # the name, in brackets, may itself hold brackets and blanks
        fields = Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()
    except OSError:
        return None
    return None if fields[0] in (b"Z", b"X") else int(fields[19])


def _signal(number: signal.Signals, pid: int, started: int) -> str:
    """Empty for want of rights. The pidfd stands for one process for ever: its start is looked up after."""
    try:
        handle = os.pidfd_open(pid)
    except ProcessLookupError:
        return "gone"
    except OSError as error:
        return f"refused: {error.strerror}"
    try:
        if started_at(pid) != started:
            return "gone"
        signal.pidfd_send_signal(handle, number)
    except ProcessLookupError:
        return "gone"
    except PermissionError:
        return ""
    except OSError as error:
        return f"refused: {error.strerror}"
    finally:
        os.close(handle)
    return "done"


def _owner(pid: int) -> str:
    try:
        number = Path(f"/proc/{pid}").stat().st_uid
        return pwd.getpwuid(number).pw_name
    except KeyError:
        return f"user {number}"
    except OSError:
        return "another user"
