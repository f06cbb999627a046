"""Log lines to records, beside a bare msgspec loop over the same lines, in one run.

python -m tests.bench.bench_logs [LINES], or python -m tests.bench logs
"""

import asyncio
import random
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import msgspec

from collectors.base import Context
from collectors.lines.facts import detect, facts
from collectors.lines.facts import records as lines_of
from collectors.logs._formats.parser import Parser
from collectors.logs._stream import BUNCH
from collectors.logs.file import FileLogs, FileOptions
from collectors.model.practice import Practice
from collectors.transport.read.files_lines import Line
from console.logs.ring import Ring
from tests.bench.figures import Figure

START = 1_795_460_000.0
SUBJECT = Context(collector="bench", service="orders").subject(Practice.LOGS, b"app.log")


def json_lines(count: int) -> list[bytes]:
    """Lines of about 270 bytes, as a web service writes them."""
    rng = random.Random(7)
    lines = []
    for index in range(count):
        level = rng.choices(("info", "warning", "error"), (94, 4, 2))[0]
        lines.append(
            msgspec.json.encode(
                {
                    "timestamp": f"2026-11-23T18:53:{index // 1000 % 60:02}.{index % 1000:03}Z",
                    "level": level,
                    "event": rng.choice(("request completed", "cache miss", "order placed")),
                    "service": rng.choice(("catalog", "orders", "payments")),
                    "region": rng.choice(("eu", "us", "apac")),
                    "user_id": rng.randrange(100_000),
                    "duration_ms": round(rng.lognormvariate(4, 1), 2),
                    "path": f"/api/v1/orders/{rng.randrange(10_000)}",
                    "trace_id": f"{rng.getrandbits(128):032x}",
                    "status": 200,
                }
            )
        )
    return lines


def text_lines(count: int) -> list[bytes]:
    """Lines as Python's logging writes them."""
    rng = random.Random(7)
    return [
        f"2026-11-23 18:53:44,{index % 1000:03} INFO orders.web: request {rng.randrange(99999)} done".encode()
        for index in range(count)
    ]


def more_text_lines(count: int) -> list[tuple[str, list[bytes]]]:
    """Lines as servers and other loggers write them."""
    rng = random.Random(7)
    heads = (
        ("logfmt", 'time=2026-11-23T18:53:44.{n:03}Z level=INFO msg="request {r} done" region=eu status=200'),
        ("nginx", '10.0.0.{p} - - [23/Nov/2026:18:53:44 +0000] "GET /o/{r} HTTP/1.1" 200 {n} "-" "curl/8.5"'),
        ("log4j", "2026-11-23T18:53:44,{n:03} [main] INFO  com.shop.Checkout - request {r} done"),
        ("PostgreSQL", "2026-11-23 18:53:44.{n:03} UTC [42{p}] app@shop LOG:  duration: {r}.{n} ms"),
        ("syslog", "Nov 23 18:53:44 web1 checkout[42{p}]: request {r} done in {n} ms"),
    )
    return [
        (
            name,
            [head.format(n=n % 1000, p=n % 9, r=rng.randrange(99_999)).encode() for n in range(count)],
        )
        for name, head in heads
    ]


def rate(lines: list[bytes], work: Callable[[Iterable[bytes]], object]) -> float:
    best = 0.0
    for _ in range(3):
        begin = time.perf_counter()
        work(lines)
        best = max(best, len(lines) / (time.perf_counter() - begin))
    return best


def bare(lines: Iterable[bytes]) -> None:
    decode = msgspec.json.Decoder().decode
    for line in lines:
        decode(line)


def records(lines: Iterable[bytes]) -> None:
    parser = Parser()
    for line in lines:
        parser.parse((Line(line),), START, 0.0)
    parser.flush(0.0, force=True)


def records_of_a_stream(lines: Iterable[bytes]) -> None:
    """The way of the console: a stream's own parser, lines in bunches."""
    parser = Parser()
    parser.belongs(SUBJECT)
    held = list(map(Line, lines))
    for at in range(0, len(held), BUNCH):
        parser.parse(held[at : at + BUNCH], START, 0.0)
    parser.flush(0.0, force=True)


def told(lines: Iterable[bytes]) -> None:
    held = list(lines)
    profile = detect(held[:200])
    for line in held:
        facts(line, profile, START)


def joined(lines: Iterable[bytes]) -> None:
    held = list(lines)
    for _ in lines_of(held, detect(held[:200]), START):
        pass


async def through_the_collector(lines: list[bytes], path: Path) -> tuple[float, float]:
    """Lines per second from file to ring, and the loop's longest turn in milliseconds of CPU."""
    sys.setswitchinterval(0.0005)
    await asyncio.to_thread(path.touch)
    ring, longest = Ring(), 0.0
    collector = FileLogs(FileOptions(path=str(path)), Context(collector="bench", every=1.0, emit=ring.append))
    await collector.collect()
    await asyncio.to_thread(path.write_bytes, b"\n".join(lines) + b"\n")

    async def tick() -> None:
        nonlocal longest
        last = time.thread_time()
        while True:
            await asyncio.sleep(0.001)
            now = time.thread_time()
            longest, last = max(longest, now - last), now

    ticking = asyncio.create_task(tick())
    begin = time.perf_counter()
    while ring.next < len(lines):
        await collector.collect()
    took = time.perf_counter() - begin
    ticking.cancel()
    await collector.close()
    return len(lines) / took, longest * 1000


def figures(_place: object) -> Iterator[Figure]:
    """Two lines for the table of all benches."""
    lines = json_lines(30_000)
    parsed, plain = rate(lines, records), rate(lines, bare)
    beside = f"{plain:,.0f}/s (msgspec alone)"
    yield Figure("JSON log lines to records", "–", f"{parsed:,.0f}/s", beside)
    yield Figure("JSON log lines to facts", "–", f"{rate(lines, told):,.0f}/s", beside)
    with tempfile.TemporaryDirectory() as folder:
        speed, turn = asyncio.run(through_the_collector(lines, Path(folder) / "app.jsonl"))
    words = f"{speed:,.0f}/s, the loop's longest turn {turn:.1f} ms"
    yield Figure("log lines, file to ring", "–", words, "")
    text = text_lines(30_000)
    words = f"{rate(text, records_of_a_stream):,.0f}/s"
    yield Figure("plain text log lines to records", "–", words, f"{rate(text, records):,.0f}/s (read whole)")


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 50_000
    plain = json_lines(count)
    with_secrets = [line.replace(b'"status"', b'"api_key":"hunter2","status"') for line in plain]
    print(f"{count} lines, {sum(map(len, plain)) / count:.0f} B a JSON line, best of 3, one core")
    for name, lines, work in (
        ("JSON, bare msgspec loop", plain, bare),
        ("JSON to records, the long way", plain, records),
        ("JSON to records", plain, records_of_a_stream),
        ("JSON with secrets, the long way", with_secrets, records),
        *(
            (f"{name} to records", made, records_of_a_stream)
            for name, made in (("plain text", text_lines(count)), *more_text_lines(count))
        ),
        ("plain text to records, the long way", text_lines(count), records),
        ("JSON to facts, line by line", plain, told),
        ("JSON to facts, lines joined", plain, joined),
        ("plain text to facts, lines joined", text_lines(count), joined),
    ):
        print(f"  {name:36} {rate(lines, work):12,.0f} lines/s")
    for name, lines in (("JSON", plain), ("plain text", text_lines(count))):
        with tempfile.TemporaryDirectory() as folder:
            speed, turn = asyncio.run(through_the_collector(lines, Path(folder) / "app.log"))
        print(f"  {f'{name}, file to ring, on a loop':36} {speed:12,.0f} lines/s, longest turn {turn:.1f} ms")


if __name__ == "__main__":
    main()
