"""The real console with an account of its log ring: python -m tests.soak.flooded OUT CONFIG."""

import json
import os
import re
import sys
from pathlib import Path
from typing import Any

from console.actions.making import make_runner
from console.cli import Wanted
from console.engine.core import Core
from console.logs.ring import Ring
from console.terminal.check import apply_environment
from console.verbs.sourcing import settings_or_exit

NUMBER = re.compile(r"line (\d+)")


def account(ring: Ring) -> dict[str, Any]:
    """What the ring took, what it let go, and the numbers of what it keeps."""
    first, after = ring.bounds()
    _number, kept = ring.span(first, after)
    found = [NUMBER.search(entry.record.message) for entry in kept]
    return {"received": after, "dropped": first, "kept": [int(one[1]) for one in found if one is not None]}


def main() -> int:
    out, config = sys.argv[1:]
    apply_environment(low_bandwidth=False)
    from console.screens.app import Quarterdeck

    ring = Ring()
    core = Core(settings_or_exit(Wanted(config=config)), emit=ring.append)
    code = Quarterdeck(core, ring, runner=make_runner(core, os.environ)).run_screen()
    told = account(ring)
    told["lost"] = [row.reading.quantities()["lost"].value for row in core.store.snapshot().rows]
    Path(out).write_text(json.dumps(told))
    return code


if __name__ == "__main__":
    sys.exit(main())
