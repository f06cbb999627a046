"""drains.haproxy: the servers of HAProxy's backends, by its stats socket."""

import csv
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import ClassVar
from urllib.parse import quote

from collectors.base import Collector, Context
from collectors.drains._since import Since
from collectors.errors import AnswerError, OptionsError
from collectors.model.drains import DrainReading, Phase
from collectors.model.practice import Practice
from collectors.model.quantity import Unit, exact, exact_or_unknown, unknown
from collectors.model.sweep import Cost, Sweep
from collectors.secret import SecretUrl
from collectors.text import Shown, one_line
from collectors.transport.read.haproxy import HaproxyReader

_SERVER = "2"
"""What ``type`` of ``show stat`` is for a server; 0 is a frontend, 1 a backend, 3 a listener."""

_SHARE = 0.45
"""Part of the time-out that each of the two questions may take."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HaproxyDrainOptions:
    """One HAProxy (2.0 or later), asked by its runtime API.

    ``socket``: the path of its stats socket, or host:port where it listens on TCP. ``backend``: name or
    glob of the backends whose servers are watched.
    """

    socket: str
    backend: str = "*"


@dataclass(frozen=True, slots=True)
class Server:
    """One server of a backend as it is told; numbers are None where a column is empty.

    ``weight`` is the effective one of now; ``changed``: seconds since its state was changed.
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


class HaproxyDrain(Collector[HaproxyDrainOptions]):
    """One reading for each server of each backend: its state, sessions, and how many peers are up."""

    practice: ClassVar[Practice] = Practice.DRAINS
    Options: ClassVar[type[HaproxyDrainOptions]] = HaproxyDrainOptions
    default_timeout: ClassVar[float] = 3.0

    def __init__(self, options: HaproxyDrainOptions, context: Context) -> None:
        super().__init__(options, context)
        self._url = url_of(options.socket)
        self._reader = HaproxyReader(context.timeout * _SHARE)
        self._since: dict[bytes, Since] = {}

    async def collect(self) -> Sweep:
        """Ask for the statistics, and for the state that tells a silent drain."""
        dial = await self.context.dialer.dial(self.context.endpoint(self._url))
        stat = await self._reader.ask(dial, "show stat")
        state = await self._reader.ask(dial, "show servers state")
        groups: dict[str, list[Server]] = {}
        for server in servers(stat):
            if fnmatchcase(server.backend, self.options.backend):
                groups.setdefault(server.backend, []).append(server)
        drained = forced(state)
        readings = [self._reading(server, group, drained) for group in groups.values() for server in group]
        there = {reading.subject.id.key for reading in readings}
        self._since = {key: since for key, since in self._since.items() if key in there}
        cost = Cost(requests=2, bytes=len(stat) + len(state))
        note = "" if readings else f"no backend matches {self.options.backend!r}"
        return self.sweep(_worst_first(readings), cost=cost, note=one_line(note))

    def _reading(self, server: Server, group: list[Server], drained: frozenset[bytes]) -> DrainReading:
        phase, key = server.phase, server.key
        elapsed = self._since.setdefault(key, Since()).see(phase, self.context.clock.boottime())
        silent = server.weight == 0 and phase is Phase.DRAINING and key not in drained
        # HAProxy counts a new weight as no change of state
        if server.changed is not None and phase is not Phase.SERVING and not silent:
            elapsed = exact(server.changed, Unit.SECONDS)
        return DrainReading(
            subject=self.context.subject(Practice.DRAINS, key, key, owner=server.backend),
            word=one_line(server.word, 40),
            note=_note(server, silent=silent),
            phase=phase,
            ready=None if phase is Phase.UNKNOWN else server.up,
            # with HTTP a session of a server is a request on its way
            in_flight=unknown() if server.tcp else exact_or_unknown(server.sessions),
            sessions=exact_or_unknown(server.sessions),
            queued=exact_or_unknown(server.queued),
            traffic=exact_or_unknown(server.rate, Unit.PER_SECOND),
            ready_peers=exact(sum(one.up for one in group)),
            peers=exact(len(group)),
            elapsed=elapsed,
        )


def _note(server: Server, *, silent: bool) -> Shown:
    notes = []
    if silent:
        notes.append("somebody set its weight to 0: it gets no new sessions")
    if server.backup:
        notes.append("a backup: it serves when no other server is up")
    return one_line("; ".join(notes))


def url_of(place: str) -> SecretUrl:
    """A socket as people write it, as a URL: a path, host:port, or one of both with its scheme.

    Raises OptionsError.
    """
    if place.startswith(("unix://", "tcp://")):
        return SecretUrl(place)
    if place.startswith("/"):
        return SecretUrl("unix://" + quote(place))
    host, colon, port = place.rpartition(":")
    if not (host and colon and port.isdigit()) or "/" in host:
        hint = 'write "/run/haproxy/admin.sock" or "127.0.0.1:9999"'
        raise OptionsError(f"socket: {place!r} is neither a whole path nor host:port", hint)
    return SecretUrl(f"tcp://{place}")


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


def _worst_first(readings: Iterable[DrainReading]) -> list[DrainReading]:
    """Those that do not serve first, since of very many only the first are kept."""
    return sorted(readings, key=lambda one: (one.phase is Phase.SERVING, one.subject.label))


COLLECTOR = HaproxyDrain
