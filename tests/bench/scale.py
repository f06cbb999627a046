"""Many sources in the real console: how late they begin, what it costs, when silence is seen."""

import json
import math
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from collectors.clock import SystemClock
from tests.bench.figures import Figure
from tests.bench.meter import Meter, Steady, matches, percentile
from tests.bench.place import OURS, ROOT, Place

COUNTED = 20.0


def many(place: Place, out: Path, *options: str) -> "Many":
    """The console on sources made here; see tests/bench/many.py for the options."""
    return Many(place, out, options)


class Many:
    """One run of many.py on a terminal: measure while it is open, read the account afterwards."""

    def __init__(self, place: Place, out: Path, options: tuple[str, ...]) -> None:
        command = [OURS[0], "-m", "tests.bench.many", str(out), *options]
        self.program = place.program(command, {"PYTHONPATH": str(ROOT)})
        self.out = out

    def account(self) -> dict[str, Any]:
        """What became of the run; only after it was left."""
        told: dict[str, Any] = json.loads(self.out.read_text())
        return told


def sources(place: Place, seconds: float = COUNTED) -> Iterator[Figure]:
    """200 sources at 1 s that tell of 300 services."""
    run = many(place, place.folder / "many.json")
    with run.program as meter:
        meter.wait_for("service-0")
        cost = meter.steady(5.0, seconds)
    yield from sources_figures(run.account(), cost)


def sources_figures(account: dict[str, Any], cost: Steady) -> Iterator[Figure]:
    """The figures of a run of many sources."""
    p99 = percentile(account["delays"], 0.99) * 1000
    words = f"{p99:.0f} ms over {account['passes']} passes"
    yield Figure("200 sources at 1 s, p99 start delay", "≤ 200 ms", words, "", p99 <= 200)
    words = f"{cost.cpu:.0f} %, {cost.rate / 1000:.1f} kB/s, {cost.rss:.0f} MiB"
    yield Figure("the same, CPU with the fleet of 300 services", "≤ 60 %", words, "", cost.cpu <= 60)


def stale(place: Place) -> Iterator[Figure]:
    """Five sources fall silent: from the first deadline that passes to the mark on the screen."""
    run = many(place, place.folder / "stale.json", "--sources", "5", "--services", "5", "--hang-after", "6")
    with run.program as meter:
        meter.wait_for("service-0")
        meter.wait_for(matches(r"\d stale"), 30.0)
        shown = _boottime_of(meter, r"\d stale")
    account = run.account()
    deadline = min(account["arrived"].values()) + account["every"] + account["timeout"]
    delay = shown - deadline
    words = f"{delay:.2f} s" if math.isfinite(delay) else "never"
    yield Figure("stale mark after a missed deadline", "≤ 1 s", words, "no peer has one", delay <= 1.0)


def _boottime_of(meter: Meter, pattern: str) -> float:
    """The boottime at which the screen first held a pattern."""
    offset = SystemClock().boottime() - time.perf_counter()
    [seconds] = meter.since_exec(matches(pattern))
    return meter.begun + seconds + offset if seconds is not None else math.nan
