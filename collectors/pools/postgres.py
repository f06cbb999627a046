"""pools.postgres: the slots of one PostgreSQL server, and each application's part in them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from collectors.base import Collector
from collectors.errors import AnswerError
from collectors.model.detail import Detail, DetailSpec
from collectors.model.pools import PoolReading
from collectors.model.practice import Practice
from collectors.model.quantity import Quantity, Unit, about, exact, exact_or_unknown, needs_samples, unknown
from collectors.model.reading import Part
from collectors.model.subject import Subject, SubjectId
from collectors.model.sweep import Cost, Sweep
from collectors.options import Url
from collectors.pools._trees import tree
from collectors.text import Shown, one_line
from collectors.transport.read.postgres import PostgresReader, Row, SaturatedError

OWN_ROW = b"server"
PACKAGE = "collectors.pools"
COUNTERS_SINCE = 14
_STATES = ("active", "idle", "idle_in_transaction")
_AGES = ("oldest_idle_in_transaction", "oldest_transaction", "oldest_query")

LOCKS = DetailSpec("locks", "lock tree", "Who waits for whom, by pg_blocking_pids.")
SESSIONS = DetailSpec("sessions", "sessions", "Sessions by how long their transaction is open.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """Options of pools.postgres.

    url: postgresql://user:password@host:port/database of a role in pg_monitor; pgpass and
    sslmode in the URL count. applications: whether each application that ``attribute`` names has a
    row of its own.
    """

    url: Url
    applications: bool = True


class PostgresPool(Collector[Options]):
    """Slots, states, waiters, transactions, replicas of one PostgreSQL server (12 or later)."""

    practice = Practice.POOLS
    Options = Options
    default_timeout = 3.0
    details: ClassVar[tuple[DetailSpec, ...]] = (LOCKS, SESSIONS)

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

    async def detail(self, _subject: SubjectId, name: str) -> Detail:
        """The lock tree or the sessions; raises SourceError."""
        reader = await self._open_reader()
        if name == LOCKS.name:
            (rows,), _cost = await reader.fetch(("waits",))
            return _lock_tree(rows)
        if name == SESSIONS.name:
            (rows,), _cost = await reader.fetch(("holders",))
            return _session_list(rows)
        raise AnswerError(f"no detail {name!r}")

    async def close(self) -> None:
        """Give the session back."""
        reader, self._reader = self._reader, None
        if reader is not None:
            await reader.close()

    async def _open_reader(self) -> PostgresReader:
        if self._reader is None:
            endpoint = self.context.endpoint(self.options.url)
            dial = await self.context.dialer.dial(endpoint)
            self._reader = PostgresReader(endpoint, dial, self.context.leases, PACKAGE, self.context.timeout)
        return self._reader

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


def _lock_tree(rows: Sequence[Row]) -> Detail:
    blockers = {
        row["pid"]: tuple(int(pid) for pid in (row["blocked_by"] or "").split(",") if pid) for row in rows
    }
    by_pid = {row["pid"]: row for row in rows}
    ordered = tree(blockers)
    return Detail(
        LOCKS,
        ("pid", "application", "user", "state", "waited", "wants", "in transaction", "query"),
        tuple(_lock_row(by_pid[pid]) for pid, _depth in ordered if pid in by_pid),
        Shown("" if rows else "nobody waits for a lock"),
        tuple(depth for pid, depth in ordered if pid in by_pid),
    )


def _lock_row(row: Row) -> tuple[Shown | Quantity, ...]:
    return (
        Shown(str(row["pid"])),
        one_line(row["application"], 40),
        one_line(row["usename"], 40),
        one_line(row["state"], 40),
        exact(row["waited"], Unit.SECONDS) if row["waited"] is not None else Shown("–"),
        Shown(row["mode"] or "–"),
        exact_or_unknown(row["in_transaction"], Unit.SECONDS),
        one_line(row["query"] or ""),
    )


def _session_list(rows: Sequence[Row]) -> Detail:
    return Detail(
        SESSIONS,
        ("pid", "application", "user", "client", "state", "in transaction", "in state", "query"),
        tuple(
            (
                Shown(str(row["pid"])),
                one_line(row["application"], 40),
                one_line(row["usename"], 40),
                one_line(row["client"], 40),
                one_line(row["state"], 40),
                exact(row["in_transaction"], Unit.SECONDS)
                if row["in_transaction"] is not None
                else Shown("–"),
                exact_or_unknown(row["in_state"], Unit.SECONDS),
                one_line(row["query"] or ""),
            )
            for row in rows
        ),
    )


COLLECTOR = PostgresPool
