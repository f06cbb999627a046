"""``demo``: the embedded shop, with or without a screen."""

import asyncio
import sys

from console.cli import USAGE, Wanted
from console.lab import control
from console.lab.processes import LabError
from console.verbs.open import run_console
from console.verbs.sourcing import settings_or_exit

MISSING = 69
"""Exit status where the demo cannot be had: packages are missing, or a server does not start."""


def run_demo(incident: str, *, serve: bool, plain: bool, ssh: bool = False) -> int:
    """Run the shop, with ``ssh`` behind real sshds on loopback; the exit status."""
    try:
        known = {one.name: one for one in control.list_incidents()}
        if incident == "list":
            for one in known.values():
                print(f"{one.name:<14} {one.title}\n{'':<14} press {one.press}")
            return 0
        if incident and incident not in known:
            print(f"quarterdeck: no incident {incident!r}; there are {', '.join(known)}", file=sys.stderr)
            return USAGE
        if incident:
            print(f"quarterdeck: {incident}: press {known[incident].press}", file=sys.stderr)
        from console.lab import run  # noqa: PLC0415 - needs packages that only the demo installs

        if serve:
            return run.serve(incident or None, ssh=ssh)
        print(
            "quarterdeck: starting the shop: Valkey, PostgreSQL, three services, a worker …", file=sys.stderr
        )
        with run.start_lab(ssh=ssh) as lab:
            if incident:
                asyncio.run(control.start(incident, lab.folder))
            settings = settings_or_exit(Wanted(config=str(lab.config_path)))
            return run_console(settings, plain_lines=plain, lab=lab.folder)
    except LabError as error:
        print(f"quarterdeck: {error}", file=sys.stderr)
        return MISSING
