"""This machine as a Host: programs without a shell, a terminal or our environment, gone when nobody waits."""

import asyncio
import contextlib
import os
import signal
from asyncio.subprocess import DEVNULL, PIPE
from collections.abc import Sequence

from collectors.errors import AnswerError, TimedOutError, UnsupportedError
from collectors.transport.host import OUTPUT_LIMIT, ByteStream, Ran
from collectors.transport.spans import span
from collectors.transport.spawn import Spawned, spawn

_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_COMPLAINTS = 4096
_RELAYED = 1.0
"""Seconds in which a program that sudo runs has ended."""


def quiet_environment() -> dict[str, str]:
    """What a program sees of our environment: where programs are, and nothing that could be a secret."""
    # a console under systemd has a PATH that its operator set
    return {"PATH": os.environ.get("PATH", _PATH), "LC_ALL": "C", "SYSTEMD_COLORS": "0"}


class LocalHost:
    """This machine."""

    name = ""

    async def run(
        self,
        argv: Sequence[str],
        *,
        timeout: float,  # noqa: ASYNC109 - the words of a time-out need it
        limit: int = OUTPUT_LIMIT,
        given: bytes = b"",
    ) -> Ran:
        """Run a program to its end; raises as ``Host.run`` says."""
        process = await started(argv, given=bool(given))
        try:
            async with asyncio.timeout(timeout):
                out, err, _ = await asyncio.gather(
                    whole(process.stdout, limit), whole(process.stderr, limit), give(process, given)
                )
                code = await process.wait()
        except TimeoutError:
            raise TimedOutError(
                f"{argv[0]} gave no answer in {span(timeout)}", "is the machine overloaded?"
            ) from None
        finally:
            await _ended(process, by_sudo=_by_sudo(argv))
        return Ran(code, out, err)

    async def stream(self, argv: Sequence[str]) -> ByteStream:
        """Start a program; raises as ``Host.run`` says."""
        return ProcessStream(await started(argv, given=False), by_sudo=_by_sudo(argv))


class ProcessStream:
    """The output of a child process."""

    def __init__(self, process: Spawned, *, by_sudo: bool = False) -> None:
        self._process = process
        self._by_sudo = by_sudo
        self._complaints = bytearray()
        self._listening = asyncio.create_task(self._listen())

    async def read(self, most: int = 256 * 1024) -> bytes:
        """The next bytes; empty at the end."""
        stream = self._process.stdout
        return await stream.read(most) if stream else b""

    async def ended(self) -> Ran:
        """The exit code and the last of the complaints."""
        await self._listening
        return Ran(await self._process.wait(), b"", bytes(self._complaints))

    async def close(self) -> None:
        """Kill it and reap it."""
        await _ended(self._process, by_sudo=self._by_sudo)
        self._listening.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._listening

    async def _listen(self) -> None:
        stream = self._process.stderr
        while stream is not None and (piece := await stream.read(_COMPLAINTS)):
            self._complaints = (self._complaints + piece)[-_COMPLAINTS:]


async def started(argv: Sequence[str], *, given: bool) -> Spawned:
    """Start a program in a session of its own; raises UnsupportedError where that cannot be."""
    try:
        return await spawn(argv, stdin=PIPE if given else DEVNULL, env=quiet_environment())
    except FileNotFoundError:
        raise UnsupportedError(f"there is no {argv[0]} on this machine") from None
    except OSError as error:
        raise UnsupportedError(f"{argv[0]} cannot be started: {error.strerror}") from None


def _by_sudo(argv: Sequence[str]) -> bool:
    return "sudo" in argv[:4]


async def _ended(process: Spawned, *, by_sudo: bool) -> None:
    """End a program with all that it started, also while we are being cancelled."""
    try:
        if process.returncode is None and by_sudo:
            # what sudo runs takes no signal of ours, and sudo hands on those that it can catch
            process.signal(signal.SIGTERM)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_RELAYED):
                    await process.wait()
    finally:
        await process.end()


async def whole(stream: asyncio.StreamReader | None, limit: int) -> bytes:
    """All of a pipe, to its end; raises AnswerError beyond the limit."""
    read = bytearray()
    while stream is not None and (piece := await stream.read(65536)):
        read += piece
        if len(read) > limit:
            raise AnswerError(f"an answer of more than {limit // 1024} KiB")
    return bytes(read)


async def give(process: Spawned, given: bytes) -> None:
    """Write all of its standard input, and close it."""
    if process.stdin is None:
        return
    # a program that ends without reading has heard enough
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):
        process.stdin.write(given)
        await process.stdin.drain()
    process.stdin.close()
