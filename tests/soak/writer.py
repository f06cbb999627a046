"""Write numbered lines at a rate: python -m tests.soak.writer PATH RATE COUNT."""

import sys
import time
from pathlib import Path

EACH = 0.05
"""Seconds between two writes."""


def main() -> None:
    path, rate, count = Path(sys.argv[1]), float(sys.argv[2]), int(sys.argv[3])
    begin, written = time.monotonic(), 0
    with path.open("ab", buffering=0) as file:
        while written < count:
            due = min(count, int((time.monotonic() - begin + EACH) * rate))
            numbers = range(written, due)
            file.write(b"".join(b'{"level":"info","event":"line %d"}\n' % number for number in numbers))
            written = due
            time.sleep(EACH)


if __name__ == "__main__":
    main()
