"""A changed configuration is offered; a bad one is told and the old one stays."""

import asyncio
import os
from collections.abc import Awaitable, Callable

from collectors import redaction
from console.keys import defaults
from console.settings import Settings, SettingsError, Source, UsageError, changed, load

OFFER = "configuration changed: R loads it"


async def is_changed(settings: Settings) -> bool:
    """Whether a file of ``settings`` is another one now; looked at in a thread."""
    return await asyncio.to_thread(changed, settings)


async def reload(settings: Settings, apply: Callable[[Settings], Awaitable[None]]) -> str:
    """Load the same file anew and apply it; what came of it, in words."""
    if settings.file is None:
        return "there is no configuration file to load anew"
    try:
        new = await asyncio.to_thread(load, Source(settings.file), os.environ, keys=defaults())
    except SettingsError as error:
        first = "; ".join(str(problem) for problem in error.problems[:3])
        return f"kept the old configuration, {error.why}: {first}"
    except UsageError as error:
        return f"kept the old configuration: {error.why}"
    redaction.use(new.redaction)
    await apply(new)
    return f"configuration loaded: {len(new.collectors)} collectors"
