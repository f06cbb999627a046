"""The machines on the way to a server, as ssh itself reads the configuration: ``ssh -G``, hop by hop."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from collectors.text import one_line
from collectors.transport.servers.children import environment
from collectors.transport.servers.state import Fault, ServerError
from collectors.transport.spawn import spawn

_MOST_HOPS = 8
_PATIENCE = 5.0


@dataclass(frozen=True, slots=True)
class Node:
    """One machine: how ssh was told to call it, the user, and the address that it makes of that."""

    called: str
    user: str
    address: str


async def route(argv: Sequence[str], called: str, server: str) -> tuple[Node, ...]:
    """The jump hosts, nearest to us first, and last the server; ``argv`` is ssh with its ``-F``.

    Raises ServerError, in words for ``server``, where ssh is missing or cannot read the configuration.
    """
    nodes: list[Node] = []
    waiting = [called]
    while waiting and len(nodes) < _MOST_HOPS:
        at = waiting.pop()
        said = await _asked([*argv, "-G", *_flags(at)], server)
        where = said.get("hostname", at)
        nodes.insert(0, Node(at, said.get("user", ""), f"{where}:{said.get('port', '22')}"))
        jumps = said.get("proxyjump", "none")
        if not waiting and jumps != "none":
            # in a list each is reached through the one before it, whatever is configured for it
            waiting = jumps.split(",")
    return tuple(nodes)


async def _asked(argv: Sequence[str], server: str) -> dict[str, str]:
    try:
        process = await spawn(argv, env=environment())
    except OSError as error:
        raise ServerError(f"{server}: ssh cannot be started: {error.strerror}", fault=Fault.PROGRAM) from None
    try:
        async with asyncio.timeout(_PATIENCE):
            out, err = await process.told()
    except TimeoutError:
        why = f"{server}: ssh takes too long to read its configuration"
        raise ServerError(why, "is there a `Match exec` in it?", fault=Fault.TIMED_OUT) from None
    finally:
        await process.end()
    if process.returncode != 0:
        raise ServerError(f"{server}: ssh refuses its configuration", one_line(err, 200))
    pairs = (line.partition(" ") for line in out.decode("utf-8", "replace").splitlines())
    return {name: value for name, _, value in pairs}


def _flags(called: str) -> list[str]:
    """``user@host:port`` as a ProxyJump writes it, for the command line."""
    login, _, place = called.rpartition("@")
    host, colon, port = place.rpartition(":")
    if not colon or not port.isdecimal() or (":" in host and not host.startswith("[")):
        host, port = place, ""
    words = ["-l", login] if login else []
    words += ["-p", port] if port else []
    return [*words, "--", host.strip("[]")]
