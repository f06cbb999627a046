"""300 services, 200 sources each second, for ten minutes, in the real console."""

import time

import pytest

from tests.bench.meter import percentile, rss
from tests.bench.place import Place
from tests.bench.scale import many
from tests.soak.lengths import seconds, tell

SECONDS = seconds(600)
SOURCES = 200


@pytest.mark.timeout(SECONDS + 120)
def test_many_sources_begin_on_time_and_memory_is_flat() -> None:
    memory = []
    with Place() as place:
        run = many(place, place.folder / "many.json", "--sources", str(SOURCES), "--services", "300")
        with run.program as meter:
            meter.wait_for("service-0", 30)
            begin = time.monotonic()
            while time.monotonic() - begin < SECONDS:
                time.sleep(min(10.0, SECONDS / 10))
                memory.append(rss(meter.process.pid))
            took = time.perf_counter() - meter.begun
        account = run.account()
    late = percentile(account["delays"], 0.99)
    tell(
        f"{account['passes']} passes in {took:.0f} s, p99 start delay {late * 1000:.0f} ms; "
        f"{memory[0]:.0f} MiB at first, {memory[-1]:.0f} at the end"
    )
    assert account["services"] == 300
    assert account["passes"] >= 0.9 * SOURCES * SECONDS
    assert late <= 0.6
    # the history of 300 subjects may fill its budget of 24 MiB, and no more
    assert memory[-1] - memory[0] <= 40
