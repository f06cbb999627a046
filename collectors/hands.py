"""The writers' verbs, as an action sees them; the runner alone can make one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from collectors.action import Hands


class RedisHands(Hands, Protocol):
    """Writes to one Redis database; kind ``redis``, rights are names of commands (``ZREM``).

    Nothing is ever sent twice: a connection that breaks under a command leaves its outcome unknown
    and raises SourceError.
    """

    async def script(self, lua: str, keys: Sequence[bytes], arguments: Sequence[bytes | str | int]) -> Any:  # noqa: ANN401 - replies are untyped
        """Run a script as one step and give its reply; raises SourceError."""
        ...

    async def send(self, *commands: Sequence[bytes | str | int]) -> list[Any]:
        """Send a batch of commands of the writers' list and give the replies; raises for a refused one."""
        ...

    @property
    def took(self) -> float:
        """Seconds that the last round trip took."""
        ...


@dataclass(frozen=True, slots=True)
class SessionGuard:
    """What must still hold of a session when it is signalled; what is empty or None always holds.

    ``states``: as pg_stat_activity names them. ``changed_by``: in its state since then or longer.
    ``transaction`` and ``query``: still those that began then. UTC epoch seconds of the server's clock.
    """

    states: tuple[str, ...] = ()
    changed_by: float | None = None
    transaction: float | None = None
    query: float | None = None


class PostgresHands(Hands, Protocol):
    """Signals sessions of one PostgreSQL; kind ``postgres``, rights are roles (``pg_signal_backend``)."""

    async def signal(
        self, verb: str, pid: int, backend_start: float, guard: SessionGuard | None = None
    ) -> str:
        """``cancel`` or ``terminate`` the session that still is the one of that start (UTC epoch seconds).

        Gives ``done``, ``gone``, ``not in that state`` where ``guard`` does not hold any more, or
        ``refused: why``.
        """
        ...


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """A status code and the first 64 KiB of the body."""

    status: int
    body: bytes


class HttpHands(Hands, Protocol):
    """Sends one HTTP request at a time, without redirects; kind ``http``."""

    async def send(
        self, method: str, url: str, headers: Mapping[str, str] | None = None, body: bytes = b""
    ) -> HttpAnswer:
        """Send it once; raises SourceError where no answer came."""
        ...


class ProcessHands(Hands, Protocol):
    """Signals processes of this machine and runs argument lists; kind ``process``. It knows no SIGKILL."""

    async def signal(self, name: str, pid: int, started: float) -> str:
        """Send ``TERM``, ``HUP``, ``QUIT`` or ``USR1`` to the process that still has that start.

        ``started``: clock ticks since boot, field 22 of ``/proc/PID/stat``. Gives ``done``, ``gone``, or
        ``refused: why``.
        """
        ...

    async def run(self, argv: Sequence[str], seconds: float) -> tuple[int, bytes]:
        """Run a program without a shell; its exit status and the first 64 KiB of what it said."""
        ...


class LineHands(Hands, Protocol):
    """Speaks lines to a control socket such as HAProxy's; kind ``lines``."""

    async def say(self, line: str) -> bytes:
        """Send one line on a connection of its own and give the whole answer; raises SourceError."""
        ...
