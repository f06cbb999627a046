"""``[servers.*]``: how a server is reached, checked for shape and references."""

import re

from collectors.transport.servers.spec import Container, Pod, Server
from console.settings.problems import Problems, did_you_mean
from console.settings.strict import Strict, check_circle, entries, is_name, kind

_UNSAFE_SSH = {
    "stricthostkeychecking": "unknown host keys are refused on purpose: accept them once with ssh",
    "userknownhostsfile": "host keys are checked on purpose: set it in ~/.ssh/config",
    "globalknownhostsfile": "host keys are checked on purpose: set it in ~/.ssh/config",
    "proxycommand": "it runs a shell: set it in ~/.ssh/config, or use jump",
    "localcommand": "it runs a shell: set it in ~/.ssh/config",
    "permitlocalcommand": "it runs a shell: set it in ~/.ssh/config",
    "proxyjump": "use jump",
}


def read_servers(problems: Problems, values: object) -> dict[str, Server]:
    """``[servers.*]``."""
    found: dict[str, Server] = {}
    for name, at, value in entries(problems, "servers", values):
        table = Strict(problems, at, value)
        server = Server(
            name,
            host=_argument(table, "host"),
            user=_argument(table, "user"),
            port=table.integer("port", 1, 65535),
            jump=table.name("jump"),
            options=_ssh_options(table),
            kube=_pod(table),
            docker=_container(table),
        )
        table.done()
        _check_way(table)
        found[name] = server
    for name, server in found.items():
        if server.jump and server.jump not in found:
            remedy = did_you_mean(server.jump, found)
            problems.add(("servers", name, "jump"), f"there is no server {server.jump!r}", remedy)
    jumps = {name: (server.jump,) if server.jump else () for name, server in found.items()}
    check_circle(problems, jumps, "servers", "jump")
    return found


def _check_way(table: Strict) -> None:
    ways = [key for key in ("host", "kube", "docker") if key in table.values]
    if len(ways) > 1:
        table.wrong(ways[1], f"{' and '.join(ways)} are two ways to one server", "keep one of them")
    elif not ways and not table.problems.is_spoiled(table.at):
        table.problems.add(table.at, "has no way in", 'set host = "…", or kube or docker')
    if ways and ways[0] != "host":
        for key in ("user", "port", "jump", "options"):
            if key in table.values:
                table.wrong(key, f"belongs to ssh, and this server is reached by {ways[0]}", "take it out")


def _argument(table: Strict, key: str) -> str:
    """A word that will stand in an argument list: nothing that its program would read as an option."""
    value = table.text(key)
    if key in table.values and isinstance(table.values[key], str) and not is_name(value):
        if not table.problems.is_spoiled(table.path(key)):
            table.wrong(key, f"{value!r} cannot be used", "use no blanks, no leading hyphen, not nothing")
        return ""
    return value


def _ssh_options(table: Strict) -> tuple[tuple[str, str], ...]:
    found: list[tuple[str, str]] = []
    for keyword, value in table.table("options").items():
        at = (*table.path("options"), keyword)
        unsafe = _UNSAFE_SSH.get(keyword.lower())
        if unsafe:
            table.problems.add(at, f"{keyword} is not taken", unsafe)
        elif not re.fullmatch(r"[A-Za-z]+", keyword):
            table.problems.add(at, f"{keyword!r} is not a keyword of ssh_config", "see man ssh_config")
        elif isinstance(value, bool):
            found.append((keyword, "yes" if value else "no"))
        elif isinstance(value, int) or (isinstance(value, str) and value.isprintable()):
            found.append((keyword, str(value)))
        else:
            table.problems.add(at, f"must be a string, not {kind(value)}", f'write {keyword} = "…"')
    return tuple(found)


def _pod(table: Strict) -> Pod | None:
    if table.raw("kube") is None:
        return None
    inner = Strict(table.problems, table.path("kube"), table.raw("kube"))
    pod = Pod(*(_argument(inner, key) for key in ("target", "container", "namespace", "context")))
    inner.done()
    if not pod.target and "target" not in inner.values and not table.problems.is_spoiled(inner.at):
        table.problems.add(inner.at, "has no target", 'set target = "deploy/…" or a pod')
    return pod


def _container(table: Strict) -> Container | None:
    if table.raw("docker") is None:
        return None
    inner = Strict(table.problems, table.path("docker"), table.raw("docker"))
    container = Container(_argument(inner, "container"), _argument(inner, "context"))
    inner.done()
    if not container.name and "container" not in inner.values and not table.problems.is_spoiled(inner.at):
        table.problems.add(inner.at, "has no container", 'set container = "…"')
    return container
