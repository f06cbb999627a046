"""HAProxy's two tables as values: ``show stat`` and ``show servers state``; pure."""

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from collectors.errors import AnswerError
from collectors.model.drains import Phase

_SERVER = "2"
"""What ``type`` of ``show stat`` is for a server; 0 is a frontend, 1 a backend, 3 a listener."""


@dataclass(frozen=True, slots=True)
class Server:
    """One server of a backend as it is told; numbers are None where a column is empty.

    ``weight`` is the effective one of now; ``changed``: seconds since its state was changed;
    ``idle``: connections kept open to it without a request (2.2 and later).
    """

    backend: str
    name: str
    word: str
    weight: float | None
    tcp: bool
    backup: bool
    sessions: float | None
    queued: float | None
    rate: float | None
    changed: float | None
    idle: float | None = None

    @property
    def key(self) -> bytes:
        """By what HAProxy's own commands call it: backend/server."""
        return f"{self.backend}/{self.name}".encode()

    @property
    def up(self) -> bool:
        """Whether it takes new sessions: "UP 1/3" does while checks fail; "no check" is never down."""
        return self.word.startswith(("UP", "no check")) and self.weight != 0

    @property
    def phase(self) -> Phase:
        """DRAIN and NOLB finish what they have, and so does a weight of 0, whatever the word is then."""
        if self.up:
            return Phase.SERVING
        if self.word.startswith(("DRAIN", "NOLB", "UP", "no check")):
            return Phase.DRAINING
        return Phase.NOT_READY if self.word.startswith(("MAINT", "DOWN")) else Phase.UNKNOWN


def servers(text: str) -> Iterator[Server]:
    """The servers in the CSV of ``show stat``; raises AnswerError for a table that is none.

    HAProxy adds columns from version to version, so they are found by name.
    """
    for row in csv.DictReader(text.removeprefix("# ").split("\n")):
        if row.get("type") != _SERVER:
            continue
        backend, name, status = row.get("pxname"), row.get("svname"), row.get("status")
        if not backend or not name or status is None:
            raise AnswerError("its statistics lack pxname, svname or status", "is it HAProxy 1.5 or later?")
        yield Server(
            backend=backend,
            name=name,
            word=status,
            weight=_number(row, "weight"),
            tcp=row.get("mode") == "tcp",
            backup=row.get("bck") == "1",
            sessions=_number(row, "scur"),
            queued=_number(row, "qcur"),
            rate=_number(row, "rate"),
            changed=_number(row, "lastchg"),
            idle=_number(row, "idle_conn_cur"),
        )


def forced(text: str) -> frozenset[bytes]:
    """Keys of the servers that were told to drain, from ``show servers state``.

    Of ``srv_admin_state`` the bits 0x08 and 0x10 mean that (forced, inherited); a weight of 0 sets neither.
    """
    lines = [line.split() for line in text.splitlines()]
    head = next((line[1:] for line in lines if line[:1] == ["#"]), [])
    try:
        backend, name, admin = (head.index(field) for field in ("be_name", "srv_name", "srv_admin_state"))
    except ValueError:
        raise AnswerError(
            "its list of servers lacks srv_admin_state", "is it HAProxy 1.6 or later?"
        ) from None
    rows = [line for line in lines if len(line) == len(head) and line[0].isdigit()]
    return frozenset(
        f"{row[backend]}/{row[name]}".encode()
        for row in rows
        if row[admin].isdigit() and int(row[admin]) & 0x18
    )


def _number(row: Mapping[str, str | None], name: str) -> float | None:
    text = row.get(name) or ""
    return float(text) if text.isdigit() and len(text) < 16 else None
