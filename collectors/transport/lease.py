"""Leases: connections that several collectors share, one user at a time."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, Generic, NamedTuple, TypeVar, cast

T = TypeVar("T")


class LeaseKey(NamedTuple):
    """What makes two connections the same: driver, full URL, server, and the role they serve."""

    kind: str
    url: str
    server: str
    role: str = "read"

    def __repr__(self) -> str:
        return f"LeaseKey({self.kind}, {self.server or 'direct'}, {self.role})"


class Lease(Generic[T]):
    """One shared connection: opened at first use, dropped when it breaks, closed with its last holder.

    Waiting for another holder is our own state and not the source's failure, so ``hold`` is to be
    entered before the deadline of a request starts to run.
    """

    def __init__(
        self,
        connect: Callable[[], Awaitable[T]],
        disconnect: Callable[[T], Awaitable[None]],
        keeps: tuple[type[BaseException], ...],
    ) -> None:
        self._connect = connect
        self._disconnect = disconnect
        self._keeps = keeps
        self._turn = asyncio.Lock()
        self._connection: T | None = None
        self.users = 0
        self.opened = 0

    @asynccontextmanager
    async def hold(self) -> AsyncIterator[T]:
        """Wait for the turn and give the connection; any error but the ``keeps`` drops it."""
        async with self._turn:
            if self._connection is None:
                self._connection = await self._connect()
                self.opened += 1
            try:
                yield self._connection
            except self._keeps:
                raise
            except BaseException:
                await self.drop()
                raise

    async def drop(self) -> None:
        """Give the connection up; the next holder opens a new one."""
        connection, self._connection = self._connection, None
        if connection is not None:
            await self._disconnect(connection)


class Leases:
    """All shared connections of one event loop."""

    def __init__(self) -> None:
        self._leases: dict[LeaseKey, Lease[Any]] = {}

    def get(
        self,
        key: LeaseKey,
        connect: Callable[[], Awaitable[T]],
        disconnect: Callable[[T], Awaitable[None]],
        keeps: tuple[type[BaseException], ...] = (),
    ) -> Lease[T]:
        """Join the lease of ``key``; every ``get`` wants one ``release``."""
        lease = self._leases.get(key)
        if lease is None:
            lease = self._leases[key] = Lease(connect, disconnect, keeps)
        lease.users += 1
        return cast("Lease[T]", lease)

    async def release(self, key: LeaseKey) -> None:
        """Leave the lease of ``key``; the last one closes the connection."""
        lease = self._leases.get(key)
        if lease is None:
            return
        lease.users -= 1
        if lease.users <= 0:
            del self._leases[key]
            await lease.drop()

    def __len__(self) -> int:
        return len(self._leases)
