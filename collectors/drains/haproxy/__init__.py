"""drains.haproxy: the servers of HAProxy's backends, by its stats socket."""

from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any, ClassVar
from urllib.parse import quote

from collectors.action import Action
from collectors.base import Collector, Context
from collectors.drains._since import Since
from collectors.drains.haproxy.drain import Drain
from collectors.drains.haproxy.maint import Maint, Ready
from collectors.drains.haproxy.table import Server, forced, servers
from collectors.errors import OptionsError
from collectors.model.drains import DrainReading, Phase
from collectors.model.practice import Practice
from collectors.model.quantity import Unit, exact, exact_or_unknown, unknown
from collectors.model.sweep import Cost, Sweep
from collectors.secret import SecretUrl
from collectors.text import Shown, one_line
from collectors.transport.read.haproxy import HaproxyReader

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


class HaproxyDrain(Collector[HaproxyDrainOptions]):
    """One reading for each server of each backend: its state, sessions, and how many peers are up."""

    practice: ClassVar[Practice] = Practice.DRAINS
    Options: ClassVar[type[HaproxyDrainOptions]] = HaproxyDrainOptions
    default_timeout: ClassVar[float] = 3.0
    actions: ClassVar[tuple[type[Action[Any, Any]], ...]] = (Drain, Ready, Maint)

    def __init__(self, options: HaproxyDrainOptions, context: Context) -> None:
        super().__init__(options, context)
        self._url = url_of(options.socket)
        self._reader = HaproxyReader(context.timeout * _SHARE)
        self._since: dict[bytes, Since] = {}

    async def collect(self) -> Sweep:
        """Ask for the statistics, and for the state that tells a silent drain."""
        stat, state = await self.tables()
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

    @property
    def socket_url(self) -> SecretUrl:
        """Where the socket is."""
        return self._url

    async def tables(self) -> tuple[str, str]:
        """``show stat`` and ``show servers state``; raises SourceError."""
        dial = await self.context.dialer.dial(self.context.endpoint(self._url))
        return await self._reader.ask(dial, "show stat"), await self._reader.ask(dial, "show servers state")

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


def _worst_first(readings: Iterable[DrainReading]) -> list[DrainReading]:
    """Those that do not serve first, since of very many only the first are kept."""
    return sorted(readings, key=lambda one: (one.phase is Phase.SERVING, one.subject.label))


COLLECTOR = HaproxyDrain
