"""PostgreSQL reader: packaged statements alone, on one warm session that cannot write or wait long.

A read-only session is no guard by itself (``pg_terminate_backend`` works in one), so the reader
takes the names of packaged statements and never text.
"""

import time
from collections.abc import Awaitable, Callable, Sequence

from collectors.errors import AccessError, AnswerError
from collectors.model.sweep import Cost
from collectors.transport.endpoint import Dial, Endpoint
from collectors.transport.faults import place_of
from collectors.transport.lease import LeaseKey, Leases
from collectors.transport.read.postgres_session import (
    FAILURES,
    Identity,
    Row,
    Session,
    disconnect,
    explain,
    identity,
    load,
    open_session,
    run,
)

_KEEPS = (AccessError, AnswerError)


class PostgresReader:
    """Runs the packaged statements of one package over a shared session.

    ``package`` holds a folder ``sql``. Behind PgBouncer, which refuses start parameters, every
    statement runs in a transaction of its own with ``SET LOCAL``. Readers of another ``role`` have
    a session of their own. ``dial`` may be a function
    that is asked for each session: what leads through a server is for one login.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        dial: Dial | Callable[[], Awaitable[Dial]],
        leases: Leases,
        package: str,
        timeout: float,
        *,
        role: str = "read",
    ) -> None:
        self._endpoint = endpoint
        self._dial = dial
        self._leases = leases
        self._package = package
        self._timeout = timeout
        self._place = str(endpoint.url.shown)
        self._key = LeaseKey("postgres", endpoint.url.reveal(), endpoint.server, role)
        self._lease = leases.get(self._key, self._connect, disconnect, _KEEPS)
        self._texts: dict[str, str] = {}

    async def fetch(self, names: Sequence[str], since: int = 0) -> tuple[list[list[Row]], Cost]:
        """The rows of each statement, and what they cost; ``since`` skips on servers older than that.

        Raises SaturatedError, AccessError, UnreachableError, TimedOutError or AnswerError.
        """
        texts = [await self._text(name) for name in names]
        async with self._lease.hold() as session:
            began = time.perf_counter()
            if session.version < since:
                return [[] for _name in names], Cost()
            answers = [await self._run(session, text) for text in texts]
            return answers, Cost(len(names), 0, time.perf_counter() - began)

    async def ask(self, name: str, *values: object) -> list[Row]:
        """The rows of one statement with these values; raises as ``fetch`` does."""
        text = await self._text(name)
        async with self._lease.hold() as session:
            return await self._run(session, text, *values)

    async def version(self) -> int:
        """Major version of the server."""
        async with self._lease.hold() as session:
            return session.version

    async def identity(self) -> Identity:
        """Which server answers; raises as ``fetch`` does."""
        async with self._lease.hold() as session:
            try:
                return await identity(session)
            except FAILURES as error:
                raise explain(error, self._place) from None

    async def close(self) -> None:
        """Leave the shared session."""
        await self._leases.release(self._key)

    async def _text(self, name: str) -> str:
        if name not in self._texts:
            self._texts[name] = await load(self._package, name)
        return self._texts[name]

    async def _run(self, session: Session, text: str, *values: object) -> list[Row]:
        try:
            return await run(session, text, *values)
        except FAILURES as error:
            raise explain(error, self._place) from None

    async def _connect(self) -> Session:
        dial = await self._dial() if callable(self._dial) else self._dial
        self._place = place_of(dial)
        return await open_session(self._endpoint, dial, self._timeout)
