"""`python -m console.lab`: serve the lab, or cause and end incidents in one that runs.

python -m console.lab [--incident NAME] [--ssh]
python -m console.lab incident list [FOLDER]
python -m console.lab incident NAME start|stop FOLDER
"""

import argparse
import asyncio
import sys
from pathlib import Path

from console.lab import control
from console.lab.processes import LabError
from console.lab.run import serve


def main(arguments: list[str]) -> int:
    """Do what the arguments say; return the exit code."""
    if arguments[:1] == ["incident"]:
        try:
            return incident(arguments[1:])
        except LabError as problem:
            print(f"quarterdeck demo: {problem}", file=sys.stderr)  # noqa: T201 - a command's talk
            return 1
    parser = argparse.ArgumentParser(prog="python -m console.lab", description="Run the demo shop.")
    parser.add_argument("--incident", help="cause this incident at the start")
    parser.add_argument("--ssh", action="store_true", help="put the shop behind sshds on loopback")
    wanted = parser.parse_args(arguments)
    return serve(wanted.incident, ssh=wanted.ssh)


def incident(words: list[str]) -> int:
    """List incidents, or start or stop one in the lab whose folder (or socket) is the last word."""
    if words[:1] == ["list"]:
        under_way = asyncio.run(control.active(Path(words[1]))) if len(words) > 1 else ()
        for one in control.list_incidents():
            now = "(now) " if one.name in under_way else ""
            print(f"{one.name:14}{now}{one.title}\n{'':14}press {one.press}")  # noqa: T201 - the answer
        return 0
    if len(words) == 3 and words[1] in ("start", "stop"):
        turn = control.start if words[1] == "start" else control.stop
        asyncio.run(turn(words[0], Path(words[2])))
        return 0
    print(__doc__, file=sys.stderr)  # noqa: T201 - a command's talk
    return 64


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
