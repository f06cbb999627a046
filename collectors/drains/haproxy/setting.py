"""What the actions on HAProxy's servers share: one server as it is now, its state set by one line."""

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from collectors.action import Action, Outcome, Plan, RefusedError, Request, Result
from collectors.drains._telling import ALONE
from collectors.drains.haproxy.table import Server, forced, servers
from collectors.errors import SourceError
from collectors.hands import DrainHands
from collectors.text import Shown, one_line

if TYPE_CHECKING:
    from collectors.drains.haproxy import HaproxyDrain  # noqa: F401 - the base below names it in a string

_NAME = re.compile(r"[A-Za-z0-9_.:\-]+/[A-Za-z0-9_.:\-]+")


class Setting(Action["HaproxyDrain", DrainHands]):
    """An action on one server, whose key is backend/server."""

    kind: ClassVar[str] = "drain"
    needs: ClassVar[tuple[str, ...]] = ("admin",)

    async def standing(self, key: bytes) -> tuple[Server, list[Server], bool]:
        """The server, its group, and whether it was told to drain; raises RefusedError and SourceError."""
        stat, state = await self.collector.tables()
        found = list(servers(stat))
        one = next((server for server in found if server.key == key), None)
        if one is None:
            raise RefusedError(f"{one_line(key, 80)} is no server of this HAProxy any more")
        group = [server for server in found if server.backend == one.backend]
        return one, group, key in forced(state)

    async def server_or_none(self, key: bytes) -> tuple[Server, bool] | None:
        """The same for a look that may fail: None where it cannot be seen now."""
        try:
            one, _group, drained = await self.standing(key)
        except (SourceError, RefusedError):
            return None
        return one, drained

    def planned(self, request: Request, server: Server, **more: Any) -> Plan:  # noqa: ANN401 - the fields of Plan
        """A plan for that server."""
        for lines in ("sample", "warnings", "refusals"):
            more[lines] = tuple(one_line(line, 300) for line in more.get(lines, ()))
        if not _NAME.fullmatch(server.key.decode("utf-8", "replace")):
            more["refusals"] = (*more["refusals"], Shown("its name cannot be given to HAProxy in a command"))
        return Plan(
            spec=self.spec,
            request=request,
            target=one_line(server.key, 120),
            service=self.collector.context.service_of(server.backend),
            server=str(one_line(self.collector.options.socket, 200)),
            **{**more, "warnings": (*more["warnings"], Shown(ALONE))},
        )

    async def tell(self, plan: Plan, hands: DrainHands, state: str) -> None:
        """Set the server's state, once; raises RefusedError with what HAProxy says against it."""
        key = plan.request.subject.key.decode("utf-8", "replace")
        if not _NAME.fullmatch(key):
            raise RefusedError("its name cannot be given to HAProxy in a command")
        answer = (await hands.lines.say(f"set server {key} state {state}")).strip()
        if answer:
            raise RefusedError(f"HAProxy says: {one_line(answer, 120)}")

    async def back(self, plan: Plan, hands: DrainHands) -> Outcome:
        """Ready again, and seen to be told so."""
        await self.tell(plan, hands, "ready")
        found = await self.server_or_none(plan.request.subject.key)
        if found is None:
            words = "told to be ready; it could not be seen afterwards"
            return Outcome(result=Result.UNKNOWN, count=0, words=Shown(words))
        server, drained = found
        if drained or server.word.startswith("MAINT"):
            words = f"told to be ready, and it is {server.word}"
            return Outcome(result=Result.FAILED, count=0, words=one_line(words), owes=True)
        words = f"it takes new sessions again ({server.word})"
        if not server.up:
            words = f"it may take new sessions again, and is {server.word}"
        return Outcome(result=Result.DONE, count=1, words=one_line(words), owes=False)


def off_again(found: tuple[Server, bool] | None, kept: Sequence[Mapping[str, Any]], word: str) -> Outcome:
    """What became of a run that set the state ``word``, as the server stands now."""
    if not kept:
        return Outcome(result=Result.FAILED, count=0, words=Shown("nothing was done"), owes=False)
    if found is None:
        words = Shown("the server cannot be seen now")
        return Outcome(result=Result.UNKNOWN, count=0, words=words, owes=True)
    server, drained = found
    off = drained if word == "drain" else server.word.startswith("MAINT")
    if not off:
        words = one_line(f"it is {server.word}: it was not told, or is ready again")
        return Outcome(result=Result.FAILED, count=0, words=words, owes=False)
    sessions = "" if server.sessions is None else f", {server.sessions:g} sessions"
    words = one_line(f"it is {server.word}{sessions}")
    return Outcome(result=Result.DONE, count=1, words=words, owes=True)
