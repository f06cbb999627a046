"""``login``: open the ways to servers where a person is asked something, before the screen."""

import asyncio
import contextlib
import shlex
import sys
from collections.abc import Iterator, Mapping, Sequence

from collectors.clock import SystemClock
from collectors.errors import QuarterdeckError
from collectors.text import Shown
from collectors.transport.servers.spec import Server
from collectors.transport.servers.state import ServerError
from console.cli import USAGE, Wanted
from console.engine.ways import Pool, open_pool
from console.settings.problems import UsageError, did_you_mean
from console.verbs.sourcing import say_error, settings_or_exit


def run_login(wanted: Wanted, names: Sequence[str]) -> int:
    """Log in to these servers, or to all that ssh reaches, one after the other; 1 where one is not open."""
    servers = settings_or_exit(wanted, idle=True).servers
    try:
        chosen = list(_chosen(servers, names))
    except UsageError as error:
        say_error(error)
        return error.exit_code
    if not sys.stdin.isatty():
        print("quarterdeck: a login asks: run it on a terminal", file=sys.stderr)
        return USAGE
    return asyncio.run(_opened(servers, chosen))


def _chosen(servers: Mapping[str, Server], names: Sequence[str]) -> Iterator[str]:
    """The servers to log in to, each behind those that it jumps through; raises UsageError."""
    by_ssh = [name for name, server in servers.items() if server.host]
    if not by_ssh:
        raise UsageError("no server is reached by ssh", 'declare one: [servers.NAME] with host = "…"')
    for name in names:
        if name not in servers:
            raise UsageError(f"there is no server {name!r}", did_you_mean(name, by_ssh))
        if name not in by_ssh:
            way = "kubectl" if servers[name].kube else "docker"
            raise UsageError(f"{name} is reached by {way}, which logs in by itself", f"see {way}'s own login")
    done: set[str] = set()
    for name in names or by_ssh:
        chain = [name]
        while servers[chain[-1]].jump:
            chain.append(servers[chain[-1]].jump)
        for one in reversed(chain):
            if one not in done:
                done.add(one)
                yield one


async def _opened(servers: Mapping[str, Server], names: Sequence[str]) -> int:
    pool = open_pool(servers, SystemClock(), lambda: None)
    failed = [name for name in names if not await _login(pool, name)]
    if failed:
        print(f"quarterdeck: not open: {', '.join(failed)}", file=sys.stderr)
    return 1 if failed else 0


async def _login(pool: Pool, name: str) -> bool:
    """Whether the way stands, after a person had his say where it did not."""
    with contextlib.suppress(ServerError):
        await pool.adopt(name)
        print(Shown(f"{name}: open already"))
        return True
    try:
        argv = pool.login_argv(name)
        print(Shown(f"quarterdeck: {shlex.join(argv)}"), file=sys.stderr, flush=True)
        code = await (await asyncio.create_subprocess_exec(*argv)).wait()
        if code == 0:
            await pool.adopt(name)
    except QuarterdeckError as error:
        say_error(error)
        return False
    except OSError as error:
        print(Shown(f"quarterdeck: {name}: {error}"), file=sys.stderr)
        return False
    print(Shown(f"{name}: {f'not open, ssh ended with status {code}' if code else 'open'}"))
    return code == 0
