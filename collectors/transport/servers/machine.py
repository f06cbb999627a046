"""A server as a Host: programs run there in sessions of its way, and are gone when nobody waits for them."""

import asyncio
import contextlib
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any, Protocol, TypeVar

from collectors.errors import TimedOutError
from collectors.transport.host import OUTPUT_LIMIT, ByteStream, Ran
from collectors.transport.local import ProcessStream, give, whole
from collectors.transport.servers.children import environment
from collectors.transport.servers.link import MOST_STREAMS, Link
from collectors.transport.servers.state import Fault, Phase, ServerError
from collectors.transport.servers.way import Way
from collectors.transport.spans import span
from collectors.transport.spawn import Spawned, spawn

T = TypeVar("T")

STREAM_WITHIN = 10.0
"""Seconds that a stream waits for a place among the sessions."""


class Carry(Protocol):
    """Runs a coroutine in the pool's event loop, whichever loop it is asked from."""

    def __call__(self, work: Coroutine[Any, Any, T]) -> Awaitable[T]:
        """Its result; raises what it raises, and ServerError where the loop has ended."""
        ...


class ServerHost:
    """One server; its link is made when something is first asked of it."""

    def __init__(self, name: str, link: Callable[[], Link], carry: Carry) -> None:
        self._name = name
        self._link = link
        self._carry = carry

    @property
    def name(self) -> str:
        """The server's name in the configuration."""
        return self._name

    async def run(
        self,
        argv: Sequence[str],
        *,
        timeout: float,  # noqa: ASYNC109 - the words of a time-out need it
        limit: int = OUTPUT_LIMIT,
        given: bytes = b"",
    ) -> Ran:
        """Run a program there to its end; raises as ``Host.run`` says."""
        return await self._carry(self._run(argv, timeout, limit, given))

    async def stream(self, argv: Sequence[str]) -> ByteStream:
        """Start a program there; raises as ``Host.run`` says, and TimedOutError where no session is free."""
        return CarriedStream(await self._carry(self._stream(argv)), self._carry)

    async def _run(self, argv: Sequence[str], seconds: float, limit: int, given: bytes) -> Ran:
        process: Spawned | None = None
        try:
            async with asyncio.timeout(seconds), self._link().session(lasting=False) as way:
                async with _started(way.argv(argv, given=bool(given)), self._name) as process:
                    out, err, _ = await asyncio.gather(
                        whole(process.stdout, limit), whole(process.stderr, limit), _given(process, given)
                    )
                    code = await process.wait()
                return way.judged(Ran(code, out, err), argv)
        except TimeoutError:
            phase = self._link().state.phase
            if process is None and phase is not Phase.UP:
                raise TimedOutError(
                    f"{self._name}: {phase}", f"its login takes longer than {span(seconds)}"
                ) from None
            if process is None:
                raise TimedOutError(
                    f"{self._name}: no session in {span(seconds)}", "too much runs there at a time"
                ) from None
            raise TimedOutError(
                f"{argv[0]} gave no answer in {span(seconds)}", f"is {self._name} overloaded?"
            ) from None

    async def _stream(self, argv: Sequence[str]) -> "ServerStream":
        async with AsyncExitStack() as stack:
            try:
                async with asyncio.timeout(STREAM_WITHIN):
                    way = await stack.enter_async_context(self._link().session(lasting=True))
            except TimeoutError:
                raise TimedOutError(
                    f"{self._name}: no session in {span(STREAM_WITHIN)}",
                    f"at most {MOST_STREAMS} streams run through one server",
                ) from None
            process = await stack.enter_async_context(_started(way.argv(argv), self._name))
            return ServerStream(process, way, argv, stack.pop_all())


class ServerStream:
    """The output of a program on a server; used in the pool's event loop alone."""

    def __init__(self, process: Spawned, way: Way, argv: Sequence[str], stack: AsyncExitStack) -> None:
        self._process = process
        self._stream = ProcessStream(process)
        self._way = way
        self._argv = argv
        self._stack = stack

    async def read(self, most: int) -> bytes:
        """The next bytes; at the end ServerError where the way broke, else empty."""
        piece = await self._stream.read(most)
        if not piece:
            await self.ended()
        return piece

    async def ended(self) -> Ran:
        """The program's exit code and the last of its complaints."""
        return self._way.judged(await self._stream.ended(), self._argv)

    async def close(self) -> None:
        """End the program here and there, and leave its place to another one."""
        await self._stream.close()
        await self._stack.aclose()


class CarriedStream:
    """A ServerStream, usable from any event loop."""

    def __init__(self, stream: ServerStream, carry: Carry) -> None:
        self._stream = stream
        self._carry = carry

    async def read(self, most: int = 256 * 1024) -> bytes:
        """The next bytes, empty at the end; raises ServerError where the way broke."""
        return await self._carry(self._stream.read(most))

    async def ended(self) -> Ran:
        """The program's exit code and the last of its complaints."""
        return await self._carry(self._stream.ended())

    async def close(self) -> None:
        """End the program; never raises."""
        with contextlib.suppress(ServerError):
            await self._carry(self._stream.close())


@asynccontextmanager
async def _started(argv: Sequence[str], server: str) -> AsyncIterator[Spawned]:
    """The local program of a way; its standard input is open, as the far end listens for its end."""
    try:
        process = await spawn(argv, stdin=PIPE, env=environment())
    except OSError as error:
        why = f"{server}: {argv[0]} cannot be started: {error.strerror}"
        raise ServerError(why, fault=Fault.PROGRAM) from None
    try:
        yield process
    finally:
        await process.end()


async def _given(process: Spawned, given: bytes) -> None:
    """Without input our end stays open: the program there lives as long as it."""
    if given:
        await give(process, given)
