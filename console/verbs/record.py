"""``record``: write a recording without a screen."""

import asyncio
import os
import signal
import sys
import time
from pathlib import Path

from collectors.model.quantity import Unit
from collectors.options import parse_duration
from collectors.text import Shown
from console.cli import USAGE, Wanted
from console.engine.core import Core
from console.engine.keeper import Keeper
from console.engine.recording import RecordingError
from console.present.words import counted, number
from console.settings import Settings
from console.verbs.sourcing import settings_or_exit


def run_record(wanted: Wanted, duration: str, target: str) -> int:
    """Record until SIGTERM, SIGINT or ``duration``; says on stderr what was written."""
    settings = settings_or_exit(wanted)
    try:
        seconds = parse_duration(duration) if duration else None
    except ValueError as error:
        print(f"quarterdeck: --for {duration}: {error}", file=sys.stderr)
        return USAGE
    return asyncio.run(_record(settings, seconds, Path(target) if target else None))


async def _record(settings: Settings, seconds: float | None, target: Path | None) -> int:
    core = Core(settings)
    try:
        keeper = Keeper(core, os.environ, path=target)
    except RecordingError as error:
        print(f"quarterdeck: {Shown(str(error))}", file=sys.stderr)
        return 73
    done = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number_of in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number_of, done.set)
    print(f"quarterdeck: recording to {Shown(str(keeper.path))}", file=sys.stderr)
    started = time.monotonic()
    await core.start()
    keeping = loop.create_task(keeper.run())
    try:
        async with asyncio.timeout(seconds):
            await done.wait()
    except TimeoutError:
        pass
    keeping.cancel()
    await core.stop()
    keeper.close()
    passes = counted(keeper.sweeps, "pass", "passes")
    size = number(keeper.written, Unit.BYTES)
    ended = f"; stopped: {keeper.stopped}" if keeper.stopped else ""
    print(f"quarterdeck: {passes} in {time.monotonic() - started:.0f} s, {size}{ended}", file=sys.stderr)
    return 1 if keeper.stopped else 0
