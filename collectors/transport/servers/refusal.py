"""A refusal in words: what an operator is told where a server cannot be reached, and what to do by hand."""

import asyncio
import os
from collections.abc import Sequence
from pathlib import Path

from collectors.errors import SourceError, TimedOutError, UnreachableError
from collectors.text import one_line
from collectors.transport.servers import ssh_config, words
from collectors.transport.servers.route import Node
from collectors.transport.servers.spec import Server
from collectors.transport.servers.state import Fault, ServerError

_AGENT_WITHIN = 1.0


async def told(
    server: Server, hops: Sequence[Server], nodes: Sequence[Node], complaints: str, configs: Sequence[Path]
) -> ServerError:
    """What a failed login means; ``nodes`` is the way as ssh sees it, the server last."""
    verdict = words.judge(complaints, max(0, len(nodes) - 1))
    hop, by_hand = "", ssh_config.by_hand(server, hops, configs)
    if verdict.failing < len(nodes) - 1:
        node = nodes[verdict.failing]
        hop, by_hand = _hop(node, server, hops, configs)
    of_hop = f" of {hop}" if hop and verdict.fault.value.endswith("key") else f" at {hop}" if hop else ""
    hint = await _hint(verdict, server.name, by_hand)
    why = f"{server.name}: {verdict.fault}{of_hop}"
    return ServerError(why, hint, fault=verdict.fault, hop=hop, by_hand=by_hand)


def of_target(complaints: str, place: str) -> SourceError:
    """What sshd said of an address that it could not reach for us: the source's own fault."""
    said = [line for line in complaints.splitlines() if "open failed" in line]
    reason = str(one_line(said[-1].partition("open failed: ")[2], 120)) if said else ""
    if "refused" in reason:
        return UnreachableError("refused", f"nothing listens on {place}")
    if "timed out" in reason:
        return TimedOutError("no connection", f"{place} does not react")
    if "not known" in reason or "name resolution" in reason:
        return UnreachableError("no such name", f"{place}: the server cannot look it up")
    if "prohibited" in reason:
        return UnreachableError("forwarding refused", f"{place}: its sshd has AllowTcpForwarding no")
    return UnreachableError(reason.removeprefix("connect failed: ") or "refused", place)


def _hop(node: Node, server: Server, hops: Sequence[Server], configs: Sequence[Path]) -> tuple[str, str]:
    """How a jump host is called, and how to log in to it by hand."""
    for number, hop in enumerate(hops):
        if node.called == ssh_config.alias(hop, [*hops, server]):
            return hop.name, ssh_config.by_hand(hop, hops[:number], configs)
    called = str(one_line(node.called, 80))
    login, _, place = called.rpartition("@")
    host, colon, port = place.rpartition(":")
    found = Server(called, host if colon else place, login, int(port) if port.isdecimal() and colon else None)
    return called, ssh_config.by_hand(found, (), configs)


async def _hint(verdict: words.Verdict, name: str, by_hand: str) -> str:
    match verdict.fault:
        case Fault.KEY_UNKNOWN:
            return f"no key is ever added here: compare its fingerprint in `{by_hand}`, then retry"
        case Fault.KEY_CHANGED:
            shows = f"it now shows {verdict.fingerprint}; " if verdict.fingerprint else ""
            return f"{shows}ask who runs it before you drop the old key with ssh-keygen -R; see `{by_hand}`"
        case Fault.KEY_REVOKED:
            return "known_hosts marks this key as revoked: do not log in, ask who runs the server"
        case Fault.AUTH:
            lost = "the ssh agent does not answer; " if not await _agent_answers() else ""
            return f"{lost}`quarterdeck login {name}` can ask for what is missing; by hand: `{by_hand}`"
        case Fault.PROGRAM:
            return "install the OpenSSH client"
    return verdict.said or f"see `{by_hand}`"


async def _agent_answers() -> bool:
    """Whether the agent that the environment names takes a connection; True where none is named."""
    path = os.environ.get("SSH_AUTH_SOCK")
    if not path:
        return True
    try:
        async with asyncio.timeout(_AGENT_WITHIN):
            _, writer = await asyncio.open_unix_connection(path)
    except (OSError, TimeoutError):
        return False
    writer.close()
    return True
