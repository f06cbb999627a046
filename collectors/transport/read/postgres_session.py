"""One session on PostgreSQL: how it is opened, what its failures mean, and which server it is on."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from typing import Any

import asyncpg

from collectors.errors import AccessError, AnswerError, SourceError, TimedOutError, UnreachableError
from collectors.transport.endpoint import Dial, Endpoint, TcpDial
from collectors.transport.faults import place_of, socket_fault, through
from collectors.transport.postgres_tls import pinned

Row = Mapping[str, Any]

APPLICATION = "quarterdeck"
"""How our sessions are named on the server."""

LIMITS = {
    "jit": "off",
    "statement_timeout": "3000",
    "lock_timeout": "500",
    "default_transaction_read_only": "on",
}
_SET_LOCAL = "SET LOCAL statement_timeout = 3000; SET LOCAL lock_timeout = 500; SET TRANSACTION READ ONLY"
_CLOSED = (
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,  # what a session that was terminated while idle answers with
    asyncpg.AdminShutdownError,
)
FAILURES = (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError, OSError)
"""What a statement may raise."""


class SaturatedError(SourceError):
    """SQLSTATE 53300: the server has no slot left for us, which is a reading of its pool."""


@dataclass(slots=True)
class Session:
    """A connection of asyncpg; ``pooled`` behind PgBouncer; ``version`` is the server's major one."""

    connection: Any
    pooled: bool
    version: int


@dataclass(frozen=True, slots=True)
class Identity:
    """Which server answered: its cluster, its role, and when it started (UTC)."""

    system: str
    standby: bool
    since: str

    def __str__(self) -> str:
        role = "standby" if self.standby else "primary"
        return f"{self.system} {role} since {self.since}".strip()


async def open_session(endpoint: Endpoint, dial: Dial, seconds: float) -> Session:
    """Log in within ``seconds``, with time-outs and without the right to write; raises SourceError.

    PgBouncer refuses start parameters; there every statement brings its own limits.
    """
    place = place_of(dial)
    try:
        try:
            connection, pooled = await _connect_either(endpoint, dial, seconds)
        finally:
            if isinstance(dial, TcpDial) and dial.opened is not None:
                await dial.opened()
    except asyncpg.ConnectionDoesNotExistError:
        fault = UnreachableError("closed without an answer", f"{place} hung up")
        raise await through(dial, fault) from None
    except asyncpg.PostgresError as error:
        raise _refused(error) from None
    except TimeoutError:
        raise TimedOutError("no connection", f"{place} does not answer") from None
    except (OSError, asyncpg.InterfaceError, ValueError) as error:
        raise await through(dial, _fault(error, place)) from None
    return Session(connection, pooled, connection.get_server_version().major)


async def run(session: Session, text: str, *values: object) -> list[Row]:
    """The rows of one statement; raises one of FAILURES, for ``explain``."""
    if not session.pooled:
        return list(await session.connection.fetch(text, *values))
    async with session.connection.transaction():
        await session.connection.execute(_SET_LOCAL)
        return list(await session.connection.fetch(text, *values))


async def identity(session: Session) -> Identity:
    """Which server this session is on; raises one of FAILURES."""
    package = "collectors.transport.read"
    try:
        [row] = await run(session, await load(package, "identity"))
    except asyncpg.InsufficientPrivilegeError:
        [row] = await run(session, await load(package, "identity_plain"))
    system = "" if row["system"] is None else str(row["system"])
    return Identity(system, row["in_recovery"], row["since"])


def explain(error: Exception, place: str) -> SourceError:
    """What a statement's failure means."""
    if isinstance(error, asyncpg.InsufficientPrivilegeError):
        return AccessError(f"missing right: {error}", "grant pg_monitor to the role")
    if isinstance(error, asyncpg.QueryCanceledError):
        return AnswerError("a statement took longer than 3 s", "is the server overloaded?")
    if isinstance(error, _CLOSED):
        return UnreachableError("the session was closed", f"{place}: {error}")
    if isinstance(error, asyncpg.PostgresError):
        return AnswerError(f"{type(error).__name__}: {error}")
    return _fault(error, place)


async def disconnect(session: Session) -> None:
    """Drop the socket: to close in turn would wait for a server that is stopped."""
    session.connection.terminate()


async def load(package: str, name: str) -> str:
    """The text of a packaged statement."""
    return await asyncio.to_thread(_read, package, name)


def _read(package: str, name: str) -> str:
    return resources.files(package).joinpath("sql", f"{name}.sql").read_text("utf-8")


async def _connect_either(endpoint: Endpoint, dial: Dial, seconds: float) -> tuple[Any, bool]:
    """A connection with limits, or one without them and True where those are not taken."""
    try:
        return await _connect(endpoint, dial, seconds, LIMITS), False
    except asyncpg.PostgresError as error:
        if "unsupported startup parameter" not in str(error):
            raise
    return await _connect(endpoint, dial, seconds, {}), True


async def _connect(endpoint: Endpoint, dial: Dial, seconds: float, limits: Mapping[str, str]) -> Any:  # noqa: ANN401 - asyncpg has no types
    where: dict[str, Any] = {}
    if isinstance(dial, TcpDial):
        where = {"host": dial.host, "port": dial.port}
        if dial.name != dial.host:
            where["ssl"] = await asyncio.to_thread(pinned, endpoint.url, dial.name)
    elif dial.place:
        # one of the server's, by the name that it has here
        where = {"host": dial.path}
    return await asyncpg.connect(
        endpoint.url.reveal(),
        **where,
        timeout=seconds,
        statement_cache_size=0 if not limits else 100,
        server_settings={"application_name": APPLICATION, **limits},
    )


def _refused(error: asyncpg.PostgresError) -> SourceError:
    state = getattr(error, "sqlstate", "") or ""
    if state == "53300":
        return SaturatedError(f"no slot left: {error}")
    if state.startswith("28"):
        return AccessError(f"login refused: {error}", "check user, password and pg_hba.conf")
    if state == "3D000":
        return AccessError(f"{error}", "check the database in the url")
    if state == "57P03":
        return UnreachableError(f"not ready: {error}", "the server starts or stops")
    return AnswerError(f"connect: {error}")


def _fault(error: Exception, place: str) -> SourceError:
    return socket_fault(error, place) or UnreachableError(f"connection lost: {type(error).__name__}", place)
