"""One question to the user's own kubectl or docker, with the environment that it has by hand."""

import asyncio
from asyncio.subprocess import DEVNULL, PIPE
from collections.abc import Sequence

from collectors.transport.host import Ran
from collectors.transport.local import ended
from collectors.transport.servers.children import environment
from collectors.transport.servers.state import Fault, ServerError
from collectors.transport.spans import span

_MOST = 16 * 1024 * 1024


async def ask(argv: Sequence[str], seconds: float, server: str) -> Ran:
    """Run it to its end; whatever happens, it is gone on return.

    Raises ServerError, which names the server, where it is missing, silent or without end.
    """
    try:
        process = await asyncio.create_subprocess_exec(
            *argv,
            stdin=DEVNULL,
            stdout=PIPE,
            stderr=PIPE,
            env=environment(),
            cwd="/",
            start_new_session=True,
            limit=_MOST,
        )
    except FileNotFoundError:
        raise ServerError(
            f"{server}: {Fault.PROGRAM}", f"there is no {argv[0]} on this machine", fault=Fault.PROGRAM
        ) from None
    except OSError as error:
        why = f"{argv[0]} cannot be started: {error.strerror}"
        raise ServerError(f"{server}: {Fault.PROGRAM}", why, fault=Fault.PROGRAM) from None
    try:
        async with asyncio.timeout(seconds):
            out, err = await process.communicate()
    except TimeoutError:
        why = f"{argv[0]} did not answer in {span(seconds)}"
        raise ServerError(f"{server}: {Fault.TIMED_OUT}", why, fault=Fault.TIMED_OUT) from None
    finally:
        await ended(process)
    return Ran(process.returncode or 0, out, err)
