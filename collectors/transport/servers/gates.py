"""At most four handshakes at a time with one sshd: its own limit sheds the rest (MaxStartups 10:30:100)."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager

MOST_HANDSHAKES = 4
"""With one machine at a time, whether it is the target or a jump host on the way."""


class Gates:
    """One gate for each machine; belongs to one event loop."""

    def __init__(self) -> None:
        self._gates: dict[str, asyncio.Semaphore] = {}

    @asynccontextmanager
    async def passing(self, addresses: Sequence[str]) -> AsyncIterator[None]:
        """Wait for a place at each machine and hold it."""
        async with AsyncExitStack() as stack:
            # always in the same order, so that two never wait for each other
            for address in sorted(set(addresses)):
                gate = self._gates.setdefault(address, asyncio.Semaphore(MOST_HANDSHAKES))
                await stack.enter_async_context(gate)
            yield
