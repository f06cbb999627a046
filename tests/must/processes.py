"""Find and freeze the servers of a lab that runs as processes of its own."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.servers.processes import tree


def listener(port: int) -> int:
    """The process that listens on a port of 127.0.0.1; of several, the one that started the others."""
    inode = _inode(port)
    holders = {int(path.parts[2]) for path in Path("/proc").glob("[0-9]*/fd/*") if _is_socket(path, inode)}
    assert holders, f"nobody listens on {port}"
    return next(pid for pid in holders if holders <= tree(pid).keys())


def _inode(port: int) -> str:
    for line in Path("/proc/net/tcp").read_text().splitlines()[1:]:
        fields = line.split()
        if fields[1] == f"0100007F:{port:04X}" and fields[3] == "0A":
            return fields[9]
    raise AssertionError(f"no socket of 127.0.0.1 listens on {port}")


def _is_socket(path: Path, inode: str) -> bool:
    try:
        return str(path.readlink()) == f"socket:[{inode}]"
    except OSError:
        return False


@contextmanager
def frozen(root: int) -> Iterator[None]:
    """Stop a process and all its children; they go on when the context ends."""
    stopped = list(tree(root))
    for pid in stopped:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in stopped:
            os.kill(pid, signal.SIGCONT)
