"""Where programs run and files lie: this machine, or a server behind ssh, kubectl or docker."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

OUTPUT_LIMIT = 256 * 1024
"""Bytes of an answer, and of a complaint, where nothing else is asked for."""


@dataclass(frozen=True, slots=True)
class Ran:
    """What a program left: its exit code (negative: the signal), and its two outputs."""

    code: int
    out: bytes
    err: bytes


class ByteStream(Protocol):
    """The output of a program that runs on; close it, and the program is gone, also on the server."""

    async def read(self, most: int = 256 * 1024) -> bytes:
        """The next bytes, at least one; empty at the end. Raises ServerError where the way broke."""
        ...

    async def ended(self) -> Ran:
        """After the end: the exit code and the last 4 KiB of the complaints (``out`` is empty)."""
        ...

    async def close(self) -> None:
        """End the program; never raises."""
        ...


class Host(Protocol):
    """A machine on which programs can be run; arguments go as a list and are never read by a shell of ours.

    Where the way has a remote shell (ssh), each argument is quoted for it.
    """

    @property
    def name(self) -> str:
        """The server's name in the configuration; empty for this machine."""
        ...

    async def run(
        self,
        argv: Sequence[str],
        *,
        timeout: float,  # noqa: ASYNC109 - the words of a time-out need it
        limit: int = OUTPUT_LIMIT,
        given: bytes = b"",
    ) -> Ran:
        """Run a program to its end; ``given`` is its standard input. Whatever happens, it is gone on return.

        Raises UnsupportedError where the program is missing, TimedOutError, AnswerError for more than
        ``limit`` bytes, and ServerError where there is no way to the server.
        """
        ...

    async def stream(self, argv: Sequence[str]) -> ByteStream:
        """Start a program and give its output as it comes; raises as ``run`` does."""
        ...
