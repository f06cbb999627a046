"""Log lines to records, beside a bare msgspec loop over the same lines, in one run.

python tests/bench/bench_logs.py [LINES]
"""

import random
import sys
import time
from collections.abc import Callable, Iterable

import msgspec

from collectors.logs._formats.parser import Parser
from collectors.transport.read.files_lines import Line

START = 1_795_460_000.0


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


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 50_000
    plain = json_lines(count)
    with_secrets = [line.replace(b'"status"', b'"api_key":"hunter2","status"') for line in plain]
    print(f"{count} lines, {sum(map(len, plain)) / count:.0f} B a JSON line, best of 3, one core")
    for name, lines, work in (
        ("JSON, bare msgspec loop", plain, bare),
        ("JSON to records", plain, records),
        ("JSON with a secret in every line", with_secrets, records),
        ("plain text to records", text_lines(count), records),
    ):
        print(f"  {name:36} {rate(lines, work):12,.0f} lines/s")


if __name__ == "__main__":
    main()
