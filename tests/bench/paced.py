"""Write a web service's JSON lines at a rate: python -m tests.bench.paced PATH RATE SECONDS."""

import sys
import time
from pathlib import Path

from tests.bench.bench_logs import json_lines

EACH = 0.02
"""Seconds between two writes."""


def main() -> None:
    path, rate, seconds = Path(sys.argv[1]), float(sys.argv[2]), float(sys.argv[3])
    lines = [line + b"\n" for line in json_lines(5000)]
    begin, written = time.monotonic(), 0
    with path.open("ab", buffering=0) as file:
        while (passed := time.monotonic() - begin) < seconds:
            due = int((passed + EACH) * rate)
            file.write(b"".join(lines[number % len(lines)] for number in range(written, due)))
            written = due
            time.sleep(EACH)


if __name__ == "__main__":
    main()
