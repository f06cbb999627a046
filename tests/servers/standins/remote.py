"""What both stand-ins do: run a command "over there", in a session of its own, with pipes that we pump.

As with the real ones, a command there is not ended with its client: only its standard input closes.
"""

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import IO


def run(argv: Sequence[str]) -> int:
    """Run it and give its exit code, as a shell counts it; 127 where it is missing."""
    env = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "STANDIN"))}
    try:
        process = subprocess.Popen(
            argv,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=env,
            start_new_session=True,
        )
    except FileNotFoundError:
        return 127
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    threading.Thread(target=_pump, args=(sys.stdin.buffer, process.stdin), daemon=True).start()
    outs = [
        threading.Thread(target=_pump, args=(process.stdout, sys.stdout.buffer)),
        threading.Thread(target=_pump, args=(process.stderr, sys.stderr.buffer)),
    ]
    for out in outs:
        out.start()
    code = process.wait()
    for out in outs:
        out.join()
    return code if code >= 0 else 128 - code


def _pump(source: IO[bytes], target: IO[bytes]) -> None:
    with contextlib.suppress(OSError):
        while piece := os.read(source.fileno(), 65536):
            target.write(piece)
            target.flush()
    if target not in (sys.stdout.buffer, sys.stderr.buffer):
        with contextlib.suppress(OSError):
            target.close()


def tell(path: str, since: str, ended: Callable[[], bool], until: str = "~") -> int:
    """Tell lines of a file, which begin with their times, of a span; and what is added until the end."""
    with Path(path).open() as log:
        while True:
            over = ended()
            for line in log:
                if since <= line <= until:
                    sys.stdout.write(line)
            sys.stdout.flush()
            if over:
                return 0
            time.sleep(0.02)


def fail(words: str, code: int = 1) -> int:
    """Say it on stderr."""
    print(words, file=sys.stderr, flush=True)
    return code
