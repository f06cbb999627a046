"""The fleet screen as a terminal meets it: CPU, bytes, memory, first paint, first data."""

from collections.abc import Callable, Iterator, Sequence

from console.lab.servers.valkey import Valkey
from tests.bench.figures import Figure
from tests.bench.meter import Meter, Steady, matches, percentile
from tests.bench.place import BARE, TEN, Place

SETTLE = 8.0
COUNTED = 20.0

_TABLE = matches(r"service +\S+")
_DATA = matches(r"\d (ms|/s)|\d+/\d+")


def fleet(place: Place) -> Iterator[Figure]:
    """CPU and bytes with ten collectors, at 2 s and at 1 s, beside a peer that looks at local files only."""
    for every, budget in (("2s", 1.5), ("1s", 3.0)):
        with place.ours(place.lab_config(f"fleet-{every}", TEN, every)) as meter:
            ours = meter.steady(SETTLE, COUNTED)
        peer = _peer(place, every)
        beside = _beside(peer, lambda steady: f"{steady.cpu:.1f} %")
        what = f"CPU, 10 collectors each {every}, 120x40"
        yield Figure(what, f"≤ {budget} %", f"{ours.cpu:.1f} %", beside, ours.cpu <= budget)
        beside = _beside(peer, lambda steady: f"{steady.rate:.0f} B/s")
        what = f"bytes to the terminal, each {every}"
        yield Figure(what, "≤ 1000 B/s", f"{ours.rate:.0f} B/s", beside, ours.rate <= 1000)


def quiet(place: Place) -> Iterator[Figure]:
    """Bytes where nothing changes: ten readers of an empty Valkey."""
    with Valkey() as server:
        tables = "\n".join(
            f'[collectors.q{number}]\ntype = "queues.redis"\nurl = "{server.url}"\nkeys = ["q{number}"]\n'
            f'every = "2s"\nservice = "orders"\n'
            for number in range(10)
        )
        config = place.config("quiet", f'[console]\nname = "quiet"\n\n[services.orders]\n\n{tables}')
        with place.ours(config) as meter:
            ours = meter.steady(SETTLE, COUNTED)
    with place.program([*BARE, "--tick"]) as meter:
        bare = meter.steady(3.0, COUNTED)
    beside = f"{bare.rate:.0f} B/s, {bare.cpu:.1f} % (bare Textual with a clock)"
    ours_words = f"{ours.rate:.0f} B/s, {ours.cpu:.1f} %"
    yield Figure("bytes and CPU, nothing changes", "≤ 100 B/s", ours_words, beside, ours.rate <= 100)


def memory(place: Place) -> Iterator[Figure]:
    """Resident memory of our process alone, half a minute after the start; the hour is the soak's."""
    with place.program(BARE) as meter:
        bare = meter.steady(5.0, 0.1).rss
    beside = f"{bare:.0f} MiB (bare Textual)"
    for what, collectors, budget in (
        ("memory, all drivers", (), 90),
        ("memory, one TCP check", ("database",), 60),
        ("memory, one HTTP check", ("catalog-ready",), 60),
        ("memory, one queue in Valkey", ("jobs",), 60),
        ("memory, one PostgreSQL", ("shop-db",), 60),
    ):
        with place.ours(place.lab_config(f"memory-{len(collectors)}", collectors)) as meter:
            ours = meter.steady(25.0 if not collectors else 10.0, 0.1).rss
        yield Figure(what, f"≤ {budget} MiB", f"{ours:.0f} MiB", beside, ours <= budget)


def start(place: Place) -> Iterator[Figure]:
    """From exec to the first table and to the first value, the best of five; CPU tells on a busy machine."""
    config = place.lab_config("start", TEN)
    bare: list[Sequence[float]] = []
    ours: list[Sequence[float]] = []
    for _ in range(5):
        with place.program(BARE) as meter:
            meter.wait_for("bare")
            bare.append(_began(meter))
        with place.ours(config) as meter:
            meter.wait_for(_DATA, 20.0)
            ours.append(_began(meter))
    paint, cpu = min(one[0] for one in ours), min(one[2] for one in ours)
    bare_paint, bare_cpu = min(one[0] for one in bare), min(one[2] for one in bare)
    beside = f"{bare_paint:.2f} s, {bare_cpu:.2f} s of CPU (bare Textual)"
    yield Figure("first paint", "≤ 0.5 s", f"{paint:.2f} s, {cpu:.2f} s of CPU", beside, paint <= 0.5)
    data = min(one[1] for one in ours)
    middle = percentile([one[1] for one in ours], 0.5)
    yield Figure("first data", "≤ 1.2 s", f"{data:.2f} s (median {middle:.2f} s)", "", data <= 1.2)


def _began(meter: Meter) -> tuple[float, float, float]:
    """Seconds to the first frame and to the first value, and the CPU seconds of the first frame."""
    table, data = meter.since_exec(lambda screen: _TABLE(screen) or "bare" in screen, _DATA)
    first = table if table is not None else float("nan")
    return first, data if data is not None else float("nan"), meter.spent_until(first)


def _peer(place: Place, every: str) -> tuple[str, Steady]:
    if place.glances:
        with place.program([*place.glances, "-t", every.rstrip("s")]) as meter:
            return "glances", meter.steady(SETTLE, COUNTED)
    with place.program([*BARE, "--tick"]) as meter:
        return "bare Textual with a clock", meter.steady(3.0, COUNTED)


def _beside(peer: tuple[str, Steady], words: Callable[[Steady], str]) -> str:
    return f"{words(peer[1])} ({peer[0]})"
