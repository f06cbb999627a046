"""What both stand-ins do: run a command "over there", in a session of its own, with pipes that we pump.

As with the real ones, a command there is not ended with its client: only its standard input closes.
"""

import contextlib
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Sequence
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


def fail(words: str, code: int = 1) -> int:
    """Say it on stderr."""
    print(words, file=sys.stderr, flush=True)
    return code
