"""A question over a file of JSON lines beside lnav and DuckDB; the live filter beside the bare loop.

python -m tests.bench.bench_questions [LINES], or python -m tests.bench questions; LINES or
QUARTERDECK_BENCH_LINES, 1,000,000 where neither is set. What is not installed is left out.
"""

import importlib
import json
import os
import random
import re
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from collectors.lines.facts import Profile, detect
from console.logs.asking.ask import ask
from console.logs.asking.evaluate import Evaluation
from console.logs.asking.testing import Moment
from console.logs.gathering import FileLines
from console.logs.language import parse
from console.logs.source import Chunk, Stream
from tests.bench.figures import Figure, machine

START = datetime(2026, 11, 23, 18, 0, tzinfo=UTC).timestamp()
NOW = START + 86_400
REGIONS = ("eu", "us", "apac")
QUESTION = "| p95(duration_ms) by region"
LIVE = 'level>=warn region=eu duration_ms>200 -path:"/healthz"'
RUNS = 3

_FORMAT = {
    "$schema": "https://lnav.org/schemas/format-v1.schema.json",
    "bench_log": {
        "title": "bench", "json": True, "timestamp-field": "timestamp", "level-field": "level",
        "body-field": "event",
        "line-format": [{"field": "__timestamp__"}, " ", {"field": "event"}],
        "value": {
            "region": {"kind": "string"}, "duration_ms": {"kind": "float"}, "service": {"kind": "string"},
            "user_id": {"kind": "integer"}, "path": {"kind": "string"}, "trace_id": {"kind": "string"},
        },
    },
}  # fmt: skip
_SQL = """SELECT region, duration_ms FROM (SELECT region, duration_ms,
 ROW_NUMBER() OVER (PARTITION BY region ORDER BY duration_ms) AS place,
 COUNT(*) OVER (PARTITION BY region) AS number FROM bench_log)
 WHERE place = CAST((number - 1) * 0.95 AS INTEGER) + 1"""


def lines(count: int) -> Iterator[bytes]:
    """Lines of 270 bytes, as a web service writes them."""
    rng = random.Random(7)
    encode = msgspec.json.encode
    for index in range(count):
        yield encode(
            {
                "timestamp": datetime.fromtimestamp(START + index / 1000, UTC).isoformat(
                    timespec="milliseconds"
                )[:23]
                + "Z",
                "level": rng.choices(("info", "warning", "error"), (94, 4, 2))[0],
                "event": rng.choice(("request completed", "cache miss", "order placed")),
                "service": rng.choice(("catalog", "orders", "payments")),
                "region": rng.choice(REGIONS),
                "user_id": rng.randrange(100_000),
                "duration_ms": round(rng.lognormvariate(4, 0.8), 2),
                "path": f"/api/v1/orders/{rng.randrange(10_000)}",
                "trace_id": f"{rng.getrandbits(128):032x}",
                "status": 200,
            }
        )


def write(path: Path, count: int) -> None:
    """A file of so many lines."""
    with path.open("wb") as file:
        batch: list[bytes] = []
        for one in lines(count):
            batch.append(one)
            if len(batch) == 10_000:
                file.write(b"\n".join((*batch, b"")))
                batch.clear()
        file.write(b"\n".join((*batch, b"")) if batch else b"")


class Took(NamedTuple):
    """Seconds by the clock and of CPU, children's too: the second ones hold on a busy machine."""

    clock: float
    cpu: float


def best(work: Callable[[], Any], runs: int = RUNS) -> tuple[Took, Any]:
    """The shortest of some runs, and what it gave."""
    took, given = Took(float("inf"), float("inf")), None
    for _ in range(runs):
        begin, used = time.perf_counter(), _cpu()
        given = work()
        took = Took(min(took.clock, time.perf_counter() - begin), min(took.cpu, _cpu() - used))
    return took, given


def _cpu() -> float:
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime


def ours(path: Path) -> dict[str, float]:
    """Our answer, through the same road as the command line's."""
    answer = ask(parse(QUESTION), FileLines([(str(path), Stream("app"))]), Moment(NOW))
    assert answer.table is not None
    assert answer.coverage.complete
    return {str(region): float(value or 0) for region, value in answer.table.rows}


def lnav(path: Path, home: Path) -> dict[str, float]:
    """What lnav answers; its format has to be written for it first."""
    folder = home / ".lnav/formats/bench"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "bench.json").write_text(json.dumps(_FORMAT))
    query = " ".join(_SQL.split())
    command = ["lnav", "-n", "-c", f";{query}", "-c", ":write-csv-to -", str(path)]
    done = subprocess.run(
        command,
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "HOME": str(home)},
        timeout=300,
    )
    found = re.findall(rf"({'|'.join(REGIONS)})\W+([\d.]+)", done.stdout)
    return {region: float(value) for region, value in found}


def duckdb(path: Path, module: Any) -> dict[str, float]:
    """What DuckDB answers, told the columns and on one thread."""
    with module.connect(config={"threads": 1}) as connection:
        rows = connection.execute(
            "SELECT region, quantile_cont(duration_ms, 0.95) FROM read_json(?, format = 'newline_delimited', "
            "columns = {region: 'VARCHAR', duration_ms: 'DOUBLE'}) GROUP BY region",
            [str(path)],
        ).fetchall()
    return {str(region): float(value) for region, value in rows}


def bare_loop(some: Sequence[bytes]) -> int:
    """The bare parse loop: every line decoded, and nothing asked of it."""
    decode = msgspec.json.Decoder().decode
    for one in some:
        decode(one)
    return len(some)


def live_filter(some: Sequence[bytes], profile: Profile) -> int:
    """The same lines through a question as a live stream feeds them, 500 at a time."""
    stream = Stream("app")
    evaluation = Evaluation(parse(f"{LIVE} | count"), Moment(NOW))
    for at in range(0, len(some), 500):
        evaluation.feed(Chunk(stream, profile, records=some[at : at + 500], arrivals=NOW, joined=True))
    return evaluation.tally.lines


def compared(folder: Path, count: int) -> Iterator[tuple[str, Took, dict[str, float]]]:
    """Each engine's name, its best times, and its answer."""
    path = folder / "app.jsonl"
    write(path, count)
    yield "quarterdeck", *best(lambda: ours(path))
    if shutil.which("lnav"):
        yield "lnav", *best(lambda: lnav(path, folder), 1 if count > 200_000 else RUNS)
    try:
        module = importlib.import_module("duckdb")
    except ImportError:
        return
    yield "DuckDB, 1 thread", *best(lambda: duckdb(path, module))


def filtering(count: int) -> tuple[int, Took, Took]:
    """So many lines through the bare loop, and through the live filter."""
    some = list(lines(count))
    profile = detect(some[:200])
    return count, best(lambda: bare_loop(some))[0], best(lambda: live_filter(some, profile))[0]


def figures(_place: object, count: int = 1_000_000) -> Iterator[Figure]:
    """The table's lines."""
    with tempfile.TemporaryDirectory(prefix="quarterdeck-questions-") as name:
        took = {engine: each for engine, each, _ in compared(Path(name), count)}
    own = took.pop("quarterdeck")
    beside = ", ".join(f"{engine} {each.clock:.2f} s" for engine, each in took.items())
    met = own.cpu <= took["lnav"].cpu / 5 if "lnav" in took else None
    what = f"P95 by region over {count:,} JSON lines"
    yield Figure(what, "≤ lnav ÷ 5", f"{own.clock:.2f} s ({own.cpu:.2f} s CPU)", beside, met)
    number, bare, filtered = filtering(min(count, 100_000))
    words = f"{number / filtered.cpu:,.0f}/s"
    beside = f"{number / bare.cpu:,.0f}/s (msgspec alone)"
    yield Figure("live filter, lines", "≥ half the bare loop", words, beside, filtered.cpu <= 2 * bare.cpu)


def main() -> None:
    given = sys.argv[1] if len(sys.argv) > 1 else os.environ.get("QUARTERDECK_BENCH_LINES", "1000000")
    count = int(given)
    print(machine())
    with tempfile.TemporaryDirectory(prefix="quarterdeck-questions-") as name:
        print(f"{QUESTION!r} over {count:,} JSON lines")
        first: Took | None = None
        for engine, took, answer in compared(Path(name), count):
            first = first or took
            told = ", ".join(f"{region} {value:.2f}" for region, value in sorted(answer.items()))
            speed = f"{took.clock:6.2f} s  {took.cpu:6.2f} s CPU  {took.cpu / first.cpu:5.1f} ×"
            print(f"  {engine:18} {speed}  {count / took.cpu:12,.0f} lines/s of CPU  {told}")
    number, bare, filtered = filtering(min(count, 200_000))
    print(f"live filter {LIVE!r}, {number:,} lines")
    for name, took in (("bare msgspec loop", bare), ("live filter", filtered)):
        print(f"  {name:18} {number / took.cpu:12,.0f} lines/s of CPU  {took.cpu / bare.cpu:5.2f} ×")


if __name__ == "__main__":
    main()
