"""``[servers.*]``: how a server is reached, checked for shape and references."""

import re
from collections.abc import Collection, Iterator, Mapping

from collectors.errors import OptionsError
from collectors.transport.servers.spec import Container, Pod, Server
from console.settings.instances import PLACE, instead, mentions
from console.settings.problems import KeyPath, Problems, did_you_mean
from console.settings.sections import read_instances
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
    """``[servers.*]``; a table with ``instances`` declares one server for each of them."""
    found: dict[str, Server] = {}
    tables: dict[str, str] = {}
    for table, at, value in entries(problems, "servers", values):
        for name, filled in _expanded(Strict(problems, at, value), table):
            if name in found:
                other = tables[name]
                words = f"{name!r} is declared by [servers.{other}] as well"
                key = (*at, "instances") if "instances" in filled.values else at
                problems.spoil(key, words, "keep it in one of them")
                continue
            found[name], tables[name] = _server(filled, name), table
    told = len(problems)
    _check_jumps(problems, found, tables)
    if found and len(problems) == told:
        _check_ssh(problems, found, tables)
    return found


def _expanded(table: Strict, own: str) -> Iterator[tuple[str, Strict]]:
    """The names that a table declares, each with the table as it reads for that one."""
    names = read_instances(table)
    if "instances" not in table.values:
        for key, value in table.values.items():
            if mentions(value):
                words = f"{PLACE} stands for an instance, and this server has none"
                table.wrong(key, words, 'set instances = ["web-[1-12]"]')
        yield own, table
        return
    if not table.problems.is_spoiled(table.path("instances")):
        _check_instances(table, names)
    for name in names:
        if is_name(name):
            filled = {
                key: value if key == "instances" else instead(value, name)
                for key, value in table.values.items()
            }
            yield name, Strict(table.problems, table.at, filled, allowed=("instances",))


def _check_instances(table: Strict, names: Collection[str]) -> None:
    wrong = next((name for name in names if not is_name(name)), None)
    if wrong is not None:
        table.wrong("instances", f"{wrong!r} cannot be a name", "use no blanks and no leading hyphen")
    elif not names:
        table.wrong("instances", "names no server", 'write instances = ["web-[1-12]"], or take it out')
    elif len(names) > 1 and not mentions(table.values):
        words = f"no key says {PLACE}, so all {len(names)} would be the same machine"
        table.wrong("instances", words, f'write host = "{PLACE}"')


def _server(table: Strict, name: str) -> Server:
    server = Server(
        name,
        host=_argument(table, "host"),
        user=_argument(table, "user"),
        port=table.integer("port", 1, 65535),
        jump=table.name("jump"),
        options=_ssh_options(table),
        kube=_pod(table),
        docker=_container(table),
        config=table.text("config"),
    )
    table.done()
    _check_way(table)
    return server


def _check_jumps(problems: Problems, found: Mapping[str, Server], tables: Mapping[str, str]) -> None:
    for name, server in found.items():
        if server.jump and server.jump not in found:
            remedy = did_you_mean(server.jump, found)
            problems.spoil(("servers", tables[name], "jump"), f"there is no server {server.jump!r}", remedy)
        elif server.jump and not found[server.jump].host:
            words = f"{server.jump!r} is not reached by ssh, and only ssh can jump through it"
            problems.spoil(("servers", tables[name], "jump"), words, "name a server that has a host")
    jumps = {name: (server.jump,) if server.jump in found else () for name, server in found.items()}
    check_circle(problems, jumps, "servers", "jump", tables)


def _check_ssh(problems: Problems, found: Mapping[str, Server], tables: Mapping[str, str]) -> None:
    """What the way itself refuses; of a table with a mistake that is told alone."""
    from collectors.transport.servers.ssh_config import check_server  # noqa: PLC0415 - only where there is a server

    for name, server in found.items():
        at: KeyPath = ("servers", tables[name])
        if server.host and not problems.is_tainted(at):
            try:
                check_server(server, found)
            except OptionsError as error:
                problems.spoil(at, error.why, error.hint)


def _check_way(table: Strict) -> None:
    ways = [key for key in ("host", "kube", "docker") if key in table.values]
    if len(ways) > 1:
        table.wrong(ways[1], f"{' and '.join(ways)} are two ways to one server", "keep one of them")
    elif not ways and not table.problems.is_spoiled(table.at):
        table.problems.add(table.at, "has no way in", 'set host = "…", or kube or docker')
    if ways and ways[0] != "host":
        for key in ("user", "port", "jump", "options", "config"):
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
    pod = Pod(
        target=_argument(inner, "target"),
        container=_argument(inner, "container"),
        namespace=_argument(inner, "namespace"),
        context=_argument(inner, "context"),
        selector=inner.text("selector"),
    )
    inner.done()
    if {"target", "selector"} <= inner.values.keys():
        inner.wrong("selector", "target and selector exclude each other", "keep one of them")
    elif not (pod.target or pod.selector) and not {"target", "selector"} & inner.values.keys():
        if not table.problems.is_spoiled(inner.at):
            table.problems.add(inner.at, "has no target", 'set target = "deploy/…" or selector = "app=…"')
    elif "selector" in inner.values and not (pod.selector.strip() and pod.selector.isprintable()):
        inner.wrong("selector", "selects nothing", 'write it like "app=orders,tier=web"')
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
