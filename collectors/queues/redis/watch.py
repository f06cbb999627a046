"""What became of elements that were put back: taken or not, back in the dead list or not."""

import asyncio
from collections.abc import Sequence

from collectors.queues._canary import STEP, Fates
from collectors.queues._fingerprint import NO_ERROR, fingerprint
from collectors.queues.redis.elements import Shape, page_of, shape_of, walk
from collectors.queues.redis.moves import Road
from collectors.queues.redis.payload import error_of
from collectors.transport.read.redis import RedisReader, read

_SEARCH = 20_000
"""Elements of the ready list that are searched, from the newest on."""

_LOOK_BYTES = 256 * 1024
_ARRIVALS = 50
_ARRIVALS_BYTES = 2 * 1024 * 1024
"""Newest elements of the dead list that are read, where it has grown."""


class Watch:
    """Looks at the two lists of a retry: a plain list keeps no state of a job, this is all that shows."""

    def __init__(self, reader: RedisReader, road: Road, error_field: str, seconds: float) -> None:
        self._reader = reader
        self._road = road
        self._field = error_field
        self._taken: float | None = None
        self._moved: set[bytes] = set()
        self._errors: set[str] = set()
        self._canary: list[bytes] = []
        self._expected: int | None = None
        self.seconds = seconds

    @property
    def step(self) -> float:
        """Seconds between two looks: each sends the elements, so large ones are looked at less often."""
        return STEP * (1 + sum(map(len, self._canary)) / _LOOK_BYTES)

    @property
    def canary(self) -> Sequence[bytes]:
        """What was moved since ``begin``."""
        return self._canary

    def begin(self) -> None:
        """What came to the dead list until now counts no more."""
        self._expected, self._canary, self._taken = None, [], None

    def moved(self, elements: Sequence[bytes], length: int) -> None:
        """Note what was put back, and how long the dead list was right before that."""
        self._moved.update(elements)
        self._errors.update(fingerprint(error_of(one, self._field)) for one in elements)
        self._errors.discard(NO_ERROR)
        self._canary += elements
        self._expected = (length if self._expected is None else self._expected) - len(elements)

    async def look(self) -> Fates:
        """How those moved since ``begin`` stand: one went well when it was taken and did not come back."""
        assert self._road.target is not None  # noqa: S101 - for the type checker
        ready, rank = self._road.target, self._road.target_ends.newest_rank
        reads = [read("LPOS", ready, one, "RANK", rank, "MAXLEN", _SEARCH) for one in self._canary]
        [replies] = await self._reader.ask_groups(
            [[*reads, read("LLEN", ready), read("LLEN", self._road.source)]]
        )
        for reply in replies:
            if isinstance(reply, Exception):
                raise self._reader.explained(reply)
        *places, waiting, length = replies
        tried, loop = len(self._canary), asyncio.get_running_loop()
        absent = 0 if waiting > _SEARCH else sum(place is None for place in places)
        came, strangers = await self.arrived(length)
        failed = min(came, tried)
        if absent < tried:
            self._taken = None
            return Fates(tried, failed=failed, seen=max(0, absent - failed))
        self._taken = loop.time() if self._taken is None else self._taken
        settled = loop.time() - self._taken >= self.seconds
        doubt = f"{strangers} others died meanwhile, of an error that tells nothing" if strangers else ""
        well = tried - failed if settled and not strangers else 0
        return Fates(tried, well=well, failed=failed, seen=tried - well - failed, doubt=doubt)

    async def arrived(self, length: int) -> tuple[int, int]:
        """Of what came to the dead list since: how many are those, or died of their error; and the others.

        Where very many came, the newest stand for all.
        """
        grown = 0 if self._expected is None else length - self._expected
        if grown <= 0:
            return 0, 0
        shape = await shape_of(self._reader, self._road.source)
        count = min(grown, page_of(shape.size, _ARRIVALS, _ARRIVALS_BYTES))
        failed = 0
        near = Shape(count, shape.size)
        async for element in walk(self._reader, self._road.source, self._road.ends, near, newest=True):
            failed += element in self._moved or fingerprint(error_of(element, self._field)) in self._errors
        failed = failed * grown // count
        return failed, grown - failed
