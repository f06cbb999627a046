"""What is told of the sessions while somebody looks: who waits for whom, and who holds."""

from collections.abc import Sequence

from collectors.model.detail import Detail, DetailSpec
from collectors.model.quantity import Quantity, Unit, exact, exact_or_unknown
from collectors.pools._trees import tree
from collectors.text import Shown, one_line
from collectors.transport.read.postgres_session import Row

LOCKS = DetailSpec("locks", "lock tree", "Who waits for whom, by pg_blocking_pids.")
SESSIONS = DetailSpec("sessions", "sessions", "Sessions by how long their transaction is open.")

_LOCK_COLUMNS = ("pid", "application", "user", "state", "waited", "wants", "in transaction", "query")
_SESSION_COLUMNS = (
    "pid",
    "application",
    "user",
    "client",
    "state",
    "in transaction",
    "in state",
    "waits for",
    "query",
)


def lock_tree(rows: Sequence[Row]) -> Detail:
    """Those who only block first, those who wait below them."""
    blockers = {
        row["pid"]: tuple(int(pid) for pid in (row["blocked_by"] or "").split(",") if pid) for row in rows
    }
    by_pid = {row["pid"]: row for row in rows}
    ordered = tree(blockers)
    return Detail(
        LOCKS,
        _LOCK_COLUMNS,
        tuple(_lock_row(by_pid[pid]) for pid, _depth in ordered if pid in by_pid),
        Shown("" if rows else "nobody waits for a lock"),
        tuple(depth for pid, depth in ordered if pid in by_pid),
    )


def session_list(rows: Sequence[Row]) -> Detail:
    """Sessions with the pids by which they are cancelled and terminated."""
    return Detail(SESSIONS, _SESSION_COLUMNS, tuple(_session_row(row) for row in rows))


def _lock_row(row: Row) -> tuple[Shown | Quantity, ...]:
    return (
        Shown(str(row["pid"])),
        one_line(row["application"], 40),
        one_line(row["usename"], 40),
        one_line(row["state"], 40),
        _age(row["waited"]),
        Shown(row["mode"] or "–"),
        exact_or_unknown(row["in_transaction"], Unit.SECONDS),
        one_line(row["query"] or ""),
    )


def _session_row(row: Row) -> tuple[Shown | Quantity, ...]:
    return (
        Shown(str(row["pid"])),
        one_line(row["application"], 40),
        one_line(row["usename"], 40),
        one_line(row["client"], 40),
        one_line(row["state"], 40),
        _age(row["in_transaction"]),
        exact_or_unknown(row["in_state"], Unit.SECONDS),
        one_line(row["waits_for"] or "–", 40),
        one_line(row["query"] or ""),
    )


def _age(seconds: float | None) -> Shown | Quantity:
    return Shown("–") if seconds is None else exact(seconds, Unit.SECONDS)
