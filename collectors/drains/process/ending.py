"""TERM, once, and what comes of it: in flight, the countdown to SIGKILL, the exit. Never SIGKILL."""

import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from collectors.action import Control, Outcome, RefusedError, Result, StoppedError
from collectors.drains._telling import Falling, Told, counted
from collectors.drains.process.exits import UNKNOWN, Exit
from collectors.drains.process.named import Named
from collectors.errors import SourceError
from collectors.hands import DrainHands
from collectors.text import one_line
from collectors.transport.read.processes import Identity, Process

NEAR = 0.9
"""Part of the grace after which a SIGKILL is taken for the supervisor's."""

_LOOK = 0.5
"""Seconds between two looks at its connections."""

_ASK = 10.0
"""Seconds for systemctl to take the order."""


@dataclass(frozen=True, slots=True)
class Flight:
    """What is being worked on: ``count`` of ``kind``, None where that is not known; ``streams`` apart."""

    count: float | None
    kind: str = "in flight"
    streams: float | None = None

    @property
    def words(self) -> str:
        """``2 in flight, 1 stream``."""
        told = [] if self.count is None else [f"{self.count:,.0f} {self.kind}"]
        told += [counted(self.streams, "stream")] if self.streams else []
        return ", ".join(told)


TOLD, NOT_TOLD = "stop", "stop refused"
"""What is kept before it is told to stop, and where that was refused."""


def was_told(kept: Sequence[Mapping[str, Any]]) -> bool:
    """Whether a run that kept this may have told a process to stop."""
    phases = [record.get("phase") for record in kept]
    return phases.count(TOLD) > phases.count(NOT_TOLD)


Look = Callable[[], Awaitable[Flight]]
"""What is in flight now; a count of None where it cannot be told any more."""


async def _untold() -> Flight:
    return Flight(None)


class Ending:
    """The second half of a drain: of one process, from TERM to its exit."""

    def __init__(self, one: Named, identity: Identity, told: Told, control: Control) -> None:
        self._one = one
        self._identity = identity
        self._told = told
        self._control = control
        self._falling = Falling()
        self._announced = False
        self._exit: Exit = UNKNOWN
        self._held = Flight(None)

    async def stop(self, hands: DrainHands, unit: str) -> None:
        """Tell it to stop, once: TERM, or through systemd where it is a unit. Raises RefusedError."""
        await self._control.keep({"phase": TOLD})
        self._told.ending = True
        if unit:
            said = await hands.process.run(["systemctl", "stop", "--no-block", "--", unit], _ASK)
            status, text = said
            answer = "done" if status == 0 else f"refused: systemctl says {text.decode(errors='replace')}"
        else:
            pid, start, boot = self._identity
            answer = await hands.process.signal("TERM", pid, start, boot)
        if answer.startswith("refused"):
            self._told.ending = False
            await self._control.keep({"phase": NOT_TOLD})
            raise RefusedError(one_line(answer, 200))
        how = f"told systemd to stop {unit}" if unit else f"SIGTERM sent to process {self._identity.pid}"
        self._told.passed(how if answer == "done" else "it had ended by itself")

    async def watch(self, until: float, look: Look = _untold) -> Outcome:
        """Wait until it has exited, at most to ``until`` (``time.monotonic``); how it ended."""
        began = time.monotonic()
        grace = self._one.grace
        kill_at = None if grace is None else began + grace
        cut = self._one.cut
        cut_at = began + cut if cut is not None and (grace is None or cut < grace) else None
        looked, flight = 0.0, Flight(None)
        while True:
            one, unseen = await self._seen()
            now = time.monotonic()
            if not unseen and (one is None or one.ended):
                return await self._ended(one, now - began, flight)
            if now >= until:
                return self._late(flight, unseen)
            if not unseen and now - looked >= _LOOK:
                looked, flight = now, await self._flight(look)
                # between the cut and the exit there may be a look, and it sees nothing any more
                if flight.count or cut is None or now - began < NEAR * cut:
                    self._held = flight
                self._announce(flight, now, until, kill_at, cut_at)
            self._told.show(_countdown(flight, now, kill_at, cut_at, unseen))
            try:
                await self._control.pause(min(self._one.pace, max(0.0, until - now)))
            except StoppedError as error:
                words = f"{error}; it was told to stop, and has not exited yet: that goes on by itself"
                return self._told.outcome(Result.FAILED, words, owes=False)

    async def _seen(self) -> tuple[Process | None, str]:
        """The process, or why it cannot be seen just now: a way that breaks ends nothing there."""
        try:
            return await self._one.alive(self._identity), ""
        except SourceError as error:
            return None, f"it cannot be seen now: {error.why}"

    async def _flight(self, look: Look) -> Flight:
        flight = await look()
        if flight.count is not None:
            return flight
        # servers close their port at TERM: their connections tell on
        try:
            seen = await self._one.look(self._identity)
        except SourceError:
            return flight
        return Flight(seen.sessions, "connections open", flight.streams)

    def _announce(
        self, flight: Flight, now: float, until: float, kill_at: float | None, cut_at: float | None
    ) -> None:
        """Say it once, while there is time, when what is in flight will not end before the end."""
        if flight.count is None:
            return
        self._falling.see(flight.count, now)
        left = self._falling.left()
        ends = {"the deadline": until, "SIGKILL": kill_at, "it cuts them off itself": cut_at}
        what, end = min(((words, at) for words, at in ends.items() if at is not None), key=lambda one: one[1])
        if self._announced or left is None or now + left <= end:
            return
        self._announced = True
        self._told.line(will_not_end(flight, left, f"{what} in {max(0.0, end - now):.1f} s"))

    async def _ended(self, one: Process | None, seconds: float, flight: Flight) -> Outcome:
        grace, cut = self._one.grace, self._one.cut
        over = grace is not None and seconds >= NEAR * grace
        end = await self._one.exit_of(one, at_deadline=over)
        how = "how is not known" if end is UNKNOWN else end.words
        self._told.passed(f"exited ({how})")
        if end.killed:
            return self._told.outcome(Result.FAILED, f"{end.words}: what was in flight is lost", owes=False)
        if end is UNKNOWN and over:
            words = "exited when its grace was over: whether SIGKILL ended it is not known"
            return self._told.outcome(Result.UNKNOWN, words, owes=False)
        held = flight if flight.count else self._held
        if cut is not None and seconds >= NEAR * cut and held.count:
            words = (
                f"exited ({how}) at its own limit of {cut:g} s: {held.words} just before, which may be cut"
            )
            return self._told.outcome(Result.UNKNOWN, words, owes=False)
        words = f"exited ({how}) {time.monotonic() - self._told.began:.1f} s after the drain began"
        return self._told.outcome(Result.DONE, words, owes=False)

    def _late(self, flight: Flight, unseen: str) -> Outcome:
        if unseen:
            words = f"{unseen}; it was told to stop, and whether it has exited is not known"
            return self._told.outcome(Result.UNKNOWN, words, owes=False)
        what = flight.words or "what it still does is not known"
        words = f"not exited by the deadline ({what}); it was told to stop, and no SIGKILL comes from here"
        return self._told.outcome(Result.FAILED, words, owes=False)


def will_not_end(flight: Flight, left: float, end: str) -> str:
    """The announcement."""
    how = "and not falling" if left == float("inf") else f"which takes {left:.0f} s more as it falls now"
    return f"{flight.words}, {how}: it will not end before {end}"


def _countdown(flight: Flight, now: float, kill_at: float | None, cut_at: float | None, unseen: str) -> str:
    said = ["told to stop"]
    said += [unseen or flight.words] if unseen or flight.words else []
    if cut_at is not None and cut_at > now:
        said.append(f"it cuts off the rest in {cut_at - now:.0f} s")
    if kill_at is not None:
        left = kill_at - now
        said.append(f"SIGKILL in {left:.0f} s" if left > 0 else "SIGKILL is due")
    return "; ".join(said)
