"""A program that runs on and prints lines, as a source: what it wrote waits here until it is taken."""

import asyncio
from collections import deque

from collectors.errors import AccessError, AnswerError, SourceError
from collectors.transport.host import ByteStream, Host, Ran
from collectors.transport.read.files import PARTIAL_HELD
from collectors.transport.read.files_lines import LINE_CAP, Line, LineSplitter
from collectors.transport.read.source import Got, Place, SourceState, SourceStatus

PIECE = 256 * 1024
BUFFERED = 8 * 1024 * 1024
"""Bytes that wait here at most; then the program waits."""


class ProgramSource:
    """What one program prints, from one start to the next.

    ``partial``: what stands without a newline at the end, or for a while, counts as a line.
    """

    def __init__(
        self, *, key: bytes, label: str, name: str, cap: int = LINE_CAP, partial: bool = True
    ) -> None:
        self.key = key
        self.label = label
        self.name = name
        self.resumed = False
        self.state = SourceState.MISSING
        self.why = "not started yet"
        self.hint = ""
        self.starts = 0
        self.lost_more = False
        self.began = asyncio.Event()
        self.came = asyncio.Event()
        self.room = asyncio.Event()
        self._partial = partial
        self._pieces: deque[bytes] = deque()
        self._waiting = 0
        self._splitter = LineSplitter(cap)
        self._ended = False
        self._quiet_since: float | None = None

    @property
    def waiting(self) -> int:
        """Bytes that came and were not taken."""
        return self._waiting

    def started(self) -> None:
        """The program runs, from its beginning."""
        self.state, self.why, self.hint = SourceState.FOLLOWING, "", ""
        self.starts += 1
        self.began.set()
        self._ended = False

    def put(self, data: bytes) -> None:
        """Take what it printed."""
        self._pieces.append(data)
        self._waiting += len(data)
        self.came.set()

    def ended(self) -> None:
        """Nothing follows what was put."""
        self._ended = True

    def read(self, limit: int, now: float, wall: float) -> Got:  # noqa: ARG002 - as every source
        """The next lines."""
        lines, taken = self._lines(limit, now)
        return self.got(lines, taken)

    def got(self, lines: list[Line], taken: int) -> Got:
        """Lines as a source gives them."""
        return Got(lines, backlog=False, bytes=taken, status=self.status(), place=self.place(lines))

    def place(self, lines: list[Line]) -> Place | None:  # noqa: ARG002 - for those who have one
        """Where lines lie; a program's output lies nowhere."""
        return None

    def close(self) -> None:
        """Nothing is held here."""

    def status(self) -> SourceStatus:
        """How it stands."""
        return SourceStatus(
            state=self.state,
            why=self.why,
            hint=self.hint,
            behind=self._waiting,
            lost_more=self.lost_more,
            starts=self.starts,
        )

    def _lines(self, limit: int, now: float) -> tuple[list[Line], int]:
        """Lines of about ``limit`` bytes of what came; the last one after the end, or after a while."""
        lines: list[Line] = []
        taken = 0
        while taken < limit and self._pieces:
            piece = self._pieces.popleft()
            taken += len(piece)
            lines += self._splitter.feed(piece)
        self._waiting -= taken
        if self._waiting < BUFFERED:
            self.room.set()
        if taken or self._quiet_since is None:
            self._quiet_since = now
        whole = self._ended and not self._pieces
        quiet = not taken and now - self._quiet_since >= PARTIAL_HELD
        if self._partial and self._splitter.partial and (whole or quiet):
            lines += self._splitter.flush()
        return lines, taken


async def pump(stream: ByteStream, source: ProgramSource) -> Ran:
    """Put all that a program prints into its source; how it ended. Raises SourceError where the way broke."""
    source.started()
    try:
        while data := await stream.read(PIECE):
            source.put(data)
            while source.waiting >= BUFFERED:
                source.room.clear()
                await source.room.wait()
        return await stream.ended()
    finally:
        source.ended()
        await stream.close()


def words(host: Host, why: str) -> str:
    """A sentence that names the server."""
    return f"{host.name}: {why}" if host.name else why


def said(ran: Ran) -> str:
    """How a program ended, with its last complaint."""
    last = ran.err.decode("utf-8", "replace").strip().rpartition("\n")[2][:300]
    how = f"was killed by signal {-ran.code}" if ran.code < 0 else f"ended with {ran.code}"
    return f"{how}: {last}" if last else how


def refusal(host: Host, name: str, ran: Ran) -> SourceError:
    """A program that should run on and did not, as an error."""
    told = ran.err.decode("utf-8", "replace")
    if "password is required" in told:
        return AccessError(
            words(host, "sudo wants a password"), f"allow {name} with NOPASSWD in sudoers, or drop `sudo`"
        )
    if "ermission" in told:
        return AccessError(words(host, f"{name} {said(ran)}"), "the login may not read it")
    return AnswerError(words(host, f"{name} {said(ran)}"))
