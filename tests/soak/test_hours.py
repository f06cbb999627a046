"""The console on the lab for an hour: memory stays flat, CPU and bytes stay low, keys are answered."""

import time

import pytest

from tests.bench.meter import percentile, rss
from tests.bench.place import Place
from tests.pty.terminal import cpu_seconds
from tests.soak.lengths import seconds, tell

SECONDS = seconds(3600)
KEYS = (("2", "› queues"), ("5", "› logs"), ("f", "needs you"))


@pytest.mark.timeout(SECONDS + 300)
def test_memory_is_flat_and_keys_are_answered() -> None:
    memory, cpu, rate = [], [], []
    with Place() as place, place.ours(place.lab_config("hours")) as meter:
        meter.wait_for("payments", 30)
        end = time.monotonic() + SECONDS
        while time.monotonic() < end:
            for key, words in KEYS:
                meter.send(key)
                meter.wait_for(words, 3)
            begin, spent, sent = time.monotonic(), cpu_seconds(meter.process.pid), len(meter.raw)
            time.sleep(min(30.0, SECONDS / 20))
            took = time.monotonic() - begin
            cpu.append(100 * (cpu_seconds(meter.process.pid) - spent) / took)
            rate.append((len(meter.raw) - sent) / took)
            memory.append(rss(meter.process.pid))
    third = max(1, len(memory) // 3)
    early, late = max(memory[third : 2 * third] or memory), max(memory[-third:])
    tell(
        f"{SECONDS:.0f} s of the lab: {memory[0]:.0f} MiB at first, {early:.0f} in the middle, {late:.0f} at "
        f"the end; fleet CPU {percentile(cpu, 0.5):.1f} %, {percentile(rate, 0.5):.0f} B/s (medians)"
    )
    assert late <= 1.15 * early
    assert late <= 120
