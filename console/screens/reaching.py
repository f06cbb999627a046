"""Where keys and palette lead to when a server wants a person: trying again, and logging in."""

import asyncio
import shlex
from collections.abc import Callable, Coroutine, Sequence
from functools import partial
from typing import Any

from textual.app import SuspendNotSupported

from collectors.errors import QuarterdeckError
from collectors.transport.servers.state import Phase, ServerState
from console.engine.ways import Pool
from console.present.servers import DOWN, state_words, stopped
from console.present.words import counted
from console.screens.acting import ActingApp
from console.screens.servers import ServersScreen


class ReachingApp(ActingApp):
    """A console that reaches sources through servers."""

    @property
    def core_loop(self) -> asyncio.AbstractEventLoop:
        """The loop of the core's thread, where sources are asked."""
        return self._thread.loop

    def before(self, command: Callable[[], Coroutine[Any, Any, object]]) -> None:
        """Run a coroutine on the core's loop and wait for it; the screen is not open yet."""
        self._thread.before(command)

    def action_retry_servers(self) -> None:
        """Try again every server that has stopped."""
        names = stopped(self.store.snapshot().servers)
        if not names:
            self.notify("No server has stopped.", markup=False, timeout=3)
            return
        self.submit(self._retry)
        self.tell(f"trying {counted(len(names), 'server')} again: {', '.join(names[:5])}")

    def _retry(self) -> None:
        pool = self.core.ways.pool
        if pool is not None:
            pool.retry()

    def action_login(self) -> None:
        """Log in to the server under the cursor, or else to the only one that wants it."""
        name = self._server_meant()
        if name:
            self.login(name)
        else:
            self.notify("Put the cursor on a server first: W lists them.", markup=False, timeout=4)

    def login(self, name: str) -> None:
        """Let a person log in to a server in this terminal; the screen is away meanwhile."""
        self.run_worker(self._login(name), name="login", group="login", exit_on_error=False)

    def login_commands(self) -> list[tuple[str, str, Callable[[], object]]]:
        """A command for each server to which there is no way."""
        states = self.store.snapshot().servers
        return [
            (
                f"servers: log in to {state.name}",
                state_words(state),
                partial(self.login, state.name),
            )
            for state in states
            if state.phase in DOWN
        ]

    def _server_meant(self) -> str:
        """The server under the cursor; elsewhere the one that is in the way there, or that stopped."""
        screen, snapshot = self._console_screen(), self.store.snapshot()
        state: ServerState | None = None
        if isinstance(screen, ServersScreen):
            state = screen.server()
        elif screen is not None:
            sources = [snapshot.source(one) for one in screen.sources()]
            names = [source.server for source in sources if source is not None and source.server]
            states = [snapshot.server(name) for name in names]
            state = next((one for one in states if one is not None and one.phase in DOWN), None)
        if state is not None:
            return state.name
        waiting = [state.name for state in snapshot.servers if state.phase is Phase.STOPPED]
        return waiting[0] if len(waiting) == 1 else ""

    async def _login(self, name: str) -> None:
        pool = self.core.ways.pool
        if pool is None:
            return
        try:
            argv = await self.on_core(lambda: _login_argv(pool, name))
            if not argv:
                self.tell(f"{name} needs no login of ours: see the login of its own program")
                return
            words = (f"quarterdeck: {shlex.join(argv)}", "The screen comes back when this has ended.")
            code = await self.lend_terminal(argv, words)
            if code:
                self.tell(f"{name}: not logged in: {argv[0]} ended with status {code}", bad=True)
                return
            await self.on_core(lambda: pool.adopt(name))
        except (QuarterdeckError, OSError, SuspendNotSupported) as error:
            self.tell(f"{name}: no login: {error}", bad=True)
        else:
            self.tell(f"{name}: logged in")


async def _login_argv(pool: Pool, name: str) -> Sequence[str]:
    return pool.login_argv(name)
