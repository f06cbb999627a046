"""pools.terminate: end a session, or all of one application that are idle in transaction for too long."""

from collections.abc import Iterator
from typing import ClassVar

from collectors.action import ActionSpec, Argument, Plan, Request, Risk
from collectors.hands import SessionGuard
from collectors.options import parse_duration
from collectors.pools.postgres.cancel import PID
from collectors.pools.postgres.sessions import HELD, MOST, Found, Session, held_by, pid_of
from collectors.pools.postgres.signalling import STANDBY, Signalling
from collectors.text import one_line
from collectors.transport.spans import span

LEAST = 1.0
"""Seconds; what is idle in transaction for less is at work."""

SHORT = 2.0
"""Seconds; a transaction that is younger will be another one by the time that somebody has confirmed."""


class Terminate(Signalling):
    """pg_terminate_backend: on one session, or on an application's that are idle in transaction."""

    spec: ClassVar[ActionSpec] = ActionSpec(
        id="pools.terminate",
        words="End a session, or all of one application that are idle in transaction for longer than a time.",
        risk=Risk.DESTRUCTIVE,
        arguments=(
            PID,
            Argument("idle", "instead of a pid: all that are idle in transaction for longer, such as 60s"),
            Argument("application", "with idle, on the row of the server itself: whose sessions"),
        ),
        bulk=True,
    )
    past: ClassVar[str] = "terminated"
    ended: ClassVar[str] = "gone"

    async def plan(self, request: Request) -> Plan:
        """The session of ``pid``, or those idle for longer than ``idle`` as of the cut-off."""
        if request.argument("idle") and not request.argument("pid"):
            return await self._many(request)
        return await self._one(request)

    async def _one(self, request: Request) -> Plan:
        pid = pid_of(request.argument("pid"))
        found = await self.found_by(pid)
        session = found.of(pid)
        refusals = [*self.objections(request, found, session)]
        if request.argument("idle"):
            refusals.append("say either pid or idle, not both")
        elif not request.argument("pid"):
            refusals = ["say which: the pid of a session, or idle for those idle in transaction for longer"]
        return self.made(
            request,
            found,
            [session] if session is not None else [],
            _guard(session) if session is not None else SessionGuard(),
            target=f"pid {pid}" + (f" ({session.application})" if session is not None else ""),
            owner=session.application if session is not None else "",
            warnings=_warnings(session) if session is not None else (),
            refusals=refusals,
        )

    async def _many(self, request: Request) -> Plan:
        row = self.collector.application_of(request.subject)
        name = request.argument("application") if row is None else row.decode("utf-8", "replace")
        async with self.collector.planning() as reader:
            found = await held_by(reader, name, self._wall)
        refusals = [*self._misfits(request, name)]
        seconds = LEAST if refusals else parse_duration(request.argument("idle"))
        before = found.cut(request) - seconds
        held = [one for one in found.sessions if one.state in HELD and one.changed is not None]
        due = [one for one in held if (one.changed or 0.0) <= before]
        refusals = refusals or [*self._limits(request, found, due, one_line(name, 60), seconds)]
        return self.made(
            request,
            found,
            due[:MOST],
            SessionGuard(states=HELD, changed_by=before),
            target=f"sessions of {name or '?'} idle in transaction over {span(seconds)}",
            owner=name,
            warnings=_bulk_warnings(due, len(held) - len(due)),
            refusals=refusals,
        )

    def _misfits(self, request: Request, name: str) -> Iterator[str]:
        """What is wrong with what was said."""
        if not name:
            yield "say whose sessions: application, or choose the row of an application"
        elif request.argument("application", name) != name:
            yield f"this is the row of {one_line(name, 60)}: choose the other application's, or the server's"
        try:
            seconds = parse_duration(request.argument("idle"))
        except ValueError as error:
            yield f"idle {error}"
        else:
            if seconds < LEAST:
                yield f"idle must be {span(LEAST)} or longer: what is shorter is at work"

    def _limits(
        self, request: Request, found: Found, due: list[Session], name: str, seconds: float
    ) -> Iterator[str]:
        """What speaks against these sessions together."""
        most = min(MOST, request.maximum if request.maximum is not None else MOST)
        hidden = sum(one.hidden for one in found.sessions)
        if found.server.standby:
            yield STANDBY
        if hidden:
            yield f"{hidden} sessions of {name} are hidden from our role: grant pg_monitor to it"
        elif not due:
            yield f"no session of {name} is idle in transaction for longer than {span(seconds)}"
        if len(due) > most:
            words = f"it would hit {len(due)} sessions, and {most} is the most"
            yield f"{words}: say a longer idle, or raise the limit"
        yield from self.rights(due, found.us)


def _guard(session: Session) -> SessionGuard:
    """What must not have changed: the transaction that was seen, or that there is none."""
    if session.state in HELD:
        return SessionGuard(states=HELD, changed_by=session.changed)
    if session.transaction is None:
        return SessionGuard(states=(session.state,) if session.state else ())
    return SessionGuard(transaction=session.transaction if session.transaction_age >= SHORT else None)


def _warnings(session: Session) -> Iterator[str]:
    if session.transaction is None:
        yield "it has no transaction open; its client must dial anew"
    elif session.state not in HELD and session.transaction_age < SHORT:
        yield "its transactions are short: whichever is open then is rolled back; this cannot be undone"
    else:
        open_for = span(session.transaction_age)
        yield f"its transaction, open for {open_for}, is rolled back; this cannot be undone"
    if session.superuser:
        yield f"{session.user} is a superuser: superusers alone may signal its sessions"


def _bulk_warnings(due: list[Session], younger: int) -> Iterator[str]:
    if due:
        oldest = span(max(one.transaction_age for one in due))
        yield f"their transactions, the oldest open for {oldest}, are rolled back; this cannot be undone"
    if younger:
        yield f"{younger} that are idle in transaction for less are left alone"
    owners = {one.user for one in due if one.superuser}
    if owners:
        yield f"{', '.join(sorted(owners))}: superusers alone may signal these sessions"
