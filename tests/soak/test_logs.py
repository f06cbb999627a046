"""The open log screen under a flood, and under a line of a hundred megabytes."""

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from tests.bench.meter import Meter, matches, percentile, rss
from tests.bench.place import OURS, ROOT, Place
from tests.soak.lengths import seconds, tell

RATE = 50_000
SECONDS = min(seconds(60), 600)
MEGABYTES = 100


def opened(place: Place, log: Path) -> Meter:
    """The console on one log file."""
    log.touch()
    config = place.config(
        "flood",
        '[services.orders]\n\n[collectors.app]\ntype = "logs.file"\nservice = "orders"\nevery = "1s"\n'
        f'path = "{log}"\n',
    )
    command = [OURS[0], "-m", "tests.soak.flooded", str(place.folder / "account.json"), str(config)]
    return Meter(command, place.environment() | {"PYTHONPATH": str(ROOT)})


def left(meter: Meter, place: Place) -> dict[str, Any]:
    """Leave the console and read its account."""
    meter.send("fq")
    assert meter.end(20) == 0
    told: dict[str, Any] = json.loads((place.folder / "account.json").read_text())
    return told


@pytest.mark.timeout(SECONDS + 420)
def test_a_flood_loses_nothing_and_doubles_nothing() -> None:
    sent = int(RATE * SECONDS)
    with Place() as place, opened(place, place.folder / "app.jsonl") as meter:
        meter.wait_for("orders", 20)
        meter.send("5")
        meter.wait_for("› logs", 10)
        command = [
            sys.executable,
            "-m",
            "tests.soak.writer",
            str(place.folder / "app.jsonl"),
            str(RATE),
            str(sent),
        ]
        begin, asked = time.monotonic(), []
        with subprocess.Popen(command, cwd=ROOT) as writer:
            while writer.poll() is None:
                for key, name in (("1", "health"), ("5", "logs")):
                    time.sleep(1.0)
                    asked.append(meter.press(key, matches(f"quarterdeck .*› {name}")))
        written = time.monotonic() - begin
        meter.wait_for(f"line {sent - 1}", SECONDS * 3 + 60)
        caught_up = time.monotonic() - begin
        memory = rss(meter.process.pid)
        told = left(meter, place)
        delays = [delay for delay in meter.delays(asked) if delay is not None]
    tell(
        f"{sent:,} lines in {written:.0f} s, all there after {caught_up:.0f} s; {told['dropped']:,} left the "
        f"ring; {memory:.0f} MiB; keys p50 {percentile(delays, 0.5) * 1000:.0f} ms, "
        f"p99 {percentile(delays, 0.99) * 1000:.0f} ms of {len(delays)}, max {max(delays) * 1000:.0f} ms"
    )
    assert told["received"] == sent
    assert told["dropped"] + len(told["kept"]) == sent
    assert told["kept"] == list(range(told["dropped"], sent))
    assert told["lost"] == [0.0]


@pytest.mark.timeout(180)
def test_a_line_of_a_hundred_megabytes_is_one_line() -> None:
    with Place() as place, opened(place, place.folder / "app.jsonl") as meter:
        log = place.folder / "app.jsonl"
        meter.wait_for("orders", 20)
        meter.send("5")
        meter.wait_for("› logs", 10)
        with log.open("ab") as file:
            file.write(b'{"level":"info","event":"line 0"}\n{"level":"info","event":"line 1 ')
        meter.wait_for("line 0", 20)
        before = rss(meter.process.pid)
        with log.open("ab") as file:
            for _ in range(MEGABYTES):
                file.write(b"x" * 1_000_000)
            file.write(b'"}\n{"level":"info","event":"line 2"}\n')
        meter.wait_for("line 2", 60)
        grown = rss(meter.process.pid) - before
        told = left(meter, place)
    tell(
        f"a line of {MEGABYTES} MB: {grown:.0f} MiB more, "
        f"{told['lost'][0] / 1e6:.0f} MB cut from it and counted"
    )
    assert told["received"] == 3
    assert grown <= 30
    assert told["lost"][0] >= 0.99 * MEGABYTES * 1e6
