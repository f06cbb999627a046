"""What cancelling and terminating have in common: whom, at what state, one after another, and the check."""

import asyncio
import dataclasses
import time
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from collectors.action import Action, Control, Outcome, Plan, Request, Result
from collectors.errors import SourceError
from collectors.hands import PostgresHands, SessionGuard
from collectors.model.pools import PoolReading
from collectors.model.quantity import exact
from collectors.model.reading import Reading
from collectors.pools.postgres.sessions import Found, Session, by_pids, left_of, named, pid_of, sample
from collectors.text import Shown, one_line

if TYPE_CHECKING:
    from collectors.pools.postgres import PostgresPool  # noqa: F401 - the base below names it in a string

RATE = 20.0
"""Sessions a second where nothing else is said: each client whose session ends dials anew."""

GONE_WITHIN = 5.0
"""Seconds for which the check waits until what was signalled has ended."""

STANDBY = "the server is a standby: sessions are cancelled and terminated on the primary alone"
HIDDEN = "what it does is hidden from our role: grant pg_monitor to it"
_STEP = 0.1


class Signalling(Action["PostgresPool", PostgresHands]):
    """Signals each session of ``plan.detail["sessions"]`` (pid, start) for which the guard still holds."""

    kind: ClassVar[str] = "postgres"
    needs: ClassVar[tuple[str, ...]] = ("pg_signal_backend", "pg_read_all_stats")
    past: ClassVar[str]
    ended: ClassVar[str]

    def unfit(self, reading: Reading) -> str:
        """Why not: a standby."""
        replica = isinstance(reading, PoolReading) and reading.word == "replica"
        return STANDBY if replica else ""

    async def run(self, plan: Plan, hands: PostgresHands, control: Control) -> Outcome:
        """Signal them one by one, each looked at again in the statement that signals it."""
        guard = guard_of(plan)
        told: Counter[str] = Counter()
        for index, (pid, started) in enumerate(plan.detail["sessions"]):
            await control.step()
            if index and plan.request.rate is None:
                await control.pause(1 / RATE)
            told[await hands.signal(self.spec.verb, pid, started, guard)] += 1
            control.report(told["done"])
        done = told.pop("done", 0)
        refused = [answer for answer in told if answer.startswith("refused")]
        alone = len(plan.detail["sessions"]) == 1
        failed = refused or (alone and not done and "gone" not in told)
        return Outcome(
            result=Result.FAILED if failed else Result.DONE,
            count=done,
            words=self._told(plan, done, told),
            skipped=dict(told),
        )

    async def verify(self, plan: Plan, outcome: Outcome) -> Outcome:
        """Wait until those that were signalled are gone, or their query is; unknown where they are not."""
        if not outcome.count:
            return outcome
        refused = sum(count for answer, count in outcome.skipped.items() if answer.startswith("refused"))
        end = time.monotonic() + GONE_WITHIN
        try:
            async with self.collector.planning(GONE_WITHIN + self.collector.context.timeout) as reader:
                pids = [pid for pid, _started in plan.detail["sessions"]]
                left = _still(plan, await by_pids(reader, pids, self._wall))
                while len(left) > refused and time.monotonic() < end:
                    await asyncio.sleep(_STEP)
                    left = _still(plan, await by_pids(reader, pids, self._wall))
        except SourceError as error:
            words = one_line(f"{outcome.words}; whether they have ended could not be seen: {error.why}")
            return dataclasses.replace(outcome, result=Result.UNKNOWN, words=words)
        over = len(left) - refused
        if over <= 0:
            return outcome
        words = one_line(f"{outcome.words}; {over} of them not {self.ended} after {GONE_WITHIN:g} s")
        return dataclasses.replace(outcome, result=Result.UNKNOWN, words=words, lines=sample(left))

    async def reconcile(self, plan: Plan, kept: Sequence[Mapping[str, Any]]) -> Outcome:  # noqa: ARG002 - nothing is kept: nothing can be undone
        """Which of them are still there as they were; one that is not may also have ended by itself."""
        names = plan.detail["sessions"]
        async with self.collector.planning() as reader:
            found = await by_pids(reader, [pid for pid, _started in names], self._wall)
        total, left = len(names), _still(plan, found)
        if str(found.server) != plan.server:
            words = (
                "the server has another role or was started anew since: what ended its sessions is not known"
            )
            return Outcome(result=Result.UNKNOWN, count=0, words=Shown(words))
        if not left:
            words = f"{_all(total)} {self.ended}: {self._how(total)}"
            return Outcome(result=Result.DONE, count=total, words=Shown(words))
        if len(left) == total:
            words = f"not {self.past}: {_all(total)} still there as planned"
            return Outcome(result=Result.FAILED, count=0, words=Shown(words), lines=sample(left))
        over = total - len(left)
        words = f"{over} of {total} {self.ended}: {self._how(over)}; {len(left)} still there as planned"
        return Outcome(result=Result.FAILED, count=over, words=Shown(words), lines=sample(left))

    async def found_by(self, pid: int) -> Found:
        """The session of a pid, if there is one; raises SourceError."""
        async with self.collector.planning() as reader:
            return await by_pids(reader, [pid] if pid else [], self._wall)

    def objections(self, request: Request, found: Found, session: Session | None) -> Iterable[str]:
        """What speaks against signalling the session of ``pid``, whatever its state."""
        said = one_line(request.argument("pid"), 20)
        if not pid_of(said):
            yield (
                f"pid: {said} is no process id"
                if said
                else "say which session: its pid is in the sessions below the row"
            )
            return
        if found.server.standby:
            yield STANDBY
        if session is None:
            yield f"no session has the pid {said}: it is gone"
            return
        row = self.collector.application_of(request.subject)
        if row is not None and session.key != row:
            yield f"pid {said} is a session of {session.application}, not of {one_line(row, 60)}"
        if session.ours:
            yield "it is a session of this console"
        elif session.hidden or session.started is None:
            yield HIDDEN
        elif session.kind != "client backend":
            yield f"it is no client's session but a {one_line(session.kind, 40)}"
        elif session.started > found.cut(request):
            yield "it began after the sessions were looked at: look again"
        yield from self.rights([session], found.us)

    def rights(self, sessions: Sequence[Session], us: Shown) -> Iterable[str]:
        """Why the role that reads may not signal them; of another that acts, its hands know."""
        if self.collector.options.act_url is not None:
            return
        barred = [one for one in sessions if not one.reachable and not one.hidden]
        if any(one.superuser for one in barred):
            yield f"a superuser's session is signalled by superusers alone, and {us} is none"
        elif barred:
            user = barred[0].user
            yield f"{us} may not signal sessions of {user}: grant pg_signal_backend to it, or give act_url"

    def made(
        self,
        request: Request,
        found: Found,
        sessions: Sequence[Session],
        guard: SessionGuard,
        *,
        target: str,
        owner: str,
        warnings: Iterable[str] = (),
        refusals: Iterable[str] = (),
    ) -> Plan:
        """The plan that signals these sessions under that guard."""
        refused = tuple(one_line(why, 300) for why in refusals)
        return Plan(
            spec=self.spec,
            request=request,
            target=one_line(f"{target} on {self.collector.context.collector}"),
            service=self.collector.context.service_of(owner),
            server=str(found.server),
            count=exact(len(sessions)),
            sample=sample(sessions),
            warnings=tuple(one_line(words, 300) for words in warnings),
            refusals=refused,
            items=tuple(one.name for one in sessions),
            detail={"sessions": named(sessions), "guard": dataclasses.asdict(guard)},
        )

    def _told(self, plan: Plan, done: int, told: Mapping[str, int]) -> Shown:
        total = len(plan.detail["sessions"])
        others = ", ".join(f"{count} {answer}" for answer, count in told.items())
        if total == 1:
            return one_line(f"{plan.target}: {self.past if done else next(iter(told), 'nothing to do')}")
        return one_line(f"{done} of {total} sessions {self.past}" + (f"; {others}" if others else ""))

    def _how(self, count: int) -> str:
        """Of those that ended unseen nobody can tell which did so by themselves."""
        return f"{self.past}, or ended by {'itself' if count == 1 else 'themselves'}"

    def _wall(self) -> float:
        return self.collector.context.clock.wall()


def guard_of(plan: Plan) -> SessionGuard:
    """The guard that a plan holds, also after it was in the journal."""
    told = dict(plan.detail["guard"])
    return SessionGuard(**{**told, "states": tuple(told["states"])})


def _still(plan: Plan, found: Found) -> list[Session]:
    """The plan's sessions that are still what it saw."""
    guard = guard_of(plan)
    return [one for one in left_of(plan.detail["sessions"], found) if _holds(guard, one)]


def _holds(guard: SessionGuard, session: Session) -> bool:
    """The conditions of ``signal.sql``; a session that is hidden now may still be what it was."""
    if session.hidden:
        return True
    return (
        (not guard.states or session.state in guard.states)
        and (guard.changed_by is None or (session.changed or 0.0) <= guard.changed_by)
        and (guard.transaction is None or session.transaction == guard.transaction)
        and (guard.query is None or session.query_started == guard.query)
    )


def _all(total: int) -> str:
    return "it is" if total == 1 else f"all {total} are"
