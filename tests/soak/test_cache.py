"""A cache that the console probes for a minute: the ratio shown is the one that it has without us."""

import threading
import time
from pathlib import Path

import pytest
import redis

from console.engine.recording import entries
from console.lab.servers.valkey import Valkey
from tests.bench.place import Place
from tests.soak.lengths import seconds, tell

SECONDS = min(seconds(60), 3600)
HITS, MISSES = 4, 1


class Customers(threading.Thread):
    """Look up a known key four times for each unknown one, until told to stop."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self._url = url
        self.enough = threading.Event()

    def run(self) -> None:
        with redis.Redis.from_url(self._url) as client:
            client.set("known", "value")
            while not self.enough.wait(0.01):
                for name in ["known"] * HITS + ["unknown"] * MISSES:
                    client.get(name)


def ratios(recording: Path) -> list[tuple[float, float]]:
    """Each hit ratio that was recorded, and how well it was known: 0 exact, 1 about."""
    found = []
    for entry in entries(recording):
        if entry[0] == "sweep" and entry[1] == "cache":
            quantities = entry[5][0][6]
            if "hit_ratio" in quantities:
                found.append((quantities["hit_ratio"][0], quantities["hit_ratio"][1]))
    return found


def config_text(url: str) -> str:
    """The cache, and readers of queues that are not there: each of their look-ups is a miss."""
    keys = ", ".join(f'"nobody-{number}"' for number in range(20))
    shared = f'url = "{url}"\nservice = "orders"\nevery = "1s"\n'
    queues = [
        f'[collectors.queue-{number}]\ntype = "queues.redis"\nkeys = [{keys}]\n{shared}'
        for number in range(8)
    ]
    return "\n".join(["[services.orders]\n", f'[collectors.cache]\ntype = "caches.redis"\n{shared}', *queues])


@pytest.mark.timeout(SECONDS + 120)
def test_the_ratio_is_the_one_without_us() -> None:
    with Valkey() as server, Place() as place, redis.Redis.from_url(server.url) as client:
        customers = Customers(server.url)
        customers.start()
        try:
            with place.ours(place.config("cache", config_text(server.url))) as meter:
                meter.wait_for("80 %", 30)
                time.sleep(SECONDS)
            info = client.info("stats")
        finally:
            customers.enough.set()
            customers.join()
        [recording] = place.folder.glob("home-*/**/*.qdr")
        found = [value for value, _known in ratios(recording)]
    raw = info["keyspace_hits"] / (info["keyspace_hits"] + info["keyspace_misses"])
    truth = HITS / (HITS + MISSES)
    tell(
        f"{len(found)} ratios in {SECONDS:.0f} s between {min(found):.3f} and {max(found):.3f}; "
        f"the server's own counters, with us in them: {raw:.3f}"
    )
    assert len(found) >= 0.5 * SECONDS
    assert all(abs(value - truth) <= 0.02 for value in found)
    assert raw < truth - 0.02, "our look-ups were too few to show anything"
