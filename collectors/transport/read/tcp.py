"""Connects and hangs up, with or without a TLS handshake: nothing is sent, nothing is read."""

import asyncio
import ssl
import time
from dataclasses import dataclass

from collectors.errors import TimedOutError, UnreachableError
from collectors.transport.endpoint import Dial, UnixDial
from collectors.transport.faults import place_of, socket_fault, through
from collectors.transport.resolve import Resolver
from collectors.transport.spans import span
from collectors.transport.tls import not_after


@dataclass(frozen=True, slots=True)
class Connected:
    """A connection that was made: seconds it took, the certificate's end (UTC epoch seconds) with TLS.

    ``remembered``: the name server did not answer, and the last known address was used.
    """

    elapsed: float
    cert_not_after: float | None = None
    remembered: bool = False


async def connect(
    dial: Dial,
    resolver: Resolver,
    *,
    timeout: float,  # noqa: ASYNC109 - the words of a time-out need it, and it covers all phases
    context: ssl.SSLContext | None = None,
) -> Connected:
    """Connect once within ``timeout`` seconds in all; raises SourceError in a short phrase.

    Through a server, it is the server that connects: our own end says nothing of the other one.
    """
    place = place_of(dial)
    began = time.perf_counter()
    try:
        async with asyncio.timeout(timeout):
            if isinstance(dial, UnixDial) and dial.probe is not None and context is None:
                await dial.probe()
                return Connected(time.perf_counter() - began)
            if isinstance(dial, UnixDial):
                _, writer = await asyncio.open_unix_connection(
                    dial.path, ssl=context, server_hostname=(dial.name or "localhost") if context else None
                )
                return await _hung_up(writer, began, remembered=False)
            addresses, remembered = await resolver.addresses(dial.host, timeout)
            for left in range(len(addresses), 0, -1):
                address = addresses[-left]
                patience = (timeout - (time.perf_counter() - began)) / left
                try:
                    writer = await _connected(address, dial.port, patience, context, dial.name)
                except (OSError, TimeoutError) as error:
                    if left == 1 or isinstance(error, ssl.SSLError):
                        raise
                else:
                    return await _hung_up(writer, began, remembered=remembered)
    except TimeoutError:
        raise TimedOutError(f"no connection in {span(timeout)}", f"{place} takes too long") from None
    except OSError as error:
        fault = socket_fault(error, place) or UnreachableError(f"failed: {error}", place)
        raise await through(dial, fault) from None
    raise UnreachableError("no such name", f"{place} has no address")


async def _connected(
    address: str, port: int, patience: float, context: ssl.SSLContext | None, name: str
) -> asyncio.StreamWriter:
    server_hostname = name if context else None
    async with asyncio.timeout(patience):
        _, writer = await asyncio.open_connection(address, port, ssl=context, server_hostname=server_hostname)
    return writer


async def _hung_up(writer: asyncio.StreamWriter, began: float, *, remembered: bool) -> Connected:
    elapsed = time.perf_counter() - began
    ends = not_after(writer.get_extra_info("ssl_object"))
    writer.transport.abort()
    await asyncio.sleep(0)  # the socket is closed in the loop's next turn
    return Connected(elapsed, ends, remembered)
