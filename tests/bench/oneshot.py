"""`quarterdeck check`: what it costs above the bare libraries, in processes of their own."""

import os
import resource
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence

from tests.bench.figures import Figure
from tests.bench.place import OURS, TEN, Place

ROUNDS = 7
DRIVERS = "import httpx, redis.asyncio, asyncpg"
LIBRARIES = f"{DRIVERS}, anyio, httpcore, click, msgspec; from pydantic import TypeAdapter"


def check(place: Place) -> Iterator[Figure]:
    """CPU of one check of ten collectors, and what is left of it without its drivers' imports."""
    config = place.lab_config("check", TEN)
    env = place.environment()
    command = [*OURS, "check", "--config", str(config)]
    rounds = [
        [_spent(one, env) for one in (command, _importing(DRIVERS), _importing(LIBRARIES))]
        for _ in range(ROUNDS)
    ]
    (ours, wall), (drivers, _), (libraries, _) = (min(column) for column in zip(*rounds, strict=True))
    above = ours - drivers
    beside = f"{drivers:.2f} s (the drivers' imports), {libraries:.2f} s (all libraries')"
    words = f"{above:.2f} s ({ours:.2f} s of CPU in all, {wall:.2f} s on the clock)"
    yield Figure("check of 10, above its drivers", "≤ 0.15 s", words, beside, above <= 0.15)


def _importing(statement: str) -> Sequence[str]:
    return (sys.executable, "-c", statement)


def _spent(command: Sequence[str], env: dict[str, str]) -> tuple[float, float]:
    """CPU and wall seconds of one run."""
    before, begin = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    done = subprocess.run(command, env=env, cwd=env["HOME"], capture_output=True, check=False)
    wall = time.perf_counter() - begin
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode > 3:
        raise RuntimeError(f"{command} ended with {done.returncode}: {os.fsdecode(done.stderr)}")
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, wall
