"""drains.drain of a server behind HAProxy: no new sessions, those that are open end."""

import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar

from collectors.action import ActionSpec, Control, Outcome, Plan, Request, Result, Risk, StoppedError
from collectors.drains._telling import (
    DEADLINE,
    LONGEST,
    READY,
    Falling,
    Told,
    counted,
    deadline_of,
    span_argument,
)
from collectors.drains.haproxy.setting import Setting, off_again
from collectors.drains.haproxy.table import Server
from collectors.hands import DrainHands
from collectors.model.reading import Reading
from collectors.text import one_line

_STEP = 0.25
"""Seconds between two looks at its sessions."""

ALREADY = "it is told to drain already: drains.ready takes that back"
MAINT = "it is in maintenance: nothing reaches it"


class Drain(Setting):
    """``set server B/S state drain``, watched until its last session has ended."""

    spec: ClassVar[ActionSpec] = ActionSpec(
        id="drains.drain",
        words="Send it no new sessions, and wait until those that are open have ended.",
        risk=Risk.DISRUPTIVE,
        arguments=(DEADLINE,),
        undoable=True,
        deadline=LONGEST,
    )

    def unfit(self, reading: Reading) -> str:
        """Why not: one in maintenance, or drained already."""
        if reading.word.startswith("MAINT"):
            return MAINT
        return ALREADY if reading.word.startswith("DRAIN") else ""

    async def plan(self, request: Request) -> Plan:
        """One server, what it has open, and who is up besides."""
        refusals: list[str] = []
        deadline = span_argument(request, "deadline", "10m", LONGEST, refusals.append)
        server, group, drained = await self.standing(request.subject.key)
        if drained or server.word.startswith("MAINT"):
            refusals.append(ALREADY if drained else MAINT)
        up = sum(one.up for one in group)
        return self.planned(
            request,
            server,
            sample=(
                "no new sessions: set server … state drain",
                f"until its sessions have ended ({_sessions(server)} now)",
                f"{counted(up - server.up, 'other')} of {server.backend} up, of {len(group) - 1}",
            ),
            warnings=_warnings(server),
            refusals=refusals,
            undo="ready again",
            detail={"deadline": deadline},
            owed=(READY, f"{one_line(server.key, 80)} is drained"),
        )

    async def run(self, plan: Plan, hands: DrainHands, control: Control) -> Outcome:
        """Tell HAProxy, and look until no session is left; whatever ends it leaves the server drained."""
        told = Told(control)
        await control.step()
        await control.keep({"state": "drain"})
        await self.tell(plan, hands, "drain")
        told.off = True
        told.passed("no new sessions")
        try:
            return await self._emptied(plan, told, control)
        except StoppedError as error:
            return told.outcome(Result.FAILED, f"{error.why}; it is drained, and its sessions go on")

    async def reconcile(self, plan: Plan, kept: Sequence[Mapping[str, Any]]) -> Outcome:
        """As the server stands now."""
        return off_again(await self.server_or_none(plan.request.subject.key), kept, "drain")

    async def undo(
        self,
        plan: Plan,
        kept: Sequence[Mapping[str, Any]],  # noqa: ARG002 - it was ready, or there was no plan
        hands: DrainHands,
        control: Control,
    ) -> Outcome:
        """Ready again."""
        await control.step()
        return await self.back(plan, hands)

    async def _emptied(self, plan: Plan, told: Told, control: Control) -> Outcome:
        until, falling, announced = deadline_of(plan, control, told.began), Falling(), False
        words = "its sessions are not known"
        while True:
            found, now = await self.server_or_none(plan.request.subject.key), time.monotonic()
            server = found[0] if found is not None else None
            if found is not None and not found[1]:
                return told.outcome(Result.FAILED, "somebody made it ready again meanwhile", owes=False)
            if server is not None and server.sessions is not None:
                falling.see(server.sessions, now)
                words = f"{_sessions(server)}{_idle(server)}"
                if server.sessions == 0 and not server.queued:
                    told.passed(f"sessions 0{_idle(server)}")
                    return told.outcome(Result.DONE, "drained: no session is left")
            left = falling.left()
            if not announced and left is not None and now + left > until:
                announced = True
                told.line(f"{words}: they will not end before the deadline in {max(0.0, until - now):.1f} s")
            if now >= until:
                return told.outcome(Result.FAILED, f"{words} at the deadline; it is drained")
            told.show(f"drained; {words}")
            await control.pause(_STEP)


def _sessions(server: Server) -> str:
    return "unknown sessions" if server.sessions is None else counted(server.sessions, "session")


def _idle(server: Server) -> str:
    """Connections that HAProxy keeps open to it without a request: they are no work."""
    return f", {counted(server.idle, 'idle connection')} kept open" if server.idle else ""


def _warnings(server: Server) -> Iterator[str]:
    if not server.up:
        yield f"it takes no new sessions already: {server.word}"
    if server.tcp:
        yield "sessions of TCP end when their clients hang up: they may be long"
