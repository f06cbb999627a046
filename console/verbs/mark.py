"""``mark``: add to what changed."""

import os
import sys
import time

from collectors.text import Shown
from console.cli import Wanted
from console.engine.folders import state_folder
from console.engine.marks import append
from console.verbs.sourcing import settings_or_exit


def run_mark(wanted: Wanted, text: str, service: str) -> int:
    """Append a mark for the consoles of this configuration; 73 where it cannot be written."""
    settings = settings_or_exit(wanted, idle=True)
    if service and service not in settings.services:
        print(
            f"quarterdeck: no service {service!r}; there are {', '.join(settings.services)}", file=sys.stderr
        )
        return 64
    folder = state_folder(os.environ, settings.name, settings.environment)
    who = settings.console.operator or os.environ.get("SUDO_USER") or os.environ.get("USER", "")
    try:
        append(folder, time.time(), text, service, who)
    except OSError as error:
        print(f"quarterdeck: cannot write {Shown(str(folder))}: {error.strerror}", file=sys.stderr)
        return 73
    return 0
