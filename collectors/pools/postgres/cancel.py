"""pools.cancel: end the query that a session runs; the session stays."""

from collections.abc import Iterator
from typing import ClassVar

from collectors.action import ActionSpec, Argument, Plan, Request, Risk
from collectors.hands import SessionGuard
from collectors.pools.postgres.sessions import HELD, RUNS, Found, Session, pid_of
from collectors.pools.postgres.signalling import Signalling
from collectors.transport.spans import span

PID = Argument("pid", "process id of the session, from the sessions below its row")


class Cancel(Signalling):
    """pg_cancel_backend on one session that runs a query: that one, and no other that it ran since."""

    spec: ClassVar[ActionSpec] = ActionSpec(
        id="pools.cancel",
        words="End the query that a session runs; the session stays.",
        risk=Risk.DISRUPTIVE,
        arguments=(Argument(PID.name, PID.words, required=True),),
        deadline=30.0,
    )
    past: ClassVar[str] = "cancelled"
    ended: ClassVar[str] = "over"

    async def plan(self, request: Request) -> Plan:
        """One session that is active, with its query."""
        pid = pid_of(request.argument("pid"))
        found = await self.found_by(pid)
        session = found.of(pid)
        refusals = [*self.objections(request, found, session)]
        if session is not None and not refusals:
            refusals += _idle(session, found, request)
        return self.made(
            request,
            found,
            [session] if session is not None else [],
            SessionGuard(states=RUNS, query=session.query_started if session is not None else None),
            target=f"the query of pid {pid}" + (f" ({session.application})" if session is not None else ""),
            owner=session.application if session is not None else "",
            warnings=_warnings(session) if session is not None else (),
            refusals=refusals,
        )


def _idle(session: Session, found: Found, request: Request) -> Iterator[str]:
    if session.state in HELD:
        yield (
            f"it is {session.state} for {span(session.state_age)}: cancel does nothing there, "
            "terminate is the verb that works here"
        )
    elif session.state not in RUNS:
        yield f"it is {session.state or 'in an unknown state'}: there is no query to cancel"
    elif session.query_started is None or session.query_started > found.cut(request):
        yield "its query began after the sessions were looked at: look again"


def _warnings(session: Session) -> Iterator[str]:
    older = session.transaction_age - session.state_age > 1.0
    within = f", and all else that its transaction did in {span(session.transaction_age)}" if older else ""
    yield f"what the query did is rolled back{within}; this cannot be undone"
    if session.superuser:
        yield f"{session.user} is a superuser: superusers alone may signal its sessions"
