"""The configuration that our ssh runs with: strict on every hop, then the servers', then the user's own.

Given by ``-F``, it also reaches the hidden ``ssh -W`` of each jump host, which ``-o`` does not; the first
value wins, so nothing after the first block can relax it.
"""

import re
import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path

from collectors.errors import OptionsError
from collectors.transport.servers.spec import Server

FIXED: Mapping[str, str] = {
    "StrictHostKeyChecking": "yes",
    # each of these would write into known_hosts, or skip it
    "UpdateHostKeys": "no",
    "CheckHostIP": "no",
    "NoHostAuthenticationForLocalhost": "no",
    # the masters are ours alone
    "ControlMaster": "no",
    "ControlPath": "none",
    "ControlPersist": "no",
    # what runs there gets nothing of this machine
    "ForwardAgent": "no",
    "ForwardX11": "no",
    "Tunnel": "no",
    "AddKeysToAgent": "no",
    # what only makes sense on a terminal
    "PermitLocalCommand": "no",
    "RemoteCommand": "none",
    "RequestTTY": "no",
    "EscapeChar": "none",
    "VisualHostKey": "no",
    "SessionType": "default",
    "StdinNull": "no",
    "ForkAfterAuthentication": "no",
    # quieter, and the reasons that we read are not told
    "LogLevel": "INFO",
}
"""Options of every connection and every hop, which no configuration can change."""

USUAL: Mapping[str, str] = {
    "ConnectTimeout": "5",
    "ServerAliveInterval": "2",
    "ServerAliveCountMax": "2",
    "TCPKeepAlive": "yes",
}
"""Options that hold unless a server's own ``options`` say otherwise: a dead line is found in 6 s."""

USER_CONFIGS = (Path("~/.ssh/config"), Path("/etc/ssh/ssh_config"))
"""What ssh reads by itself, in its order."""

_UNKNOWN_TO_SOME = "SessionType,StdinNull,ForkAfterAuthentication,UpdateHostKeys"
_HOST = re.compile(r"(?!-)[\w.:%@\[\]-]+")
_KEYWORD = re.compile(r"[A-Za-z][A-Za-z0-9]*")
_LOWER = {name.lower() for name in (*FIXED, "BatchMode")}
_JUMPS = {"proxyjump", "proxycommand"}


def check_server(server: Server, servers: Mapping[str, Server]) -> None:
    """Raise OptionsError for what cannot be reached by ssh as it is written, or would weaken it."""
    place = f"[servers.{server.name}]"
    if not _HOST.fullmatch(server.host):
        raise OptionsError(f"{place} host {server.host!r} is not a name that ssh takes", "write user@host")
    if server.config and not (Path(server.config).is_absolute() and Path(server.config).is_file()):
        raise OptionsError(f"{place} config {server.config!r} is not a file", "write its whole path")
    if server.user and not re.fullmatch(r"(?!-)[\w.@+\\-]+", server.user):
        raise OptionsError(f"{place} user {server.user!r} is not a name that ssh takes")
    for keyword, value in server.options:
        if not _KEYWORD.fullmatch(keyword) or not value.strip() or not value.isprintable():
            raise OptionsError(f"{place} options: {keyword!r} is not an option of ssh_config with a value")
        if keyword.lower() in _LOWER:
            raise OptionsError(
                f"{place} options: {keyword} is the same for every server and cannot be changed",
                "drop it; host keys are always checked, and nothing is ever asked on the screen",
            )
        if server.jump and keyword.lower() in _JUMPS:
            raise OptionsError(f"{place} has `jump` and {keyword} too", "drop one of them")
    chain(server, servers)


def configs_of(server: Server, usual: Sequence[Path]) -> tuple[Path, ...]:
    """The ssh configurations to honour on the way to a server: its own, or the usual ones."""
    return (Path(server.config),) if server.config else tuple(usual)


def chain(server: Server, servers: Mapping[str, Server]) -> tuple[Server, ...]:
    """The jump hosts of ``[servers]`` on the way, nearest to us first; raises OptionsError for a circle."""
    hops: list[Server] = []
    at = server
    while at.jump:
        found = servers.get(at.jump)
        if found is None or not found.host:
            known = ", ".join(name for name, other in servers.items() if other.host) or "none"
            raise OptionsError(
                f"[servers.{at.name}] jump {at.jump!r} is not a server with a host", f"there are: {known}"
            )
        if found in hops or found == server:
            raise OptionsError(f"[servers.{server.name}] jumps in a circle by {at.jump}")
        hops.append(found)
        at = found
    return tuple(reversed(hops))


def destination(server: Server) -> str:
    """What ssh is told: the host, as the user's own configuration knows it."""
    return server.host.rpartition("@")[2].strip("[]")


def wrapper(
    server: Server, hops: Sequence[Server], configs: Sequence[Path], *, interactive: bool = False
) -> str:
    """The text of the configuration for one server; ``interactive``: whether it may ask on the terminal."""
    lines = ["Host *", f"  IgnoreUnknown {_UNKNOWN_TO_SOME}", f"  BatchMode {'no' if interactive else 'yes'}"]
    lines += [f"  {name} {value}" for name, value in FIXED.items()]
    way = [*hops, server]
    for before, at in zip([None, *way], way, strict=False):
        lines += [f"Host {alias(at, way)}", *_block(at, before, way)]
    lines += ["Host *", *(f"  {name} {value}" for name, value in USUAL.items())]
    lines += [f'  Include "{path.expanduser()}"' for path in configs]
    return "\n".join(lines) + "\n"


def alias(server: Server, way: Sequence[Server]) -> str:
    """How a server is called in the wrapper: by its host, unless another one on the way has the same."""
    host = destination(server)
    shared = sum(destination(other) == host for other in way) > 1
    return f"{server.name}.quarterdeck" if shared else host


def by_hand(server: Server, hops: Sequence[Server], configs: Sequence[Path] = USER_CONFIGS) -> str:
    """The ssh command that a person would type to reach a server."""
    words = ["ssh"]
    if configs and tuple(configs) != USER_CONFIGS:
        words += ["-F", str(configs[0])]
    words += _flags(server)
    if hops and not any(hop.options for hop in hops):
        words += ["-J", ",".join(_jump(hop) for hop in hops)]
    elif hops:
        # -J hands no options on
        proxy = by_hand(hops[-1], hops[:-1], configs).split(" ", 1)[1]
        words += ["-o", f"ProxyCommand=ssh -W [%h]:%p {proxy}"]
    return shlex.join([*words, _login(server)])


def _block(server: Server, before: Server | None, way: Sequence[Server]) -> list[str]:
    lines = []
    host, user = destination(server), _user(server)
    if alias(server, way) != host:
        lines.append(f"  HostName {host}")
    if user:
        lines.append(f"  User {user}")
    if server.port is not None:
        lines.append(f"  Port {server.port}")
    lines += [f"  {keyword} {value}" for keyword, value in server.options]
    if before is not None:
        lines.append(f"  ProxyJump {alias(before, way)}")
    return lines


def _flags(server: Server) -> list[str]:
    words = [] if server.port is None else ["-p", str(server.port)]
    for keyword, value in server.options:
        words += ["-o", f"{keyword}={value}"]
    return words


def _jump(server: Server) -> str:
    return f"{_login(server)}:{server.port}" if server.port is not None else _login(server)


def _user(server: Server) -> str:
    return server.user or server.host.rpartition("@")[0]


def _login(server: Server) -> str:
    user, host = _user(server), destination(server)
    return f"{user}@{host}" if user else host
