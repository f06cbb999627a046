"""The one process that holds a lab; it ends with its parent and takes everything with it.

`python -P -m console.lab.supervisor [--ssh]`: stdin is a pipe from the parent, whose end is our end; the
first line on stdout is JSON: `{"config": path, "folder": path, "folders": [paths]}` or `{"error": sentence}`.
"""

import asyncio
import contextlib
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

from console.lab.control import SOCKET, listen, not_installed
from console.lab.processes import LabError, sweep

try:
    import asyncpg
    import redis.exceptions

    from console.lab.incidents import INCIDENTS
    from console.lab.shopfloor import ShopFloor
except ImportError as missing:
    print(json.dumps({"error": str(not_installed(missing))}), flush=True)  # noqa: T201 - the protocol with the parent
    sys.exit(1)

# what a broken server may answer to an incident
FAILURES = (OSError, redis.exceptions.RedisError, asyncpg.PostgresError, asyncpg.InterfaceError)
SSH = "--ssh"
SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


class Supervisor:
    """Runs one shop floor and answers its control socket."""

    def __init__(self, floor: ShopFloor) -> None:
        self.floor = floor
        self.active: list[str] = []
        self.over = asyncio.Event()
        self._turn = asyncio.Lock()

    async def run(self, config: Path, parent: int) -> None:
        """Say that the lab is there and hold it until a signal or the parent's end."""
        loop = asyncio.get_running_loop()
        for number in SIGNALS:
            loop.add_signal_handler(number, self.over.set)
        loop.add_reader(sys.stdin.fileno(), self._hear_parent)
        try:
            await self.floor.wait_ready()
        except TimeoutError:
            raise LabError("the shop was not ready within 60 s") from None
        folder = self.floor.folder.path
        server = await listen(folder / SOCKET, self.handle)
        say({"config": str(config), "folder": str(folder), "folders": self.floor.folders})
        while not self.over.is_set() and os.getppid() == parent:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self.over.wait(), 1)
            self.floor.revive()
        server.close()

    def _hear_parent(self) -> None:
        if not os.read(sys.stdin.fileno(), 4096):
            asyncio.get_running_loop().remove_reader(sys.stdin.fileno())
            self.over.set()

    async def handle(self, do: str, name: str) -> list[str]:
        """Do what the control socket asks, one after the other; return the active incidents."""
        if do in ("start", "stop") and name not in INCIDENTS:
            raise LabError(f"no incident {name!r}; there are {', '.join(INCIDENTS)}")
        async with self._turn:
            try:
                await self._turn_switch(do, name)
            except FAILURES as problem:
                raise LabError(f"{name}: {type(problem).__name__}: {problem}") from problem
        return self.active

    async def _turn_switch(self, do: str, name: str) -> None:
        if do == "start" and name not in self.active:
            await INCIDENTS[name].start(self.floor)
            self.active.append(name)
        elif do == "stop" and name in self.active:
            await INCIDENTS[name].stop(self.floor)
            self.active.remove(name)
        elif do not in ("start", "stop", "list"):
            raise LabError(f"no such order: {do!r}")


def say(line: dict[str, object]) -> None:
    """Write one line of JSON to the parent, which may be gone."""
    with contextlib.suppress(BrokenPipeError):
        print(json.dumps(line), flush=True)  # noqa: T201 - the protocol with the parent


def main() -> int:
    """Open the lab, hold it, close it."""
    parent = os.getppid()
    heard: list[int] = []
    for number in SIGNALS:
        # while things start nothing is torn down half-way; a signal is obeyed right after
        signal.signal(number, lambda sign, _frame: heard.append(sign))
    floor = None
    try:
        sweep()
        floor = ShopFloor(ssh=SSH in sys.argv[1:])
        config = floor.open()
        if not heard:
            asyncio.run(Supervisor(floor).run(config, parent))
    except (LabError, OSError, subprocess.SubprocessError) as problem:
        say({"error": str(problem)})
        return 1
    finally:
        if floor is not None:
            floor.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
