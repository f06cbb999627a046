"""One way to start a child: ours from its first moment, and gone with its group whoever holds its pipes.

asyncio's own, when it is cancelled before it returns, and in Python 3.11 at each ``wait``, waits for the end
of the pipes, which a grandchild may hold open for ever.
"""

import asyncio
import contextlib
import os
import signal
import subprocess
from asyncio.subprocess import DEVNULL, PIPE
from collections.abc import Mapping, Sequence
from typing import IO

LIMIT = 64 * 1024
"""Bytes that wait in a pipe's reader before the child has to."""

AFTER_KILL = 5.0
"""Seconds for what was killed to be gone; what the kernel holds on to, or another user's, is left alone."""


class _Child(subprocess.Popen[bytes]):
    """Says nothing of a child that was given up on purpose and ends later than we do."""

    left = False

    def __del__(self) -> None:
        if not self.left:
            super().__del__()


class Spawned:
    """A running child in a session, and so a group, of its own; belongs to one event loop.

    ``returncode``: None while it runs, negative for a signal. ``stdin``, ``stdout`` and ``stderr`` are None
    where no pipe was asked for. Its owner calls ``end`` or ``leave``: till then its number stays its own.
    """

    def __init__(self, popen: _Child) -> None:
        self.pid = popen.pid
        self.returncode: int | None = None
        self.stdin: asyncio.StreamWriter | None = None
        self.stdout: asyncio.StreamReader | None = None
        self.stderr: asyncio.StreamReader | None = None
        self._popen = popen
        self._loop = asyncio.get_running_loop()
        self._writing: asyncio.WriteTransport | None = None
        self._reading: list[asyncio.ReadTransport] = []
        self._exited = asyncio.Event()
        self._over = False
        self._reaped = False
        self._handle = os.pidfd_open(popen.pid)
        self._loop.add_reader(self._handle, self._see)

    async def connect(self, limit: int) -> None:
        """Make readers and a writer of the pipes."""
        if self._popen.stdin is not None:
            protocol = asyncio.StreamReaderProtocol(asyncio.StreamReader())
            self._writing, _ = await self._loop.connect_write_pipe(lambda: protocol, self._popen.stdin)
            self.stdin = asyncio.StreamWriter(self._writing, protocol, None, self._loop)
        self.stdout = await self._reader(self._popen.stdout, limit)
        self.stderr = await self._reader(self._popen.stderr, limit)

    async def wait(self) -> int:
        """Wait for its end, whoever holds its pipes; its exit code."""
        await self._exited.wait()
        return self.returncode or 0

    async def told(self) -> tuple[bytes, bytes]:
        """All of both outputs, once it and all who hold them have ended."""
        out, err, _ = await asyncio.gather(_all(self.stdout), _all(self.stderr), self.wait())
        return out, err

    def signal(self, number: signal.Signals) -> None:
        """Signal its group, also after its own end; nothing once it is reaped."""
        if not self._reaped:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.pid, number)

    def leave(self) -> None:
        """Let it end by itself, and be reaped then."""
        self._over = self._popen.left = True
        if self.returncode is not None:
            self._reap()

    async def end(self) -> None:
        """Kill what is left of its group, let go of its pipes, and reap it.

        All but the wait for its end is done before this can be cancelled.
        """
        self.signal(signal.SIGKILL)
        self._let_go()
        self.leave()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(AFTER_KILL):
                await self._exited.wait()

    async def _reader(self, pipe: IO[bytes] | None, limit: int) -> asyncio.StreamReader | None:
        if pipe is None:
            return None
        reader = asyncio.StreamReader(limit)
        transport, _ = await self._loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), pipe)
        self._reading.append(transport)
        return reader

    def _let_go(self) -> None:
        writing = self._writing
        # a second abort is an error in asyncio
        if writing is not None and (not writing.is_closing() or writing.get_write_buffer_size()):
            writing.abort()
        for transport in self._reading:
            transport.close()
        for pipe in (self._popen.stdin, self._popen.stdout, self._popen.stderr):
            if pipe is not None:
                pipe.close()

    def _see(self) -> None:
        """Take note of its end, and leave it to be reaped: till then no other process gets its number."""
        try:
            told = os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT)
        except ChildProcessError:
            self.returncode = 255  # somebody else has reaped it, as where SIGCHLD is ignored
        else:
            if told is None:
                return
            self.returncode = told.si_status if told.si_code == os.CLD_EXITED else -told.si_status
        self._loop.remove_reader(self._handle)
        os.close(self._handle)
        self._exited.set()
        if self._over:
            self._reap()

    def _reap(self) -> None:
        self._reaped = True
        self._popen.poll()


async def spawn(
    argv: Sequence[str],
    *,
    env: Mapping[str, str] | None = None,
    stdin: int = DEVNULL,
    stdout: int = PIPE,
    stderr: int = PIPE,
    limit: int = LIMIT,
) -> Spawned:
    """Start a program in ``/``, in a session of its own; cancelled at any moment it leaves nothing.

    ``env`` is all of its environment, ours if None. Raises OSError, and ValueError for a null in an argument.
    """
    child = _forked(argv, env, (stdin, stdout, stderr))
    try:
        await child.connect(limit)
    except BaseException:
        await child.end()
        raise
    return child


def _forked(argv: Sequence[str], env: Mapping[str, str] | None, files: tuple[int, int, int]) -> Spawned:
    popen = _Child(
        argv,
        bufsize=0,
        stdin=files[0],
        stdout=files[1],
        stderr=files[2],
        env=env,
        cwd="/",
        start_new_session=True,
    )
    try:
        return Spawned(popen)
    except BaseException:
        # without a handle it could not be followed
        with popen:
            os.killpg(popen.pid, signal.SIGKILL)
        raise


async def _all(stream: asyncio.StreamReader | None) -> bytes:
    return b"" if stream is None else await stream.read()
