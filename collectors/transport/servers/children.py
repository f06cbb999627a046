"""Programs that run on for a server: bound to our life twice over, with a bounded memory of what they say."""

import asyncio
import contextlib
import os
import re
import signal
import sys
from asyncio.subprocess import DEVNULL, PIPE, STDOUT
from collections.abc import Sequence
from pathlib import Path

from collectors.transport.servers.state import Fault, ServerError
from collectors.transport.spawn import Spawned, spawn

_GUARD = str(Path(__file__).with_name("guard.py"))
_REMEMBERED = 16 * 1024
_PATIENCE = 2.0


def environment() -> dict[str, str]:
    """What the user's own ssh and kubectl see: all that they see by hand, but no window to ask in."""
    # their proxies and plug-ins read variables that we cannot know
    kept = {name: value for name, value in os.environ.items() if name not in ("SSH_ASKPASS", "DISPLAY")}
    return {**kept, "SSH_ASKPASS_REQUIRE": "never", "LC_ALL": "C"}


def bound(argv: Sequence[str]) -> list[str]:
    """The command that gets SIGTERM from the kernel when the calling thread ends."""
    return [sys.executable, "-I", "-S", _GUARD, "bind", str(os.getpid()), *argv]


class Guard:
    """A process of ours that outlives a SIGKILL of the console for half a second, to end what it left.

    Started with the first child; one for all servers.
    """

    def __init__(self) -> None:
        self._process: Spawned | None = None
        self._starting = asyncio.Lock()

    async def watch(self, pid: int) -> None:
        """End the process group ``pid`` when we are gone."""
        async with self._starting:
            if self._process is None or self._process.returncode is not None:
                if self._process is not None:
                    await self._process.end()
                argv = (sys.executable, "-I", "-S", _GUARD, "watch")
                self._process = await spawn(argv, stdin=PIPE, stdout=DEVNULL, stderr=DEVNULL)
        self._tell(f"+{pid}\n")

    def forget(self, pid: int) -> None:
        """The process group has ended."""
        self._tell(f"-{pid}\n")

    async def close(self) -> None:
        """Let it end what is left, and wait for that; never raises."""
        process, self._process = self._process, None
        if process is None or process.stdin is None:
            return
        process.stdin.close()
        process.leave()
        await process.wait()

    def _tell(self, line: str) -> None:
        if self._process is not None and self._process.stdin is not None:
            self._process.stdin.write(line.encode())


class Child:
    """One such program and the last 16 KiB of its complaints, or of all that it says (``whole``)."""

    def __init__(self, process: Spawned, guard: Guard) -> None:
        self._process = process
        self._guard = guard
        self._said = bytearray()
        self._news = asyncio.Event()
        self._count = 0
        self._listening = asyncio.create_task(self._listen())

    @classmethod
    async def start(cls, argv: Sequence[str], guard: Guard, *, whole: bool = False) -> "Child":
        """Start a program, in the thread that lives longest; raises ServerError where it is missing."""
        try:
            process = await spawn(
                bound(argv),
                stdout=PIPE if whole else DEVNULL,
                stderr=STDOUT if whole else PIPE,
                env=environment(),
            )
        except OSError as error:
            raise ServerError(f"{argv[0]} cannot be started: {error.strerror}", fault=Fault.PROGRAM) from None
        child = cls(process, guard)
        try:
            await guard.watch(process.pid)
        except BaseException:
            await child.close()
            raise
        return child

    @property
    def running(self) -> bool:
        """Whether it has not ended yet."""
        return self._process.returncode is None

    @property
    def said(self) -> str:
        """The last of its complaints."""
        return self._said.decode("utf-8", "replace")

    @property
    def count(self) -> int:
        """How many bytes it has said in all."""
        return self._count

    def since(self, count: int) -> str:
        """What it said after that many bytes, as far as that is remembered."""
        new = self._count - count
        return self._said[-new:].decode("utf-8", "replace") if new > 0 else ""

    def forget(self) -> None:
        """Forget what it said so far."""
        self._said.clear()

    async def says(self, pattern: re.Pattern[str], seconds: float) -> re.Match[str] | None:
        """Wait until it has said something that fits; None where it ends without, or takes longer."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while pattern.search(self.said) is None and not self._listening.done():
                    self._news.clear()
                    await self._news.wait()
        return pattern.search(self.said)

    async def ended(self) -> int:
        """Wait for its end; its exit code. What it said is then complete."""
        code = await self._process.wait()
        # a grandchild may hold the pipe open
        await asyncio.wait({self._listening}, timeout=0.5)
        return code

    async def close(self) -> None:
        """End it with all of its process group; never raises, also while we are being cancelled."""
        await asyncio.shield(self._close())

    async def _close(self) -> None:
        self._process.signal(signal.SIGTERM)
        try:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._process.wait(), _PATIENCE)
        finally:
            await self._process.end()
        self._guard.forget(self._process.pid)
        self._listening.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._listening

    async def _listen(self) -> None:
        stream = self._process.stderr or self._process.stdout
        try:
            while stream is not None and (piece := await stream.read(4096)):
                self._count += len(piece)
                self._said = (self._said + piece)[-_REMEMBERED:]
                self._news.set()
        finally:
            asyncio.get_running_loop().call_soon(self._news.set)
