"""Processes of this machine as /proc tells them (proc(5)); it blocks, so it belongs in a FileThread."""

import contextlib
import errno
import functools
import os
import re
import stat
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from collectors.transport.read.files_open import NotRegularError, Seen

PROC = Path("/proc")
BOOT_ID = PROC / "sys/kernel/random/boot_id"
TICKS = os.sysconf("SC_CLK_TCK")
"""Clock ticks of a second."""

NET_LIMIT = 32 * 2**20
"""Bytes of a table of sockets that are read: about 200,000 of them."""

_ARGUMENTS = 4096
_ESTABLISHED = "01"
_LISTEN = "0A"
SYS_PTRACE = 1 << 19
"""The capability with which an exit status is shown."""


class Identity(NamedTuple):
    """A process beyond doubt: its number is used again, its number with its start and its boot is not.

    ``start``: clock ticks after boot. ``boot``: the kernel's boot_id, empty where it is not known.
    """

    pid: int
    start: int
    boot: str = ""

    @classmethod
    def kept(cls, values: Sequence[Any]) -> "Identity":
        """As a plan keeps it: the list of its parts, of which an older one lacks the boot."""
        pid, start, *boot = values
        return cls(int(pid), int(start), str(boot[0]) if boot else "")

    def same(self, other: "Identity | None") -> bool:
        """Whether both are one process; a boot that is not known speaks against none."""
        return other is not None and self[:2] == other[:2] and same_boot(self.boot, other.boot)


@dataclass(frozen=True, slots=True)
class Process:
    """One process. ``state``: R, S, D, T, Z…; ``status``: a zombie's, as waitpid gives it, None if hidden."""

    identity: Identity
    name: str
    state: str
    parent: int
    status: int | None = None

    @property
    def ended(self) -> bool:
        """Whether it has exited and only waits to be reaped."""
        return self.state in "ZXx"

    @property
    def started(self) -> float:
        """CLOCK_BOOTTIME seconds."""
        return self.identity.start / TICKS


@dataclass(frozen=True, slots=True)
class Sockets:
    """TCP of some processes: ports they listen on, connections by local port, and who waits to be accepted.

    ``whole`` is False where a table was longer than is read.
    """

    listening: frozenset[int] = frozenset()
    connected: tuple[int, ...] = ()
    waiting: int = 0
    whole: bool = True


def same_boot(one: str, other: str) -> bool:
    """Whether two boot ids speak of one boot, or one of them is not known."""
    return not one or not other or one == other


def boot_of(text: str) -> str:
    """The id that ``boot_id`` told, empty where it is none (proc_sys_kernel(5): a UUID)."""
    return text if re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", text) else ""


def boot_here() -> str:
    """The id of this machine's boot, empty where it cannot be read."""
    try:
        return _read_boot(BOOT_ID)
    except OSError:
        return ""


@functools.cache
def _read_boot(path: Path) -> str:
    """Read once: we do not outlive a boot."""
    return boot_of(path.read_text("utf-8", "replace").strip())


def arguments(pid: int) -> tuple[str, ...]:
    """With what it was started, of 4 KiB; empty where that is not told."""
    try:
        with (PROC / str(pid) / "cmdline").open("rb") as file:
            line = file.read(_ARGUMENTS)
    except OSError:
        return ()
    return tuple(line.removesuffix(b"\0").decode("utf-8", "replace").split("\0")) if line else ()


def process(pid: int) -> Process | None:
    """The process of a number; None where there is none."""
    try:
        text = (PROC / str(pid) / "stat").read_text("utf-8", "replace")
        return process_of(text, lambda: _may_trace(pid), boot_here())
    except (FileNotFoundError, ProcessLookupError):
        return None


def process_of(text: str, may_trace: Callable[[], bool], boot: str = "") -> Process | None:
    """The process of a ``stat`` file; ``may_trace``: whether an exit status in it is real."""
    head, _, rest = text.rpartition(")")
    number, _, name = head.partition("(")
    fields = rest.split()
    try:
        identity = Identity(int(number), int(fields[19]), boot)
        status = int(fields[49]) if fields[0] == "Z" and may_trace() else None
        return Process(identity, name, fields[0], int(fields[1]), status)
    except (IndexError, ValueError):
        return None


def _may_trace(pid: int) -> bool:
    """Whether the exit status in ``stat`` is real: to others it reads as 0."""
    if (PROC / str(pid)).stat().st_uid == os.geteuid():
        return True
    told = re.search(r"^CapEff:\s*([0-9a-f]+)", (PROC / "self/status").read_text(), re.MULTILINE)
    return told is not None and bool(int(told[1], 16) & SYS_PTRACE)


def pid_in(path: str) -> tuple[int, Seen]:
    """The number in a pid file, and the file as it was seen.

    Raises OSError, and ValueError where its first word is no process's number.
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        told = os.fstat(descriptor)
        if not stat.S_ISREG(told.st_mode):
            raise NotRegularError(errno.EINVAL, "not a regular file", path)
        words = os.read(descriptor, 64).split()
    finally:
        os.close(descriptor)
    return number_in(words), Seen.of(told)


def number_in(words: Sequence[bytes] | Sequence[str]) -> int:
    """The process's number that a pid file begins with; raises ValueError."""
    if not words or not words[0].isdigit() or not 0 < int(words[0]) < 2**31:
        raise ValueError("no process number in it")
    return int(words[0])


def tree(pid: int) -> tuple[int, ...]:
    """The process and its descendants, itself first: workers hold the connections of a pre-forking server."""
    children: dict[int, list[int]] = {}
    for number in _all():
        one = process(number)
        if one is not None:
            children.setdefault(one.parent, []).append(one.identity.pid)
    found = {pid: None}
    waiting = [pid]
    while waiting:
        more = [child for child in children.get(waiting.pop(), ()) if child not in found]
        found.update(dict.fromkeys(more))
        waiting += more
    return tuple(found)


def sockets(pids: Iterable[int]) -> Sockets:
    """The TCP sockets that these processes hold, IPv4 and IPv6, in the network namespace of the first.

    Raises PermissionError where this user may not see what they have open.
    """
    pids = tuple(pids)
    inodes: set[str] = set()
    for pid in pids:
        inodes |= _inodes(pid)
    listening: set[int] = set()
    connected: list[int] = []
    waiting = 0
    rows, whole = _rows(pids[0])
    for row in rows:
        if row.inode in inodes and row.state == _LISTEN:
            listening.add(row.port)
            waiting += row.queue
        elif row.inode in inodes and row.state == _ESTABLISHED:
            connected.append(row.port)
    return Sockets(frozenset(listening), tuple(connected), waiting, whole)


def listener(port: int) -> Process | None:
    """The process that listens on a TCP port here; of several the one from which the others come.

    None where nobody listens. Raises PermissionError where somebody does who cannot be seen.
    """
    rows, _whole = _rows(os.getpid())
    wanted = {row.inode for row in rows if row.state == _LISTEN and row.port == port}
    if not wanted:
        return None
    found: dict[int, Process] = {}
    for number in _all():
        try:
            if not wanted & _inodes(number):
                continue
        except PermissionError:
            continue
        one = process(number)
        if one is not None and not one.ended:
            found[one.identity.pid] = one
    if not found:
        raise PermissionError(f"the process that listens on port {port} cannot be seen by this user")
    first = [one for one in found.values() if one.parent not in found]
    return min(first or found.values(), key=lambda one: one.identity.start)


def _all() -> list[int]:
    with os.scandir(PROC) as entries:
        return [int(entry.name) for entry in entries if entry.name.isdigit()]


class _Row(NamedTuple):
    port: int
    state: str
    queue: int
    inode: str


def _rows(pid: int) -> tuple[list[_Row], bool]:
    """The TCP sockets of a process's network namespace that have an owner."""
    rows: list[_Row] = []
    whole = True
    for name in ("tcp", "tcp6"):
        try:
            with (PROC / str(pid) / "net" / name).open() as file:
                text = file.read(NET_LIMIT)
                whole = whole and not file.read(1)
        except (FileNotFoundError, ProcessLookupError):
            continue
        for line in text.splitlines()[1:]:
            fields = line.split(maxsplit=10)
            if len(fields) > 9 and fields[3] in (_ESTABLISHED, _LISTEN) and fields[9] != "0":
                port = int(fields[1].rpartition(":")[2], 16)
                # of a listening socket the receive queue is the number that waits to be accepted
                rows.append(_Row(port, fields[3], int(fields[4].rpartition(":")[2], 16), fields[9]))
    return rows, whole


def _inodes(pid: int) -> set[str]:
    """Inode numbers of the sockets that a process has open; none where it is gone."""
    found: set[str] = set()
    try:
        with os.scandir(PROC / str(pid) / "fd") as entries:
            for entry in entries:
                with contextlib.suppress(FileNotFoundError):
                    target = os.readlink(entry.path)  # noqa: PTH115 - a Path for each of thousands is dear
                    if target.startswith("socket:["):
                        found.add(target[8:-1])
    except (FileNotFoundError, ProcessLookupError):
        pass
    return found
