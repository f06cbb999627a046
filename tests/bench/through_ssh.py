"""What log lines through a real sshd cost us: the process that reads, its ssh, and what parsing adds."""

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from collectors.base import Context
from collectors.logs.file import FileLogs, FileOptions
from collectors.transport.servers.pool import Servers
from console.logs.ring import Ring
from tests.bench.figures import Figure
from tests.bench.place import ROOT, Place
from tests.servers.reaching import at, reaching
from tests.servers.sshd import Operator, Sshd, descendants

RATE = 10_000
SECONDS = 6.0
WARM = 2.0


@dataclass
class Cost:
    """Shares of one core over the time, and what came."""

    ours: float
    ssh: float
    lines: float
    reads: float


def figures(place: Place) -> Iterator[Figure]:
    """Ten thousand lines a second through ssh: reading alone, and into the ring."""
    for parse, what in ((False, "read and cut into lines"), (True, "to records in the ring")):
        cost = _measured(place.folder / what.replace(" ", "-"), parse=parse)
        words = f"{cost.ours:.1%} of a core, {cost.reads:.0f} reads/s; its ssh {cost.ssh:.1%}"
        met = cost.ours <= 0.10 if cost.lines > 0.9 * RATE else None
        yield Figure(f"{cost.lines:,.0f} log lines/s through ssh, {what}", "≤ 10 %", words, "", met)


def _measured(folder: Path, *, parse: bool) -> Cost:
    path, operator_folder = folder / "app.jsonl", folder / "operator"
    operator_folder.mkdir(parents=True)
    path.touch()
    writer = [sys.executable, "-m", "tests.bench.paced", str(path), str(RATE), str(WARM + SECONDS + 20)]
    with Sshd() as sshd:
        operator = Operator(operator_folder)
        operator.meet(sshd)
        with subprocess.Popen(writer, cwd=ROOT) as process:
            try:
                return asyncio.run(_reached(path, sshd, operator, parse=parse))
            finally:
                process.kill()


async def _reached(path: Path, sshd: Sshd, operator: Operator, *, parse: bool) -> Cost:
    async with reaching(operator, at(sshd)) as servers:
        return await _followed(path, servers, parse=parse)


async def _followed(path: Path, servers: Servers, *, parse: bool) -> Cost:
    ring, lines = Ring(), 0
    context = Context(collector="bench", server="web-1", every=1.0, emit=ring.append, dialer=servers)
    collector = FileLogs(FileOptions(path=str(path)), context)
    await collector.collect()
    way = collector._way
    assert way is not None

    async def turn(seconds: float) -> None:
        nonlocal lines
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            await asyncio.sleep(min(1.0, left))
            if parse:
                await collector.collect()
                continue
            await way.find()
            streams = list(collector._streams.values())
            while got := await way.read(streams):
                lines += sum(len(one.lines) for _, one in got)
                for stream, _ in got:
                    stream._waiting.clear()
                if not any(one.bytes for _, one in got):
                    break

    try:
        await turn(WARM)
        before = _spent(ring.next + lines, way)
        await turn(SECONDS)
        after = _spent(ring.next + lines, way)
    finally:
        await collector.close()
    took = after[4] - before[4]
    return Cost(*((after[index] - before[index]) / took for index in range(4)))


def _spent(lines: int, way: object) -> tuple[float, ...]:
    reads = way._follower.reads  # type: ignore[attr-defined] # of the way to servers
    return time.process_time(), _ssh_cpu(), lines, reads, time.monotonic()


def _ssh_cpu() -> float:
    """Seconds of processor time of our ssh processes."""
    ticks = os.sysconf("SC_CLK_TCK")
    total = 0.0
    for pid in descendants(os.getpid(), "ssh"):
        try:
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            if Path(f"/proc/{pid}/comm").read_text().strip() == "ssh":
                total += (int(fields[11]) + int(fields[12])) / ticks
        except OSError:
            continue
    return total
