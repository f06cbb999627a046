"""One question to the user's own kubectl or docker, with the environment that it has by hand."""

import asyncio
import contextlib
import os
import signal
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import Sequence

from collectors.transport.host import Ran
from collectors.transport.local import ProcessStream, ended
from collectors.transport.servers.children import environment
from collectors.transport.servers.remote import watched
from collectors.transport.servers.state import Fault, ServerError
from collectors.transport.spans import span

_MOST = 16 * 1024 * 1024
_MERGED = ("sh", "-c", 'exec "$@" 2>&1', "sh")


async def following(argv: Sequence[str], server: str) -> ProcessStream:
    """Both outputs, as one, of a program that runs on; it ends when the stream is closed, or with us.

    Raises ServerError where it cannot be started.
    """
    return _Followed(await _started(watched((*_MERGED, *argv)), server, PIPE))


class _Followed(ProcessStream):
    """A program with the shell that watches for our end."""

    async def close(self) -> None:
        """End all of them, who hold the same pipes."""
        _kill_all(self._process)
        await super().close()


async def ask(argv: Sequence[str], seconds: float, server: str) -> Ran:
    """Run it to its end; whatever happens, it is gone on return.

    Raises ServerError, which names the server, where it is missing, silent or without end.
    """
    process = await _started(argv, server, DEVNULL)
    try:
        async with asyncio.timeout(seconds):
            out, err = await process.communicate()
    except TimeoutError:
        why = f"{argv[0]} did not answer in {span(seconds)}"
        raise ServerError(f"{server}: {Fault.TIMED_OUT}", why, fault=Fault.TIMED_OUT) from None
    finally:
        await ended(process)
    return Ran(process.returncode or 0, out, err)


async def _started(argv: Sequence[str], server: str, stdin: int) -> Process:
    making = asyncio.create_task(
        asyncio.create_subprocess_exec(
            *argv,
            stdin=stdin,
            stdout=PIPE,
            stderr=PIPE,
            env=environment(),
            cwd="/",
            start_new_session=True,
            limit=_MOST,
        )
    )
    try:
        return await asyncio.shield(making)
    except asyncio.CancelledError:
        # asyncio would end the first process alone, and wait for those that hold its pipes
        with contextlib.suppress(OSError):
            process = await making
            _kill_all(process)
            await ended(process)
        raise
    except FileNotFoundError:
        why = f"there is no {argv[0]} on this machine"
    except OSError as error:
        why = f"{argv[0]} cannot be started: {error.strerror}"
    raise ServerError(f"{server}: {Fault.PROGRAM}", why, fault=Fault.PROGRAM)


def _kill_all(process: Process) -> None:
    """Kill a program and those that it has started."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
