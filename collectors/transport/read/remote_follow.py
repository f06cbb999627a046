"""Follows files on another machine through one program there, and again when the way breaks.

The program reads and sends; what is to be read, and where a file is that was renamed, copied or cut, is
found out here each time it starts.
"""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any

from collectors.clock import Clock
from collectors.errors import AnswerError, UnsupportedError
from collectors.positions import Position
from collectors.transport.host import ByteStream, Host
from collectors.transport.read.files import TailOptions
from collectors.transport.read.files_back import When
from collectors.transport.read.files_glob import base_of, is_pattern
from collectors.transport.read.files_past import PACKED
from collectors.transport.read.remote_frames import Frame, Frames
from collectors.transport.read.remote_look import Listed, RemoteLook
from collectors.transport.read.remote_plan import Plan, Segment, Wanted, begun, resumed, with_bytes
from collectors.transport.read.remote_tail import RemoteTail, Slot
from collectors.transport.read.source import SourceState

MOST_FILES = 64
"""Files of a pattern that are followed, the latest written first."""

EVERY = 0.5
EVERY_BY_SUDO = 2.0
"""Seconds between two looks of the program: each one by sudo stands in the server's log."""

PIECE = 1024 * 1024
"""Bytes of one file that the program sends at once."""

BUFFERED = 8 * 1024 * 1024
"""Bytes that wait here at most; then the program waits."""

AGAIN_AFTER = 1.0
"""Seconds between two starts of the program for one reason."""


PLANS = 4
"""Files that are looked at side by side before they are read."""

MOST_IN_VAIN = 5
"""Starts of the program, one after the other, that end before it has looked at all files."""


class Moved(Exception):  # noqa: N818 - no error: the program is started again
    """A file is not what it was."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FollowWanted:
    """What is followed: a path or pattern on a machine, and how."""

    path: str
    options: TailOptions
    when: When
    sudo: bool = False
    timeout: float = 5.0


class RemoteFollower:
    """Keeps the tails of one path or pattern filled; ``run`` does it, until cancelled or the way breaks."""

    def __init__(
        self, host: Host, wanted: FollowWanted, clock: Clock, position_of: Callable[[bytes], Position | None]
    ) -> None:
        self.tails: list[RemoteTail] = []
        self.beyond = 0
        self.reads = 0
        self.ready = asyncio.Event()
        self._host = host
        self._wanted = wanted
        self._clock = clock
        self._position_of = position_of
        self._look = RemoteLook(host, sudo=wanted.sudo, timeout=wanted.timeout)
        self._many = is_pattern(wanted.path)
        self._slots: dict[int, Slot] = {}
        self._expected: list[Slot] = []
        self._indices: dict[int, RemoteTail] = {}
        self._sending: tuple[Slot, int, bytes] | None = None
        self._room = asyncio.Event()
        self._started = False
        self._in_vain = 0
        self._unchanged = False
        self._acts: dict[str, Callable[[Frame], None]] = {
            "A": self._came,
            "D": self._sent,
            "E": self._arrived,
            "G": self._went,
            "K": self._passed,
            "N": self._begun,
            "S": self._stands,
            "U": self._refused,
            "X": self._moved,
            "Z": self._read_out,
        }

    async def run(self) -> None:
        """Plan, start the program and take what it sends, again and again; raises SourceError."""
        if "**" in self._wanted.path:
            raise UnsupportedError(
                self._look.words("`**` is not known to the shells of servers"), "name the folders"
            )
        loop = asyncio.get_running_loop()
        while self._in_vain < MOST_IN_VAIN:
            began = loop.time()
            try:
                await self._once()
            except Moved:
                self._unchanged = False
                self._in_vain += 1
                await asyncio.sleep(max(0.0, AGAIN_AFTER - (loop.time() - began)))
        self._in_vain = 0
        raise AnswerError(self._look.words("the files there change quicker than they can be looked at"))

    def took(self) -> None:
        """Some of what waited was taken: there may be room again."""
        if sum(tail.waiting for tail in self.tails) < BUFFERED:
            self._room.set()

    async def _once(self) -> None:
        """One life of the program."""
        arguments = self._as_before() or await self._plans()
        self._unchanged = False
        every = EVERY_BY_SUDO if self._wanted.sudo else EVERY
        pattern = self._wanted.path if self._many else ""
        stream = await self._host.stream(self._look.argv("follow", every, PIECE, pattern, *arguments))
        try:
            await self._take_from(stream)
        finally:
            await stream.close()

    async def _take_from(self, stream: ByteStream) -> None:
        frames = Frames()
        while data := await stream.read(PIECE):
            self.reads += 1
            for frame in frames.feed(data):
                self._take(frame)
            while sum(tail.waiting for tail in self.tails) >= BUFFERED:
                # nobody takes what waits before the first look has its answer
                self.ready.set()
                self._room.clear()
                await self._room.wait()
        ran = await stream.ended()
        said = (ran.err or frames.greeting).decode("utf-8", "replace").strip()[-300:]
        raise AnswerError(
            self._look.words(f"the reader of log files ended ({ran.code}): {said or 'without a word'}")
        )

    def _as_before(self) -> list[object]:
        """After the way broke: the same files at the same bytes, without a look; the program looks itself.

        Empty where a file was about to be left, and where the last life of the program ended otherwise.
        """
        arguments: list[object] = []
        if not self._unchanged or any(len(tail.living) > 1 for tail in self.tails):
            return arguments
        self._begin()
        for index, tail in enumerate(self.tails):
            self._indices[index] = tail
            for slot in tail.living:
                arguments += [index, tail.path, f"{slot.id[0]}:{slot.id[1]}", slot.received]
                self._expected.append(slot)
            if not tail.living:
                arguments += [index, tail.path, "none", 0]
        return arguments

    def _begin(self) -> None:
        """Forget what the last life of the program said."""
        self._slots, self._expected, self._indices, self._sending = {}, [], {}, None

    async def _plans(self) -> list[object]:
        """What is to be read, as arguments of the program."""
        arguments: list[object] = []
        self._begin()
        found = await self._found()
        readable = (SourceState.FOLLOWING, SourceState.MISSING)
        plans = await _together([self._plan(tail, main) for tail, main in found if tail.state in readable])
        fresh = {id(tail) for tail, _ in found if not tail.slots}
        planned: list[tuple[RemoteTail, Plan]] = []
        for tail, _ in found:
            # what may not be read is planned for when it may
            plan = plans.pop(0) if tail.state in readable else None
            if plan is not None:
                planned.append((tail, plan))
            if self._many and (plan is None or not plan.segments):
                self.tails.remove(tail)
                continue
            index = len(self._indices)
            self._indices[index] = tail
            for one in plan.segments if plan is not None else ():
                arguments += [index, one.file.path, f"{one.file.id[0]}:{one.file.id[1]}", one.offset]
            if plan is None or not plan.segments or plan.segments[-1].file.path != tail.path:
                arguments += [index, tail.path, "none", 0]
        new = [
            one for tail, plan in planned for one in plan.segments if id(tail) in fresh or one.place is None
        ]
        await with_bytes(self._look, new)
        for tail, plan in planned:
            self._expected += tail.planned(plan)
        self._started = True
        return arguments

    async def _found(self) -> list[tuple[RemoteTail, Listed | None]]:
        """The paths to follow, and the file at each."""
        if not self._many:
            path = self.tails[0].path if self.tails else self._wanted.path
            word, path, listed = await self._look.one(path)
            tail = self._tail(path)
            tail.state = _state(word)
            return [(tail, listed)]
        listed_all = _unrotated(await self._look.many(self._wanted.path))
        listed_all.sort(key=lambda one: -one.mtime)
        here = {one.path: one for one in listed_all[:MOST_FILES]}
        self.beyond = max(0, len(listed_all) - MOST_FILES)
        followed = {slot.id for tail in self.tails for slot in tail.slots}
        new = [path for path, one in here.items() if one.id not in followed]
        return [(tail, here.get(tail.path)) for tail in (*self.tails, *map(self._tail, new))]

    def _tail(self, path: str) -> RemoteTail:
        """The tail of a path, a new one where there was none."""
        tail = next((one for one in self.tails if one.path == path), None)
        if tail is None:
            key = path.encode("utf-8", "surrogateescape")
            position = None if self._started else self._position_of(key)
            tail = RemoteTail(path, position, self._wanted.options.cap)
            self.tails.append(tail)
        return tail

    async def _plan(self, tail: RemoteTail, main: Listed | None) -> Plan:
        options, wall = self._wanted.options, self._clock.wall()
        resume, places = tail.resume, tail.places
        back = options.back if not (resume and resume.here) else 0.0
        wanted = Wanted(wall - back, options.back_bytes if back else 0, options.catch_up, self._wanted.when)
        first = not tail.slots and tail.memo is None
        if places:
            plan = await resumed(self._look, tail.path, main, places, wanted if first else None)
            if plan is not None:
                return plan
        if main is None:
            return Plan()
        if not first:
            return Plan([Segment(main, 0)])
        if self._started and resume is None:
            # it came while we watched: all of it is news
            return Plan([Segment(main, 0)])
        plan = await begun(self._look, tail.path, main, wanted)
        if resume is not None:
            plan.lost_more = True
            told = await begun(
                self._look, tail.path, main, Wanted(resume.at, main.size, options.catch_up, self._wanted.when)
            )
            if told.timed:
                plan.segments[-1].replay_end = told.segments[-1].offset
        return plan

    def _take(self, frame: Frame) -> None:
        """Act on one frame; words that are not known are of a later text and say nothing here."""
        act = self._acts.get(frame.word)
        if act is not None:
            act(frame)

    def _sent(self, frame: Frame) -> None:
        slot = self._slot(frame)
        slot.size, slot.modified = frame.number(3), float(frame.number(4))
        self._sending = (slot, frame.number(1), frame.data)

    def _stands(self, frame: Frame) -> None:
        word = b" ".join(frame.arguments[1:]).decode("ascii", "replace")
        self._tail_of(frame).state = _state(word)

    def _came(self, frame: Frame) -> None:
        self._indices[frame.number(0)] = self._tail(frame.data.decode("utf-8", "surrogateescape"))

    def _went(self, frame: Frame) -> None:
        self.tails.remove(self._tail_of(frame))

    def _read_out(self, frame: Frame) -> None:
        self._slot(frame).done = True

    def _passed(self, _frame: Frame) -> None:
        self._in_vain = 0
        self._unchanged = True
        self.ready.set()

    def _moved(self, _frame: Frame) -> None:
        raise Moved

    def _refused(self, frame: Frame) -> None:
        raise self._look.refused(b" ".join(frame.arguments))

    def _arrived(self, frame: Frame) -> None:
        """Bytes are whole: take them if they lie where the ones before ended, in a file that was not cut."""
        if self._sending is None:
            raise AnswerError(self._look.words("bytes ended that did not begin"))
        (slot, start, data), self._sending = self._sending, None
        overlap = slot.received - start
        fits = 0 <= overlap <= len(data) and data[:overlap] == slot.recent[-overlap or len(slot.recent) :]
        if not fits or frame.identity(1) != slot.id or frame.number(2) < start + len(data):
            raise Moved
        slot.put(data[overlap:])

    def _begun(self, frame: Frame) -> None:
        number, identity = frame.number(0), frame.identity(2)
        if self._expected:
            slot = self._expected.pop(0)
            if slot.id != identity or slot.received != frame.number(3):
                raise Moved
        else:
            tail = self._tail_of(frame)
            memo = tail.memo
            if memo is not None and memo.id == identity and memo.offset <= frame.number(4):
                raise Moved
            if tail.unplanned or any(slot not in self._slots.values() for slot in tail.living):
                raise Moved
            slot = tail.added(identity, frame.number(4))
        self._slots[number] = slot

    def _slot(self, frame: Frame) -> Slot:
        slot = self._slots.get(frame.number(0))
        if slot is None:
            raise AnswerError(self._look.words("the reader speaks of a file that it did not name"))
        return slot

    def _tail_of(self, frame: Frame) -> RemoteTail:
        tail = self._indices.get(frame.number(1 if frame.word == "N" else 0))
        if tail is None:
            raise AnswerError(self._look.words("the reader speaks of a path that it did not name"))
        return tail


async def _together(plans: list[Coroutine[Any, Any, Plan]]) -> list[Plan]:
    """Make some plans at a time: each takes round trips."""
    turns = asyncio.Semaphore(PLANS)

    async def one(plan: Coroutine[Any, Any, Plan]) -> Plan:
        async with turns:
            return await plan

    tasks = [asyncio.ensure_future(one(plan)) for plan in plans]
    try:
        return list(await asyncio.gather(*tasks))
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for plan in plans:
            plan.close()


def _state(word: str) -> SourceState:
    return SourceState(word) if word in set(SourceState) else SourceState.FAILED


def _unrotated(listed: list[Listed]) -> list[Listed]:
    """The files of a pattern without packed ones and without those whose base is there (``app.log.1``)."""
    names = {one.path for one in listed}
    return [one for one in listed if not one.path.endswith(PACKED) and base_of(one.path) not in names]
