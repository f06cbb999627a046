"""What the host script printed, as values: strictly read, and unknown where a value is not there; pure."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from collectors.errors import AnswerError

_PART = re.compile(r"^== ([a-z-]+)$", re.MULTILINE)
_ORDER = (
    "began", "machine", "loadavg", "stat", "uptime", "meminfo", "file-nr", "mounts", "disks", "inodes",
    "ended",
)  # fmt: skip
_ROW = re.compile(
    r"(?P<name>\S.*?)\s+(?P<all>\d+)\s+(?P<used>\d+)\s+(?P<free>-?\d+)\s+(?:\d+%|-)\s+(?P<at>/.*)"
)
_STAMP = re.compile(r"(\d{1,12})(?:\.(\d{1,9}))?")
_NEVER_FULL = frozenset({"squashfs", "iso9660", "erofs", "cramfs", "romfs", "udf"})
"""Types of file systems that are full by nature."""

_KIB = 1024


@dataclass(frozen=True, slots=True)
class Stamp:
    """A time of the server's clock, UTC epoch seconds: somewhere from ``at`` to ``at + width``."""

    at: float
    width: float


@dataclass(frozen=True, slots=True)
class Disk:
    """One file system that can fill. ``share``: used of what its users may use; bytes; None: not told."""

    at: str
    share: float | None
    free: float | None
    inodes: float | None = None
    inodes_free: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One look at a machine. Memory in bytes, times in seconds; None is what it does not tell.

    ``loads``: of 1, 5 and 15 minutes. ``boot``: an identity of this run of the machine. ``booted``: UTC
    epoch seconds of its own clock. ``disks``: fullest first.
    """

    began: Stamp | None
    ended: Stamp | None
    boot: str
    release: str
    loads: tuple[float, float, float] | None
    cpus: int | None
    booted: float | None
    uptime: float | None
    memory: float | None
    available: float | None
    swap: float | None
    swap_free: float | None
    files: float | None
    files_max: float | None
    disks: tuple[Disk, ...]


def told_of(text: str) -> Told:
    """The values of one answer; raises AnswerError where it is none of the script's."""
    parts = _parts(text)
    if "began" not in parts or "ended" not in parts:
        raise AnswerError("it did not print what it was asked for", "does its login run what ssh is told?")
    machine = [line.strip() for line in parts.get("machine", "").split("\n")]
    memory = _memory(parts.get("meminfo", ""))
    files = re.fullmatch(r"(\d{1,20})\s+\d+\s+(\d{1,20})", parts.get("file-nr", "").strip())
    cpus = len(re.findall(r"^cpu\d+ ", parts.get("stat", ""), re.MULTILINE))
    return Told(
        began=_stamp(parts["began"]),
        ended=_stamp(parts["ended"]),
        boot=machine[0] if re.fullmatch(r"[0-9a-f-]{36}", machine[0]) else "",
        release=machine[1] if len(machine) > 1 else "",
        loads=_loads(parts.get("loadavg", "")),
        cpus=cpus or None,
        booted=_number(r"^btime (\d{1,12})$", parts.get("stat", "")),
        uptime=_number(r"\A\s*(\d{1,12}\.\d+) ", parts.get("uptime", "")),
        memory=memory.get("MemTotal"),
        available=memory.get("MemAvailable"),
        swap=memory.get("SwapTotal"),
        swap_free=memory.get("SwapFree"),
        files=float(files[1]) if files else None,
        files_max=float(files[2]) if files else None,
        disks=tuple(_disks(parts)),
    )


def _parts(text: str) -> dict[str, str]:
    """The sections, in the script's order: what a file's content looks like is no section of ours."""
    pieces = _PART.split(text)
    found: dict[str, str] = {}
    rest = iter(_ORDER)
    for name, body in zip(pieces[1::2], pieces[2::2], strict=True):
        # `in` goes on to the name, so that one that comes again is beyond it
        if name in rest:
            found[name] = body.strip("\n")
        else:
            break
    return found


def _stamp(text: str) -> Stamp | None:
    """A time by ``date +%s.%N``; a date without nanoseconds (busybox) tells the whole second."""
    found = _STAMP.fullmatch(text.strip().removesuffix(".%N").removesuffix(".N"))
    if found is None:
        return None
    if found[2] is None:
        return Stamp(float(found[1]), 1.0)
    return Stamp(float(f"{found[1]}.{found[2]}"), 0.0)


def _loads(text: str) -> tuple[float, float, float] | None:
    found = re.match(r"\s*(\d{1,9}\.\d+) (\d{1,9}\.\d+) (\d{1,9}\.\d+) ", text)
    return (float(found[1]), float(found[2]), float(found[3])) if found else None


def _number(pattern: str, text: str) -> float | None:
    found = re.search(pattern, text, re.MULTILINE)
    return float(found[1]) if found else None


def _memory(text: str) -> Mapping[str, float]:
    found = re.findall(r"^(\w+):\s+(\d{1,18}) kB$", text, re.MULTILINE)
    return {name: float(value) * _KIB for name, value in found}


def _disks(parts: Mapping[str, str]) -> Iterator[Disk]:
    """File systems that can fill, the fullest first; one that is mounted in several places once."""
    kinds = _kinds(parts.get("mounts", ""))
    rows = {row["at"]: row for row in _rows(parts.get("disks", ""))}
    inodes = {row["at"]: row for row in _rows(parts.get("inodes", ""))}
    seen: set[tuple[str, ...]] = set()
    found: list[Disk] = []
    for at, row in rows.items():
        if kinds and not kinds.get(at, False):
            continue
        what = (row["name"], row["all"], row["used"], row["free"])
        if what in seen and row["name"].startswith("/"):
            continue
        seen.add(what)
        share, free = _share(row)
        few, left = _share(inodes[at]) if at in inodes else (None, None)
        if share is not None:
            found.append(Disk(at, share, None if free is None else free * _KIB, few, left))
    yield from sorted(found, key=lambda disk: (-max(disk.share or 0.0, disk.inodes or 0.0), disk.at))


def _rows(text: str) -> Iterator[dict[str, str]]:
    for line in text.split("\n"):
        found = _ROW.fullmatch(line.strip())
        if found is not None:
            yield found.groupdict()


def _share(row: Mapping[str, str]) -> tuple[float | None, float | None]:
    """Used of used and available, as df counts: what is kept for root is in neither; and what is left."""
    used, free = float(row["used"]), max(0.0, float(row["free"]))
    return (used / (used + free), free) if used + free > 0 else (None, None)


def _kinds(text: str) -> dict[str, bool]:
    """Mount points and whether they can fill; of several mounts on one the last is seen."""
    kinds: dict[str, bool] = {}
    for line in text.split("\n"):
        fields = line.split(" ")
        if len(fields) >= 4:
            at = re.sub(r"\\([0-7]{3})", lambda octal: chr(int(octal[1], 8)), fields[1])
            kinds[at] = fields[2] not in _NEVER_FULL and "ro" not in fields[3].split(",")
    return kinds
