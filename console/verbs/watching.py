"""Wait for changes without a screen."""

import asyncio
from collections.abc import AsyncGenerator

from console.engine.core import Core


async def changes(core: Core, pause: float) -> AsyncGenerator[None]:
    """Start the core; yields at once and then whenever something changed, ``pause`` seconds apart.

    The core is stopped when the iteration ends, however it ends: use with ``contextlib.aclosing``.
    """
    dirty = asyncio.Event()
    core.store.on_wake = dirty.set
    await core.start()
    try:
        while True:
            # The store wakes only who has said that he has read.
            core.store.clear()
            yield
            await asyncio.sleep(pause)
            await dirty.wait()
            dirty.clear()
    finally:
        await core.stop()
