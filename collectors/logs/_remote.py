"""The way to log files of a server: one program there fills the tails, the passes empty them."""

import asyncio
from collections.abc import Sequence

from collectors.clock import Clock
from collectors.errors import SourceError
from collectors.logs._following import Found, Results, given_up, read_here
from collectors.logs._stream import Stream
from collectors.positions import Positions
from collectors.transport.host import Host
from collectors.transport.read.remote_follow import FollowWanted, RemoteFollower
from collectors.transport.read.remote_tail import RemoteTail
from collectors.transport.read.source import ByteSource


class RemoteFiles:
    """One file on a server, or those of a pattern."""

    def __init__(self, host: Host, wanted: FollowWanted, clock: Clock, positions: Positions) -> None:
        self.failure: SourceError | None = None
        self.note = f"no file fits {wanted.path}"
        self._clock = clock
        self._follower = RemoteFollower(host, wanted, clock, positions.get)
        self._running: asyncio.Task[None] | None = None
        self._known: set[RemoteTail] = set()

    @property
    def beyond(self) -> int:
        """Files of the pattern that are left out."""
        return self._follower.beyond

    async def find(self) -> Found:
        """See that the program runs, and which files it follows; the first time, wait for it."""
        follower = self._follower
        if self._running is None:
            self.failure = None
            follower.ready.clear()
            self._running = asyncio.create_task(follower.run(), name=f"log files of {self.note}")
        if not follower.ready.is_set():
            ready = asyncio.ensure_future(follower.ready.wait())
            try:
                await asyncio.wait({ready, self._running}, return_when=asyncio.FIRST_COMPLETED)
            finally:
                ready.cancel()
        if self._running.done():
            # what came before is read first, and the next look starts it again
            running, self._running = self._running, None
            error = running.exception()
            if not isinstance(error, SourceError):
                running.result()
            else:
                self.failure = error
        gone = [tail for tail in self._known if tail not in follower.tails]
        new = [tail for tail in follower.tails if tail not in self._known]
        self._known = set(follower.tails)
        return Found(new, [tail.key for tail in gone])

    async def read(self, streams: Sequence[Stream]) -> Results:
        """A piece of each, of what the program sent."""
        got = read_here(streams, self._clock.boottime(), self._clock.wall())
        self._follower.took()
        return got

    async def close(self, sources: Sequence[ByteSource]) -> None:  # noqa: ARG002 - none holds anything
        """End the program."""
        running, self._running = self._running, None
        await given_up(running)
