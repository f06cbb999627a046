"""Five minutes of a window that is dragged about: the console lives, bounded in bytes and memory."""

import random
import time

import pytest

from tests.bench.meter import rss
from tests.bench.place import Place
from tests.soak.lengths import seconds, tell

SECONDS = seconds(300)


@pytest.mark.timeout(SECONDS + 120)
def test_a_storm_of_resizes_is_survived() -> None:
    rng = random.Random(7)
    sizes = 0
    with Place() as place, place.ours(place.lab_config("resize")) as meter:
        meter.wait_for("payments", 30)
        time.sleep(3.0)
        before, sent, end = rss(meter.process.pid), len(meter.raw), time.monotonic() + SECONDS
        while time.monotonic() < end:
            meter.resize(rng.randint(1, 220), rng.randint(1, 70), tell=False)
            sizes += 1
            time.sleep(rng.choice((0.005, 0.02, 0.1)))
            if sizes % 50 == 0:
                meter.send(rng.choice("12345fS"))
        rate = (len(meter.raw) - sent) / SECONDS
        meter.send("f")
        meter.resize(120, 40)
        meter.wait_for(lambda screen: "needs you" in screen and "payments" in screen, 20)
        after = rss(meter.process.pid)
        meter.send("q")
        assert meter.end(10) == 0
        assert meter.left_on() == []
    tell(
        f"{sizes} sizes in {SECONDS:.0f} s: {rate / 1000:.0f} kB/s, {before:.0f} MiB before, "
        f"{after:.0f} after"
    )
    assert rate <= 500_000
    assert after <= 1.5 * before
