"""One question to the user's own kubectl or docker, with the environment that it has by hand."""

import asyncio
from asyncio.subprocess import DEVNULL, PIPE
from collections.abc import Sequence

from collectors.transport.host import Ran
from collectors.transport.local import ProcessStream
from collectors.transport.servers.children import environment
from collectors.transport.servers.remote import watched
from collectors.transport.servers.state import Fault, ServerError
from collectors.transport.spans import span
from collectors.transport.spawn import Spawned, spawn

_MOST = 16 * 1024 * 1024
_MERGED = ("sh", "-c", 'exec "$@" 2>&1', "sh")


async def following(argv: Sequence[str], server: str) -> ProcessStream:
    """Both outputs, as one, of a program that runs on; it ends when the stream is closed, or with us.

    Raises ServerError where it cannot be started.
    """
    return ProcessStream(await _started(watched((*_MERGED, *argv)), server, PIPE))


async def ask(argv: Sequence[str], seconds: float, server: str) -> Ran:
    """Run it to its end; whatever happens, it is gone on return.

    Raises ServerError, which names the server, where it is missing, silent or without end.
    """
    process = await _started(argv, server, DEVNULL)
    try:
        async with asyncio.timeout(seconds):
            out, err = await process.told()
    except TimeoutError:
        why = f"{argv[0]} did not answer in {span(seconds)}"
        raise ServerError(f"{server}: {Fault.TIMED_OUT}", why, fault=Fault.TIMED_OUT) from None
    finally:
        await process.end()
    return Ran(process.returncode or 0, out, err)


async def _started(argv: Sequence[str], server: str, stdin: int) -> Spawned:
    try:
        return await spawn(argv, stdin=stdin, env=environment(), limit=_MOST)
    except FileNotFoundError:
        why = f"there is no {argv[0]} on this machine"
    except OSError as error:
        why = f"{argv[0]} cannot be started: {error.strerror}"
    raise ServerError(f"{server}: {Fault.PROGRAM}", why, fault=Fault.PROGRAM)
