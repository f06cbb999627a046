"""What is asked of a machine about its processes, and this machine as one that is asked."""

from collections.abc import Iterable
from typing import Protocol

from collectors.clock import Clock
from collectors.transport.read import processes
from collectors.transport.read.files_open import Seen
from collectors.transport.read.processes import Process, Sockets


class Machine(Protocol):
    """A machine at one look: this one, or what a server printed of itself."""

    def process(self, pid: int) -> Process | None:
        """The process of a number; None where there is none."""
        ...

    def pid_in(self, path: str) -> tuple[int, Seen]:
        """The number in a pid file, and the file as it was seen; raises OSError, or ValueError for none."""
        ...

    def tree(self, pid: int) -> tuple[int, ...]:
        """The process and its descendants, itself first."""
        ...

    def sockets(self, pids: Iterable[int]) -> Sockets:
        """Their TCP sockets; raises PermissionError where they may not be seen."""
        ...

    def listener(self, port: int) -> Process | None:
        """Who listens on a TCP port; raises PermissionError where somebody does who cannot be seen."""
        ...

    def arguments(self, pid: int) -> tuple[str, ...]:
        """With what it was started, as far as that is told; empty where not."""
        ...

    def age(self, one: Process) -> float:
        """Seconds since its start."""
        ...

    def began(self, one: Process) -> float:
        """When it started, UTC epoch seconds of the machine's own clock."""
        ...


class Here:
    """``Machine``: this one, as it is when it is asked; blocks."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def process(self, pid: int) -> Process | None:
        """See ``process``."""
        return processes.process(pid)

    def pid_in(self, path: str) -> tuple[int, Seen]:
        """See ``pid_in``."""
        return processes.pid_in(path)

    def tree(self, pid: int) -> tuple[int, ...]:
        """See ``tree``."""
        return processes.tree(pid)

    def sockets(self, pids: Iterable[int]) -> Sockets:
        """See ``sockets``."""
        return processes.sockets(pids)

    def listener(self, port: int) -> Process | None:
        """See ``listener``."""
        return processes.listener(port)

    def arguments(self, pid: int) -> tuple[str, ...]:
        """See ``arguments``."""
        return processes.arguments(pid)

    def age(self, one: Process) -> float:
        """Seconds since its start."""
        return max(0.0, self._clock.boottime() - one.started)

    def began(self, one: Process) -> float:
        """When it started, UTC epoch seconds."""
        return self._clock.wall() - (self._clock.boottime() - one.started)
