"""The reader of HAProxy's runtime API: two commands that only show, one connection for each."""

import asyncio
import contextlib

from collectors.errors import AccessError, AnswerError, SourceError, TimedOutError, UnreachableError
from collectors.text import one_line
from collectors.transport.endpoint import Dial, UnixDial
from collectors.transport.faults import place_of, socket_fault, through
from collectors.transport.resolve import Resolver
from collectors.transport.spans import span

COMMANDS = frozenset({"show stat", "show servers state"})
"""Every command that a collector sends, and none else; none of them changes anything."""

ANSWER_LIMIT = 8 * 2**20
"""Bytes of an answer: a server is a line of 300 to 600."""


class HaproxyReader:
    """Asks one HAProxy by its stats socket; each question within ``timeout`` seconds in all."""

    def __init__(self, timeout: float) -> None:
        self._timeout = timeout
        self._resolver = Resolver()

    async def ask(self, dial: Dial, command: str) -> str:
        """The answer to a command of ``COMMANDS``; raises ValueError for another one, and SourceError."""
        if command not in COMMANDS:
            raise ValueError(f"{command!r} is not on the list of commands that only look")
        place = place_of(dial)
        try:
            async with asyncio.timeout(self._timeout):
                answer = await self._exchanged(dial, command)
            if not answer and isinstance(dial, UnixDial) and dial.probe is not None:
                await dial.probe()
            return _checked(answer, place)
        except TimeoutError:
            raise TimedOutError(f"no answer in {span(self._timeout)}", f"{place} takes too long") from None
        except OSError as error:
            raise await through(dial, self._fault(error, place)) from None

    async def _exchanged(self, dial: Dial, command: str) -> str:
        reader, writer = await connected(dial, self._resolver, self._timeout)
        try:
            writer.write(command.encode() + b"\n")
            answer = bytearray()
            while piece := await reader.read(65536):
                answer += piece
                if len(answer) > ANSWER_LIMIT:
                    raise AnswerError(f"an answer of more than {ANSWER_LIMIT >> 20} MiB", place_of(dial))
            return answer.decode("utf-8", "replace")
        finally:
            writer.transport.abort()
            # the socket is closed in the loop's next turn
            await asyncio.sleep(0)

    def _fault(self, error: OSError, place: str) -> SourceError:
        fault = socket_fault(error, place) or UnreachableError(f"failed: {error}", place)
        if isinstance(fault, AccessError):
            return AccessError(fault.why, f"{fault.hint}: see `group` and `mode` of the `stats socket` line")
        if fault.why == "no such socket":
            return UnreachableError(fault.why, f"{fault.hint}: see the `stats socket` line of haproxy.cfg")
        return fault


async def connected(
    dial: Dial, resolver: Resolver, seconds: float
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """A connection to the socket, by the first address that takes it; raises OSError and SourceError."""
    if isinstance(dial, UnixDial):
        return await asyncio.open_unix_connection(dial.path)
    addresses, _remembered = await resolver.addresses(dial.host, seconds)
    for address in addresses[:-1]:
        with contextlib.suppress(OSError):
            return await asyncio.open_connection(address, dial.port)
    if not addresses:
        raise UnreachableError("no such name", f"{dial.host} has no address")
    return await asyncio.open_connection(addresses[-1], dial.port)


def _checked(answer: str, place: str) -> str:
    """The answer, if it is one to a question such as ours."""
    said = answer.strip()
    if said.startswith("Permission denied"):
        raise AccessError(
            "permission denied", f"give the `stats socket` {place} a `level`, or name another one"
        )
    if said.startswith("Unknown command"):
        hint = f"is {place} the master's socket? name the one of the `stats socket` line"
        raise AnswerError("it does not know the question", hint)
    if not said.startswith(("#", "1\n#")):
        raise AnswerError(
            f"not HAProxy: {one_line(said, 60) or 'an empty answer'}", f"what listens on {place}?"
        )
    return said
