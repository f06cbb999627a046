"""What a killed console leaves behind, and for how long."""

import subprocess
import time
from collections.abc import Callable, Collection

from tests.servers.processes import alive, command, tree
from tests.servers.waiting import wait_until

PROMISE = 2.0
"""Seconds after the death of a console in which all that it started is gone."""


def dies(
    console: "subprocess.Popen[str] | subprocess.Popen[bytes]", ssh: Callable[[], Collection[object]]
) -> None:
    """SIGKILL to a console: all below it is gone when the promise says, and what ``ssh`` finds too.

    The seconds count from the moment at which its death is seen; they are printed.
    """
    below = {pid: words for pid, words in tree(console.pid).items() if pid != console.pid}
    assert below, "nothing was running"
    console.kill()
    console.wait(30)
    seen = time.monotonic()

    def gone() -> bool:
        left = [words for pid, words in below.items() if alive(pid) and command(pid) == words]
        return not left and not ssh()

    wait_until(gone, 30, "nothing is left behind")
    took = time.monotonic() - seen
    print(f"{len(below)} processes were gone {took:.2f} s after their console")
    assert took <= PROMISE
