"""drains.maint and drains.ready: a server out of HAProxy's hands, and back in."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar

from collectors.action import ActionSpec, Control, Outcome, Plan, RefusedError, Request, Result, Risk
from collectors.drains._telling import READY, counted
from collectors.drains.haproxy.setting import Setting, off_again
from collectors.drains.haproxy.table import Server
from collectors.hands import DrainHands
from collectors.model.reading import Reading
from collectors.text import one_line


class Maint(Setting):
    """``set server B/S state maint``: nothing is sent to it, and it is not checked."""

    spec: ClassVar[ActionSpec] = ActionSpec(
        id="drains.maint",
        words="Take it out: nothing is sent to it, and it is not checked; open sessions may be cut.",
        risk=Risk.DISRUPTIVE,
        undoable=True,
        deadline=30.0,
    )

    def unfit(self, reading: Reading) -> str:
        """Why not: one in maintenance."""
        return "it is in maintenance already" if reading.word.startswith("MAINT") else ""

    async def plan(self, request: Request) -> Plan:
        """One server; with sessions open it is destructive."""
        server, group, _drained = await self.standing(request.subject.key)
        up = sum(one.up for one in group) - server.up
        return self.planned(
            request,
            server,
            sample=(
                "out: set server … state maint",
                f"{counted(up, 'other')} of {server.backend} up, of {len(group) - 1}",
            ),
            warnings=_warnings(server),
            refusals=("it is in maintenance already",) if server.word.startswith("MAINT") else (),
            undo="ready again; sessions that were cut stay cut",
            risk=Risk.DESTRUCTIVE if server.sessions != 0 else Risk.DISRUPTIVE,
            owed=(READY, f"{one_line(server.key, 80)} is in maintenance"),
        )

    async def run(self, plan: Plan, hands: DrainHands, control: Control) -> Outcome:
        """Look again, since sessions may have come, and tell HAProxy."""
        await control.step()
        server, _group, _drained = await self.standing(plan.request.subject.key)
        if plan.level is not Risk.DESTRUCTIVE and server.sessions != 0:
            raise RefusedError("sessions have come since the plan", "drain it first, or plan anew")
        await control.keep({"state": "maint"})
        await self.tell(plan, hands, "maint")
        found = await self.server_or_none(plan.request.subject.key)
        return off_again(found, [{"state": "maint"}], "maint")

    async def reconcile(self, plan: Plan, kept: Sequence[Mapping[str, Any]]) -> Outcome:
        """As the server stands now."""
        return off_again(await self.server_or_none(plan.request.subject.key), kept, "maint")

    async def undo(
        self,
        plan: Plan,
        kept: Sequence[Mapping[str, Any]],  # noqa: ARG002 - ready is the state that is taken away
        hands: DrainHands,
        control: Control,
    ) -> Outcome:
        """Ready again."""
        await control.step()
        return await self.back(plan, hands)


class Ready(Setting):
    """``set server B/S state ready``."""

    spec: ClassVar[ActionSpec] = ActionSpec(
        READY, "Let it have new sessions again, after a drain or maintenance.", Risk.SAFE, deadline=30.0
    )

    async def plan(self, request: Request) -> Plan:
        """One server."""
        server, _group, _drained = await self.standing(request.subject.key)
        return self.planned(request, server, sample=(f"ready: it is {server.word} now",))

    async def run(self, plan: Plan, hands: DrainHands, control: Control) -> Outcome:
        """Tell HAProxy, and look."""
        await control.step()
        return await self.back(plan, hands)

    async def reconcile(self, plan: Plan, kept: Sequence[Mapping[str, Any]]) -> Outcome:  # noqa: ARG002 - what is there counts
        """Ready is ready, whoever made it so."""
        found = await self.server_or_none(plan.request.subject.key)
        if found is None:
            words, result = "the server cannot be seen now", Result.UNKNOWN
        elif found[1] or found[0].word.startswith("MAINT"):
            words, result = f"it is {found[0].word}", Result.FAILED
        else:
            words, result = f"it is {found[0].word}: nobody holds it back", Result.DONE
        return Outcome(result=result, count=int(result is Result.DONE), words=one_line(words))


def _warnings(server: Server) -> Iterator[str]:
    if server.sessions is None or server.sessions:
        told = "sessions" if server.sessions is None else counted(server.sessions, "session")
        yield f"{told} open now: HAProxy cuts them where it is configured to (on-marked-down); drain it first"
