"""pools.postgres: the slots of one PostgreSQL server, and each application's part in them."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar

from collectors.action import Action
from collectors.base import Collector
from collectors.errors import AnswerError, TimedOutError
from collectors.model.detail import Detail, DetailSpec
from collectors.model.pools import PoolReading
from collectors.model.practice import Practice
from collectors.model.quantity import Quantity, Unit, about, exact, exact_or_unknown, needs_samples, unknown
from collectors.model.reading import Part
from collectors.model.subject import Subject, SubjectId
from collectors.model.sweep import Cost, Sweep
from collectors.options import OptionalUrl, Url
from collectors.pools.postgres.cancel import Cancel
from collectors.pools.postgres.details import LOCKS, SESSIONS, lock_tree, session_list
from collectors.pools.postgres.terminate import Terminate
from collectors.text import Shown, one_line
from collectors.transport.read.postgres import PostgresReader
from collectors.transport.read.postgres_session import Row, SaturatedError
from collectors.transport.spans import span

OWN_ROW = b"server"
PACKAGE = "collectors.pools"
COUNTERS_SINCE = 14
_STATES = ("active", "idle", "idle_in_transaction")
_AGES = ("oldest_idle_in_transaction", "oldest_transaction", "oldest_query")


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """Options of pools.postgres.

    url: postgresql://user:password@host:port/database of a role in pg_monitor; pgpass and
    sslmode in the URL count; it only reads. act_url: the same for actions, of a role in pg_monitor and
    pg_signal_backend, empty for none. applications: whether each application that ``attribute`` names
    has a row of its own.
    """

    url: Url
    act_url: OptionalUrl = None
    applications: bool = True


class PostgresPool(Collector[Options]):
    """Slots, states, waiters, transactions, replicas of one PostgreSQL server (12 or later)."""

    practice = Practice.POOLS
    Options = Options
    default_timeout = 3.0
    details: ClassVar[tuple[DetailSpec, ...]] = (LOCKS, SESSIONS)
    actions: ClassVar[tuple[type[Action[Any, Any]], ...]] = (Cancel, Terminate)

    _reader: PostgresReader | None = None
    _sessions: tuple[float, int] | None = None

    async def collect(self) -> Sweep:
        """The server's own row, then one for each attributed application."""
        try:
            return await self._look()
        except SaturatedError as error:
            # a full server is the finding itself; nothing else can be known without a session
            reading = PoolReading(subject=self._own(), saturated=True, word=error.why)
            return self.sweep([reading], complete=False)

    async def _look(self) -> Sweep:
        reader = await self._open_reader()
        (server, applications, replication), cost = await reader.fetch(
            ("server", "applications", "replication")
        )
        (counters,), more = await reader.fetch(("sessions",), since=COUNTERS_SINCE)
        own = self._server(server[0], replication[0], counters, applications)
        readings = [own]
        if self.options.applications:
            readings += self._applications(applications, own.capacity)
        seconds = cost.seconds + more.seconds
        return self.sweep(readings, cost=Cost(cost.requests + more.requests, 0, seconds))

    async def detail(self, subject: SubjectId, name: str) -> Detail:
        """The lock tree of the server, or the sessions of the row; raises SourceError."""
        reader = await self._open_reader()
        if name == LOCKS.name:
            return lock_tree(await reader.ask("waits"))
        if name == SESSIONS.name:
            whose = self.application_of(subject) or b""
            return session_list(await reader.ask("holders", whose.decode("utf-8", "replace")))
        raise AnswerError(f"no detail {name!r}")

    def application_of(self, subject: SubjectId) -> bytes | None:
        """The application whose row a subject is; None for the row of the server itself."""
        return None if subject.key == OWN_ROW else subject.key

    @asynccontextmanager
    async def planning(self, seconds: float | None = None) -> AsyncIterator[PostgresReader]:
        """A reader with a session of its own, for ``seconds`` in all or the time-out; raises SourceError.

        It leaves the server at the end: slots are what a leak has used up. Where none is left, it is
        the reader that collects, which is in already.
        """
        limit = self.context.timeout if seconds is None else seconds
        own = await self._new_reader("plan")
        try:
            async with asyncio.timeout(limit):
                yield await self._that_is_in(own)
        except TimeoutError:
            raise TimedOutError(f"no answer within {span(limit)}") from None
        finally:
            await own.close()

    async def close(self) -> None:
        """Give the session back."""
        reader, self._reader = self._reader, None
        if reader is not None:
            await reader.close()

    async def _open_reader(self) -> PostgresReader:
        if self._reader is None:
            self._reader = await self._new_reader("read")
        return self._reader

    async def _new_reader(self, role: str) -> PostgresReader:
        context = self.context
        endpoint = context.endpoint(self.options.url)
        dial = partial(context.dialer.dial, endpoint)
        return PostgresReader(endpoint, dial, context.leases, PACKAGE, context.timeout, role=role)

    async def _that_is_in(self, own: PostgresReader) -> PostgresReader:
        try:
            await own.version()
        except SaturatedError:
            return await self._open_reader()
        return own

    def _own(self) -> Subject:
        return self.context.subject(self.practice, OWN_ROW, label=self.context.collector, owner="")

    def _server(
        self, row: Row, replication: Row, counters: Sequence[Row], applications: Sequence[Row]
    ) -> PoolReading:
        partial = row["hidden"] > 0
        reserved = row["superuser_reserved"] + row["reserved"]
        capacity = row["max_connections"] - reserved
        in_use = about(row["numbackends"], None) if partial else exact(row["client_backends"])
        used = in_use.value or 0.0
        note = (
            f"partial view: {row['hidden']} sessions of other roles are hidden; grant pg_monitor to our role"
            if partial
            else ""
        )
        return PoolReading(
            subject=self._own(),
            word=Shown("replica" if row["in_recovery"] else ""),
            note=Shown(note),
            partial=partial,
            saturated=used >= capacity > 0,
            in_use=in_use,
            capacity=exact(capacity),
            reserved=exact(reserved),
            fill=about(used / capacity, None, Unit.RATIO) if partial else exact(used / capacity, Unit.RATIO),
            **_states(row, hidden=partial),
            session_rate=self._rate(counters, row["uptime"]),
            replica_lag=_lag(row, replication),
            wal_held=exact_or_unknown(replication["wal_held"], Unit.BYTES),
            xid_age=exact_or_unknown(row["xid_age"]),
            parts=tuple(_part(one) for one in applications[:40]),
            extra=(
                ("postgres.replicas", exact(replication["replicas"])),
                ("postgres.uptime", exact(row["uptime"], Unit.SECONDS)),
            ),
        )

    def _applications(self, rows: Sequence[Row], capacity: Quantity) -> list[PoolReading]:
        """Rows of the applications that ``attribute`` gives to a service."""
        found = []
        for row in rows:
            name = row["application"]
            service = self.context.service_of(name)
            if service == self.context.service:
                continue
            in_use = exact(row["in_use"])
            share = row["in_use"] / capacity.value if capacity.value else None
            found.append(
                PoolReading(
                    subject=self.context.subject(self.practice, name.encode(), label=name),
                    in_use=in_use,
                    capacity=capacity,
                    fill=exact_or_unknown(share, Unit.RATIO),
                    **_states(row, hidden=False),
                )
            )
        return found

    def _rate(self, counters: Sequence[Row], uptime: float) -> Quantity:
        """Sessions opened per second; a counter that went backwards or a restart starts anew."""
        if not counters or counters[0]["sessions"] is None:
            return unknown(Unit.PER_SECOND)
        now, sessions = self.context.clock.boottime(), counters[0]["sessions"]
        before, self._sessions = self._sessions, (now, sessions)
        if before is None or sessions < before[1] or uptime < now - before[0] or now <= before[0]:
            return needs_samples(Unit.PER_SECOND)
        return exact((sessions - before[1]) / (now - before[0]), Unit.PER_SECOND)


def _states(row: Row, *, hidden: bool) -> dict[str, Any]:
    """States and ages; hidden sessions make counts unknown, since a wrong 0 is worse."""
    values: dict[str, Any] = {}
    for name in _STATES:
        values[name] = unknown() if hidden else exact(row[name])
    values["waiting"] = unknown() if hidden else exact(row["waiting"])
    for name in _AGES:
        age = row[name]
        if hidden:
            values[name] = unknown(Unit.SECONDS)
        else:
            values[name] = exact(max(0.0, age or 0.0), Unit.SECONDS)
    return values


def _lag(row: Row, replication: Row) -> Quantity:
    """Our own lag on a replica, the slowest replica's on a primary; unknown where there is none."""
    if row["in_recovery"]:
        return exact_or_unknown(replication["own_lag"], Unit.SECONDS)
    if not replication["replicas"]:
        return unknown(Unit.SECONDS)
    return exact(replication["replay_lag"] or 0.0, Unit.SECONDS)


def _part(row: Row) -> Part:
    held = f", {row['idle_in_transaction']} idle in transaction" if row["idle_in_transaction"] else ""
    return Part(
        name=one_line(row["application"], 60),
        word=Shown(f"{row['active']} active{held}"),
        value=exact(row["in_use"]),
        bad=bool(row["waiting"]),
    )


COLLECTOR = PostgresPool
