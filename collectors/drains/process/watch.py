"""One process from look to look: what it is, whether it still listens, how it ended."""

import contextlib
from dataclasses import dataclass

from collectors.drains._since import Since
from collectors.drains.process.exits import UNKNOWN, Exit, of_status
from collectors.drains.process.finding import Finder
from collectors.model.drains import Phase
from collectors.model.quantity import Quantity
from collectors.transport.read.machine import Machine
from collectors.transport.read.processes import Identity, Process, Sockets

_NEAR = 0.9
"""Part of the grace after which a SIGKILL is taken for the supervisor's."""


@dataclass(frozen=True, slots=True)
class Looked:
    """What /proc told. ``sockets`` is None where this user may not see them; ``processes`` with children.

    ``age``: seconds since its start, None where it has ended. ``arguments``: with what it was started.
    """

    process: Process | None
    sockets: Sockets | None = None
    processes: int = 0
    age: float | None = None
    arguments: tuple[str, ...] = ()


def look(finder: Finder, known: Identity | None, on: Machine) -> Looked:
    """Find the process and what it has open; raises SourceError where there is none to watch."""
    one = finder.find(known, on)
    if one is None or one.ended:
        return Looked(one)
    pids = on.tree(one.identity.pid)
    open_ones = None
    with contextlib.suppress(PermissionError):
        open_ones = on.sockets(pids)
    return Looked(one, open_ones, len(pids), on.age(one), on.arguments(one.identity.pid))


@dataclass(frozen=True, slots=True)
class Seen:
    """How the process stands after a look; ``sessions`` and ``waiting`` are None where they are not known."""

    phase: Phase
    elapsed: Quantity
    ready: bool | None = None
    sessions: int | None = None
    waiting: int | None = None


class Watch:
    """Follows one process, by number and start, and what comes in its place.

    ``exit`` is how the last one ended, None where none has. ``ports`` are all that it listened on.
    """

    def __init__(self) -> None:
        self.identity: Identity | None = None
        self.ports: frozenset[int] = frozenset()
        self.exit: Exit | None = None
        self._over = False
        self._since = Since()
        self._elapsed = 0.0

    def see(self, looked: Looked, now: float, grace: float | None) -> Seen:
        """Take in a look at ``now`` (CLOCK_BOOTTIME seconds); ``grace``: seconds until SIGKILL, if known."""
        one = looked.process
        if one is None or one.ended:
            self._ended(one, grace)
            return Seen(Phase.EXITED, self._since.see(Phase.EXITED, now), ready=False)
        if not one.identity.same(self.identity):
            if self.identity is not None and not self._over:
                self.exit = UNKNOWN  # it ended between two looks, and another is there
            self.identity, self.ports, self._over = one.identity, frozenset(), False
            self._since = Since()
        open_ones = looked.sockets
        if open_ones is None:
            return Seen(Phase.SERVING, self._since.see(Phase.SERVING, now))
        self.ports |= open_ones.listening
        listens = bool(open_ones.listening)
        # servers close their port at the order to stop, and finish what they have
        phase = Phase.STOPPING if self.ports and not listens else Phase.SERVING
        elapsed = self._since.see(phase, now)
        self._elapsed = (elapsed.value or 0.0) + (elapsed.margin or 0.0)
        return Seen(
            phase,
            elapsed,
            ready=listens if self.ports else None,
            sessions=self._sessions(open_ones),
            waiting=open_ones.waiting if listens else None,
        )

    def told(self, ended: Exit | None) -> None:
        """Take over how it ended from somebody who knows: its supervisor."""
        self.exit, self._over = ended, True

    def _sessions(self, open_ones: Sockets) -> int | None:
        if not self.ports or not open_ones.whole:
            return None
        return sum(port in self.ports for port in open_ones.connected)

    def _ended(self, one: Process | None, grace: float | None) -> None:
        if one is not None and self.identity is None:
            self.identity = one.identity
        if self._over and (one is None or self.exit != UNKNOWN):
            return
        stopped = self._since.phase is Phase.STOPPING and grace is not None
        at_deadline = stopped and self._elapsed >= _NEAR * (grace or 0.0)
        self.exit = of_status(one.status if one is not None else None, at_deadline=at_deadline)
        self._over = True
