"""The console on the lab for an hour (or ``SOAK_SECONDS``): memory stays flat, keys are answered."""

import os
import time
from pathlib import Path

import pytest

from console.lab.run import start_lab
from tests.bench.meter import Meter, rss
from tests.project.program import COMMAND

SECONDS = float(os.environ.get("SOAK_SECONDS", "3600"))


@pytest.mark.timeout(SECONDS + 300)
def test_memory_is_flat_and_keys_are_answered(tmp_path: Path) -> None:
    env = {"HOME": str(tmp_path), "PATH": os.environ["PATH"], "LANG": "C.UTF-8", "TERM": "xterm-256color"}
    with start_lab() as lab, Meter([*COMMAND, "--config", str(lab.config_path)], env) as meter:
        meter.wait_for("payments", 30)
        samples = []
        end = time.monotonic() + SECONDS
        while time.monotonic() < end:
            for key, words in (("2", "› queues"), ("5", "› logs"), ("f", "needs you")):
                meter.send(key)
                meter.wait_for(words, 3)
                time.sleep(min(20.0, SECONDS / 30))
            samples.append(rss(meter.process.pid))
        third = max(1, len(samples) // 3)
        early, late = max(samples[third : 2 * third] or samples), max(samples[-third:])
        print(f"MiB: {samples[0]:.0f} at first, {early:.0f} in the middle, {late:.0f} at the end")
        assert late <= 1.15 * early
        assert late <= 120
