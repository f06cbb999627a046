"""The writers' verbs, as an action sees them; the runner alone can make one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import unquote

from collectors.action import Hands
from collectors.secret import SecretUrl

THIS_MACHINE = "this machine"
"""``server`` of the hands that signal and run here: a plan for them says the same."""


def http_server(url: SecretUrl) -> str:
    """``server`` of HTTP hands on ``url``: its host and port as written, or its socket, without any login."""
    rest = url.reveal().partition("://")[2]
    host = rest.partition("/")[0].partition("?")[0].partition("#")[0].rpartition("@")[2]
    return unquote(host) if url.scheme.endswith("unix") else host.lower()


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

    async def again(self) -> None:
        """Connect anew after a failure, for what may be sent twice; raises SourceError.

        Raises RefusedError where another server answers there by now.
        """
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
    """Sends one HTTP request at a time, without redirects, to the servers that its collector names.

    Kind ``http``; there are no rights to ask for. ``server`` is ``http_server`` of the collector's
    ``act_url``, or of its ``url``, or of the first URL among its options.
    """

    async def send(
        self, method: str, url: str, headers: Mapping[str, str] | None = None, body: bytes = b""
    ) -> HttpAnswer:
        """Send it once, with an ``Idempotency-Key`` of its own where ``headers`` have none.

        Raises RefusedError where nothing was sent, and SourceError where no answer came.
        """
        ...


class ProcessHands(Hands, Protocol):
    """Signals processes of one machine and runs argument lists there.

    ``server`` is THIS_MACHINE, or the name of the collector's server: a plan for it says the same. Kind
    ``process``, rights are names of programs that must be there (``systemctl``). It sends no SIGKILL but to
    the group of a program that it started here itself, and that did not end after TERM. Its leases keep apart
    the consoles of one user on this machine.
    """

    async def signal(self, name: str, pid: int, started: float, boot: str = "") -> str:
        """Send ``TERM``, ``HUP``, ``QUIT`` or ``USR1`` to the process that still has that start.

        ``started``: clock ticks since boot, field 22 of ``/proc/PID/stat``. ``boot``: the machine's boot_id
        then, empty where it is not known. Gives ``done``, ``gone``, or ``refused: why``.
        """
        ...

    async def run(self, argv: Sequence[str], seconds: float) -> tuple[int, bytes]:
        """Run a program without a shell, a terminal or our environment; its status and what it said.

        The status is below 0 for the signal that ended it. Of more than 64 KiB the middle is left out.
        Raises RefusedError where it could not be started, TimedOutError where it did not end in time: it
        got TERM then.
        """
        ...


class LineHands(Hands, Protocol):
    """Speaks lines to a control socket such as HAProxy's; kind ``lines``."""

    async def say(self, line: str) -> bytes:
        """Send one line on a connection of its own and give the whole answer; raises SourceError."""
        ...


class DrainHands(Hands, Protocol):
    """All that one drain needs, as far as its collector names it; kind ``drain``, the right is ``admin``.

    ``admin`` is the level of HAProxy's socket. Each part raises RefusedError where the collector has none of
    it. ``server`` is ``http_server`` of the collector's URL, or the socket as its option names it, or
    that of ``process``. Its leases keep apart the consoles of one user on this machine.
    """

    @property
    def http(self) -> HttpHands:
        """For the readiness switch."""
        ...

    @property
    def process(self) -> ProcessHands:
        """For TERM, and for systemctl."""
        ...

    @property
    def lines(self) -> LineHands:
        """For HAProxy's socket."""
        ...
