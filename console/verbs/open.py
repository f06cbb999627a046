"""``open``: the screen, or lines of text where none can be."""

import asyncio
import contextlib
import os
import sys
from collections.abc import Callable, Coroutine
from datetime import UTC
from pathlib import Path
from typing import Any

from console.actions.making import make_runner
from console.cli import USAGE, Wanted
from console.engine.core import Core
from console.engine.keeper import Keeper
from console.engine.recording import RecordingError
from console.logs.ring import Ring
from console.logs.warm import pastless
from console.present import plain
from console.present.words import clock_time
from console.settings import Settings
from console.terminal.check import apply_environment, glyphs_are_safe, low_bandwidth, screen_refusal
from console.verbs.sourcing import settings_or_exit
from console.verbs.watching import changes

First = Callable[[Core], Coroutine[Any, Any, object]]
"""What is done on the core's loop before the screen opens and anything is polled."""


def open_screen(wanted: Wanted, *, plain: bool) -> int:
    """Open the screen on a configuration."""
    return run_console(settings_or_exit(wanted), plain_lines=plain)


def run_console(
    settings: Settings, *, plain_lines: bool, lab: Path | None = None, first: First | None = None
) -> int:
    """Run screen or lines until the user leaves; the exit status. ``first`` has the terminal before."""
    if plain_lines:
        return run_plain(settings, first)
    refusal = screen_refusal(os.environ, sys.stdin, sys.stdout)
    if refusal is not None:
        print(f"quarterdeck: {refusal}", file=sys.stderr)
        return USAGE
    configured = settings.console.low_bandwidth
    spared = low_bandwidth(os.environ) if configured is None else configured
    apply_environment(low_bandwidth=spared)
    from console.screens.app import Quarterdeck  # noqa: PLC0415 - textual is imported only where a screen opens

    ring = Ring()
    core = Core(settings, emit=ring.append)
    ring.warm.keeps = pastless(lambda: core.settings.collectors)
    app = Quarterdeck(
        core,
        ring,
        runner=make_runner(core, os.environ),
        keeper=_keeper(core),
        lab=lab,
        spared=spared,
        ascii_only=not glyphs_are_safe(sys.stdout),
    )
    if first is not None:
        try:
            app.before(lambda: first(core))
        except KeyboardInterrupt:
            app.wind_down(1.0)
            return 130
    return app.run_screen(mouse=settings.console.mouse)


def _keeper(core: Core) -> Keeper | None:
    """What records the run; without it the console runs all the same, and says so."""
    try:
        return Keeper(core, os.environ)
    except RecordingError as error:
        core.store.put_note(f"not recorded: {error}")
        return None


def run_plain(settings: Settings, first: First | None = None) -> int:
    """One line for each change, until SIGINT or SIGTERM."""
    try:
        return asyncio.run(_lines(settings, first))
    except KeyboardInterrupt:
        return 130


async def _lines(settings: Settings, first: First | None) -> int:
    core = Core(settings)
    if first is not None:
        await first(core)
    before: list[str] = []
    async with contextlib.aclosing(changes(core, 1.0)) as changed:
        async for _ in changed:
            lines = list(plain.fleet_lines(core.store.snapshot(), settings.services))
            for line in plain.changed_lines(before, lines):
                print(f"{clock_time(core.clock.wall(), UTC)} {line}", flush=True)
            before = lines
    return 0
