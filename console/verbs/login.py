"""``login``: open the ways to servers where a person is asked something, then the screen."""

import asyncio
import shlex
import sys
from collections.abc import Iterator, Sequence

from collectors.errors import QuarterdeckError
from collectors.text import Shown
from console.cli import USAGE, Wanted
from console.engine.ways import Pool, Ways
from console.settings import Settings
from console.settings.problems import UsageError, did_you_mean
from console.verbs.open import run_console
from console.verbs.sourcing import say_error, settings_or_exit


def run_login(wanted: Wanted, names: Sequence[str]) -> int:
    """Log in to these servers, or to all that collectors use, one after the other; then open the screen."""
    settings = settings_or_exit(wanted)
    try:
        chosen = list(_chosen(settings, names))
    except UsageError as error:
        say_error(error)
        return error.exit_code
    if not sys.stdin.isatty():
        print("quarterdeck: a login asks: run it on a terminal", file=sys.stderr)
        return USAGE
    return run_console(settings, plain_lines=wanted.plain, first=lambda core: log_in(core.ways, chosen))


def _chosen(settings: Settings, names: Sequence[str]) -> Iterator[str]:
    """The servers to log in to: these, or those that collectors run through; raises UsageError."""
    servers = settings.servers
    by_ssh = [name for name, server in servers.items() if server.host]
    if not by_ssh:
        raise UsageError("no server is reached by ssh", 'declare one: [servers.NAME] with host = "…"')
    for name in names:
        if name not in servers:
            raise UsageError(f"there is no server {name!r}", did_you_mean(name, by_ssh))
        if name not in by_ssh:
            way = "kubectl" if servers[name].kube else "docker"
            raise UsageError(f"{name} is reached by {way}, which logs in by itself", f"see {way}'s own login")
    used = {one.server for one in settings.collectors if one.enabled}
    yield from names or [name for name in by_ssh if name in used] or by_ssh


async def log_in(ways: Ways, names: Sequence[str]) -> None:
    """Let a person open each of these ways on this terminal; what came of it is told on stderr."""
    await ways.start()
    for name in names:
        if ways.pool is not None:
            print(Shown(f"quarterdeck: {name}: {await _login(ways.pool, name)}"), file=sys.stderr, flush=True)


async def _login(pool: Pool, name: str) -> str:
    try:
        argv = pool.login_argv(name)
        print(Shown(f"quarterdeck: {shlex.join(argv)}"), file=sys.stderr, flush=True)
        code = await (await asyncio.create_subprocess_exec(*argv)).wait()
        if code:
            return f"not open, {argv[0]} ended with status {code}"
        await pool.adopt(name)
    except QuarterdeckError as error:
        return f"not open: {error.why}"
    except OSError as error:
        return f"not open: {error}"
    return "open"
