"""The sessions that an action is about, as its plan, its check and the next start see them: reads alone."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from collectors.action import MOST_SAMPLES, Request
from collectors.text import Shown, one_line
from collectors.transport.read.postgres import PostgresReader
from collectors.transport.read.postgres_session import Identity, Row
from collectors.transport.spans import span

RUNS = ("active", "fastpath function call")
HELD = ("idle in transaction", "idle in transaction (aborted)")
MOST = 1000
"""Sessions that one action may be about."""

_LARGEST_PID = 2**31 - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """One session. Times are UTC epoch seconds of the server's clock, None where there is none.

    ``key``: the application as its row is called. ``hidden``: our role may not see what it does.
    ``ours``: a console's. ``reachable``: the role that looks has the right to signal it.
    """

    pid: int
    application: Shown
    key: bytes
    user: Shown
    state: str
    kind: str
    started: float | None
    transaction: float | None
    query_started: float | None
    changed: float | None
    now: float
    query: Shown
    hidden: bool
    ours: bool
    superuser: bool
    reachable: bool

    @property
    def state_age(self) -> float:
        """Seconds in this state; of what runs, since its query began."""
        since = self.query_started if self.state in RUNS else self.changed
        return max(0.0, self.now - since) if since is not None else 0.0

    @property
    def transaction_age(self) -> float:
        """Seconds since its transaction began; 0 without one."""
        return max(0.0, self.now - self.transaction) if self.transaction is not None else 0.0

    @property
    def line(self) -> Shown:
        """One line for people: pid, user, application, state, age, begin of the query."""
        state = self.state or "state unknown"
        who = f"{self.pid} {self.user} {self.application}"
        return one_line(f"{who}: {state} for {span(self.state_age)}, {one_line(self.query, 80)}")

    @property
    def name(self) -> bytes:
        """What it is called among the items of a plan: pid and start."""
        return f"{self.pid} {self.started}".encode()


@dataclass(frozen=True, slots=True)
class Found:
    """What a look has shown: on which server, as which role, at which moment of the server's clock."""

    server: Identity
    sessions: tuple[Session, ...]
    us: Shown
    now: float
    asked: float

    def cut(self, request: Request) -> float:
        """The request's cut-off by the server's clock; later at most by the way to the server."""
        return self.now - max(0.0, self.asked - request.cut_off)

    def of(self, pid: int) -> Session | None:
        """The session of that pid."""
        return next((one for one in self.sessions if one.pid == pid), None)


async def by_pids(reader: PostgresReader, pids: Iterable[int], wall: Callable[[], float]) -> Found:
    """The sessions that have these pids now; ``wall`` is our clock. Raises SourceError."""
    return await _find(reader, ",".join(str(pid) for pid in pids), "", wall)


async def held_by(reader: PostgresReader, application: str, wall: Callable[[], float]) -> Found:
    """An application's sessions that are idle in transaction, longest first, and those hidden from us."""
    return await _find(reader, "", application, wall)


def pid_of(text: str) -> int:
    """The pid that an operator wrote, 0 for what is none."""
    if not (text.isascii() and text.isdecimal()) or len(text) > 10:
        return 0
    pid = int(text)
    return pid if pid <= _LARGEST_PID else 0


def sample(sessions: Sequence[Session]) -> tuple[Shown, ...]:
    """The first few, a line for each."""
    return tuple(one.line for one in sessions[:MOST_SAMPLES])


def named(sessions: Sequence[Session]) -> list[list[Any]]:
    """Pids and starts as the journal keeps them."""
    return [[one.pid, one.started] for one in sessions]


def left_of(names: Sequence[Sequence[Any]], found: Found) -> list[Session]:
    """Those of ``named`` that are still the same sessions."""
    starts = {int(pid): started for pid, started in names}
    return [one for one in found.sessions if one.hidden or one.started == starts.get(one.pid)]


async def _find(reader: PostgresReader, pids: str, application: str, wall: Callable[[], float]) -> Found:
    server = await reader.identity()
    asked = wall()
    rows = await reader.ask("targets", pids, application)
    us = one_line(rows[0]["us"], 60) if rows else Shown("")
    now = rows[0]["now"] if rows else asked
    return Found(server, tuple(_session(row) for row in rows), us, now, asked)


def _session(row: Row) -> Session:
    name = row["application"]
    return Session(
        pid=row["pid"],
        application=one_line(name, 60),
        key=name.encode(),
        user=one_line(row["usename"], 60),
        state=row["state"],
        kind=row["kind"],
        started=row["started"],
        transaction=row["transaction"],
        query_started=row["query_started"],
        changed=row["changed"],
        now=row["now"],
        query=one_line(row["query"] or "", 300),
        hidden=row["hidden"],
        ours=row["own"] or name == "quarterdeck" or name.startswith("quarterdeck "),
        superuser=row["superuser"],
        reachable=row["ours_to_signal"],
    )
