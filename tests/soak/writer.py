"""Write numbered lines at a rate: python -m tests.soak.writer PATH RATE COUNT."""

import sys
import time
from datetime import UTC, datetime
from pathlib import Path

LINE = (
    b'{"timestamp":"%s","level":"info","event":"line %%d","service":"orders","region":"eu",'
    b'"user_id":%%d,"duration_ms":12.5,"path":"/api/v1/orders","trace_id":"%%032x","status":200}\n'
)

EACH = 0.05
"""Seconds between two writes."""


def main() -> None:
    path, rate, count = Path(sys.argv[1]), float(sys.argv[2]), int(sys.argv[3])
    begin, written = time.monotonic(), 0
    with path.open("ab", buffering=0) as file:
        while written < count:
            due = min(count, int((time.monotonic() - begin + EACH) * rate))
            head = LINE % datetime.now(UTC).isoformat().encode()
            file.write(b"".join(head % (number, number, number) for number in range(written, due)))
            written = due
            time.sleep(EACH)


if __name__ == "__main__":
    main()
