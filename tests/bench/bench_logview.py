"""The log screen's own work: the live filter beside a bare decode of the same lines, and drawing.

python -m tests.bench.bench_logview [LINES], or python -m tests.bench logview
"""

import sys
import time
from collections.abc import Callable, Iterator

import msgspec

from collectors.base import Context
from collectors.logs._formats.parser import Parser
from collectors.model.logs import LogBatch
from collectors.model.practice import Practice
from collectors.transport.read.files_lines import Line
from console.logs.asked import Asked, Profiles
from console.logs.asking.ask import ask
from console.logs.reach import Reach
from console.logs.ring import Ring
from console.logs.templates import Templates
from console.logs.view import FilteredView
from tests.bench.bench_logs import json_lines
from tests.bench.figures import Figure

IN_MEMORY = 200_000
QUESTIONS = ("region=eu", "level>=warn", "duration>200ms", "placed")


def filled(lines: list[bytes]) -> Ring:
    """A ring that holds all of them."""
    ring, parser = Ring(budget=1 << 31), Parser()
    subject = Context(collector="bench", service="orders").subject(Practice.LOGS, b"app.jsonl")
    parser.belongs(subject)
    for at in range(0, len(lines), 500):
        records = parser.parse([Line(line) for line in lines[at : at + 500]], time.time(), 0.0)
        ring.append(LogBatch(subject, tuple(records)))
    return ring


def best(work: Callable[[], object], lines: int) -> float:
    """Lines per second, the best of three."""
    rates = []
    for _ in range(3):
        begin = time.perf_counter()
        work()
        rates.append(lines / (time.perf_counter() - begin))
    return max(rates)


def through(view: FilteredView) -> None:
    while view.pending:
        view.refresh()


def bare(lines: list[bytes]) -> None:
    decode = msgspec.json.Decoder().decode
    for line in lines:
        decode(line)


class Known(msgspec.Struct):
    """What the question needs, to one who knows the lines beforehand."""

    region: str = ""
    duration_ms: float = 0.0


def bare_p95(lines: list[bytes]) -> None:
    decode = msgspec.json.Decoder(Known).decode
    parted: dict[str, list[float]] = {}
    for line in lines:
        known = decode(line)
        parted.setdefault(known.region, []).append(known.duration_ms)
    for numbers in parted.values():
        numbers.sort()


def answered(count: int) -> tuple[float, float]:
    """Seconds for P95 by region over records in memory, and of a bare loop made for these lines."""
    lines = json_lines(count)
    ring, profiles = filled(lines), Profiles()
    asked = Asked("* | p95(duration) by region", now=time.time(), profiles=profiles)
    ours = best(lambda: ask(asked.question, Reach(ring, (), "", profiles), asked.moment), count)
    return count / ours, count / best(lambda: bare_p95(lines), count)


def measured(count: int) -> Iterator[tuple[str, float]]:
    """What was measured, in lines per second."""
    lines = json_lines(count)
    ring, profiles = filled(lines), Profiles()
    yield "bare msgspec loop", best(lambda: bare(lines), count)
    for text in QUESTIONS:
        asked = Asked(text, now=time.time(), profiles=profiles)
        yield f"live filter: {text}", best(lambda asked=asked: through(FilteredView(ring, asked)), count)  # type: ignore[misc]
    yield "patterns", best(lambda: through(FilteredView(ring, None, Templates().add)), count)
    begin = time.perf_counter()
    for _ in range(100):
        ring.tallies.whole.buckets(int(time.time()) // 10 * 10 - 1180, 10, 118)
    yield "bars of 118 columns a second", 100 / (time.perf_counter() - begin)


def figures(_place: object) -> Iterator[Figure]:
    """A line for the table of all benches."""
    found = dict(measured(30_000))
    plain = found["bare msgspec loop"]
    filters = [rate for name, rate in found.items() if name.startswith("live filter")]
    ours = f"{min(filters):,.0f} to {max(filters):,.0f}/s"
    ours_seconds, bare_seconds = answered(IN_MEMORY)
    yield Figure(
        f"P95 by region over {IN_MEMORY:,} records in memory",
        "0.25 s",
        f"{ours_seconds:.2f} s",
        f"{bare_seconds:.2f} s (a msgspec loop made for these lines)",
    )
    yield Figure(
        "live filter of the log screen", f"{plain / 2:,.0f}/s", ours, f"{plain:,.0f}/s (msgspec alone)"
    )


def main() -> None:
    for name, rate in measured(int(sys.argv[1]) if len(sys.argv) > 1 else 50_000):
        print(f"  {name:36} {rate:12,.0f}/s")


if __name__ == "__main__":
    main()
