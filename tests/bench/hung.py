"""Keys while every source hangs: listeners that accept and never say a word."""

import contextlib
import socket
import time
from collections.abc import Iterator

from tests.bench.figures import Figure
from tests.bench.meter import Meter, matches, percentile
from tests.bench.place import BARE, Place

PRESSES = 60
SCREENS = {"1": "health", "2": "queues", "3": "caches", "4": "pools", "5": "logs"}


@contextlib.contextmanager
def silent_port() -> Iterator[int]:
    """A port of 127.0.0.1 that takes connections and answers nothing."""
    with socket.create_server(("127.0.0.1", 0), backlog=512) as server:
        yield server.getsockname()[1]


def config_text(port: int) -> str:
    """Ten collectors of every driver, all behind one silent port."""
    urls = {
        "health.http": f"http://127.0.0.1:{port}/readyz",
        "queues.rq": f"redis://127.0.0.1:{port}",
        "caches.redis": f"redis://127.0.0.1:{port}/1",
        "pools.postgres": f"postgres://quarterdeck@127.0.0.1:{port}/shop",
    }
    tables = [
        f'[collectors.hung-{number}]\ntype = "{kind}"\nservice = "orders"\nurl = "{url}"\nevery = "1s"\n'
        for number, (kind, url) in enumerate([*urls.items()] * 3)
    ]
    return '[console]\nname = "hung"\n\n[services.orders]\n\n' + "\n".join(tables[:10])


def keys(place: Place) -> Iterator[Figure]:
    """From a key to the screen that it asks for, and from q to the end, with every source hung."""
    with silent_port() as port, place.ours(place.config("hung", config_text(port))) as meter:
        meter.wait_for("orders")
        time.sleep(6.0)
        delays = sorted(_pressed(meter, PRESSES))
        left = _left(meter, "f", "q")
    with place.program(BARE) as meter:
        meter.wait_for("bare")
        time.sleep(1.0)
        bare = _left(meter, "\x11")
    p50, p99 = (percentile(delays, share) * 1000 for share in (0.5, 0.99))
    missing = f", {PRESSES - len(delays)} never" if len(delays) < PRESSES else ""
    words = f"p50 {p50:.0f} ms, p99 {p99:.0f} ms{missing}"
    met = p99 <= 100 and not missing
    yield Figure("key to screen, every source hung", "≤ 100 ms", words, "pg_activity, dolphie: > 12 s", met)
    beside = f"{bare:.2f} s (bare Textual, ctrl+q)"
    yield Figure("q to prompt, every source hung", "≤ 1 s", f"{left:.2f} s", beside, left <= 1.0)


def _pressed(meter: Meter, presses: int) -> list[float]:
    asked = []
    for number in range(presses):
        key, name = list(SCREENS.items())[number % len(SCREENS)]
        asked.append(meter.press(key, matches(f"quarterdeck .*› {name}")))
        time.sleep(0.3)
    return [delay for delay in meter.delays(asked) if delay is not None]


def _left(meter: Meter, *keys: str) -> float:
    """Seconds from the last key to the end of the process."""
    for key in keys[:-1]:
        meter.send(key)
        time.sleep(0.5)
    begin = time.perf_counter()
    meter.send(keys[-1])
    meter.process.wait(20.0)
    return time.perf_counter() - begin
