"""PostgreSQL reader: packaged statements alone, on one warm session that cannot write or wait long.

A read-only session is no guard by itself (``pg_terminate_backend`` works in one), so the reader
takes the names of packaged statements and never text.
"""

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from typing import Any

import asyncpg

from collectors.errors import AccessError, AnswerError, SourceError, TimedOutError, UnreachableError
from collectors.model.sweep import Cost
from collectors.transport.endpoint import Dial, Endpoint, UnixDial
from collectors.transport.faults import place_of, socket_fault
from collectors.transport.lease import LeaseKey, Leases

Row = Mapping[str, Any]

_LIMITS = {
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
_KEEPS = (AccessError, AnswerError)


class SaturatedError(SourceError):
    """SQLSTATE 53300: the server has no slot left for us, which is a reading of its pool."""


@dataclass(slots=True)
class _Session:
    connection: Any
    pooled: bool
    version: int


class PostgresReader:
    """Runs the packaged statements of one package over a shared session.

    ``package`` holds a folder ``sql``. Behind PgBouncer, which refuses start parameters, every
    statement runs in a transaction of its own with ``SET LOCAL``.
    """

    def __init__(self, endpoint: Endpoint, dial: Dial, leases: Leases, package: str, timeout: float) -> None:
        self._endpoint = endpoint
        self._dial = dial
        self._leases = leases
        self._package = package
        self._timeout = timeout
        self._place = place_of(dial)
        self._key = LeaseKey("postgres", endpoint.url.reveal(), endpoint.server)
        self._lease = leases.get(self._key, self._connect, _disconnect, _KEEPS)
        self._texts: dict[str, str] = {}

    async def fetch(self, names: Sequence[str], since: int = 0) -> tuple[list[list[Row]], Cost]:
        """The rows of each statement, and what they cost; ``since`` skips on servers older than that.

        Raises SaturatedError, AccessError, UnreachableError, TimedOutError or AnswerError.
        """
        for name in names:
            if name not in self._texts:
                self._texts[name] = await asyncio.to_thread(_load, self._package, name)
        async with self._lease.hold() as session:
            began = time.perf_counter()
            if session.version < since:
                return [[] for _name in names], Cost()
            answers = [await self._run(session, self._texts[name]) for name in names]
            return answers, Cost(len(names), 0, time.perf_counter() - began)

    async def version(self) -> int:
        """Major version of the server."""
        async with self._lease.hold() as session:
            return session.version

    async def close(self) -> None:
        """Leave the shared session."""
        await self._leases.release(self._key)

    async def _run(self, session: _Session, text: str) -> list[Row]:
        try:
            if not session.pooled:
                return list(await session.connection.fetch(text))
            async with session.connection.transaction():
                await session.connection.execute(_SET_LOCAL)
                return list(await session.connection.fetch(text))
        except asyncpg.InsufficientPrivilegeError as error:
            raise AccessError(f"missing right: {error}", "grant pg_monitor to the role") from None
        except asyncpg.QueryCanceledError:
            raise AnswerError("a statement took longer than 3 s", "is the server overloaded?") from None
        except _CLOSED as error:
            raise UnreachableError("the session was closed", f"{self._place}: {error}") from None
        except asyncpg.PostgresError as error:
            raise AnswerError(f"{type(error).__name__}: {error}") from None
        except OSError as error:
            raise self._fault(error) from None

    async def _connect(self) -> _Session:
        try:
            connection = await self._open(_LIMITS)
            pooled = False
        except asyncpg.PostgresError as error:
            if "unsupported startup parameter" not in str(error):
                raise self._refused(error) from None
            connection, pooled = await self._open_pooled(), True
        except TimeoutError:
            raise TimedOutError("no connection", f"{self._place} does not answer") from None
        except (OSError, asyncpg.InterfaceError, ValueError) as error:
            raise self._fault(error) from None
        return _Session(connection, pooled, connection.get_server_version().major)

    async def _open_pooled(self) -> Any:  # noqa: ANN401 - asyncpg has no types
        try:
            return await self._open({})
        except asyncpg.PostgresError as error:
            raise self._refused(error) from None

    async def _open(self, limits: Mapping[str, str]) -> Any:  # noqa: ANN401 - asyncpg has no types
        where: dict[str, Any] = {}
        if not isinstance(self._dial, UnixDial):
            where = {"host": self._dial.host, "port": self._dial.port}
        url = self._endpoint.url.reveal()
        return await asyncpg.connect(
            url,
            **where,
            timeout=self._timeout,
            statement_cache_size=0 if not limits else 100,
            server_settings={"application_name": "quarterdeck", **limits},
        )

    def _refused(self, error: asyncpg.PostgresError) -> SourceError:
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

    def _fault(self, error: Exception) -> SourceError:
        return socket_fault(error, self._place) or UnreachableError(
            f"connection lost: {type(error).__name__}", self._place
        )


async def _disconnect(session: _Session) -> None:
    # close() would wait for a server that is stopped; terminate only drops the socket
    session.connection.terminate()


def _load(package: str, name: str) -> str:
    return resources.files(package).joinpath("sql", f"{name}.sql").read_text("utf-8")
