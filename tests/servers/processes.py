"""Look at processes through /proc: which there are under one, and whether they are gone."""

from pathlib import Path


def _stat(pid: int) -> list[str]:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return []


def alive(pid: int) -> bool:
    """Whether the process exists and is not a zombie."""
    stat = _stat(pid)
    return bool(stat) and stat[0] not in "ZX"


def tree(root: int) -> dict[int, str]:
    """Return the process and all its descendants: pid → command line."""
    parents = {
        int(path.name): int((_stat(int(path.name)) or ["", "0"])[1]) for path in Path("/proc").glob("[0-9]*")
    }
    found = {root}
    while more := {pid for pid, parent in parents.items() if parent in found} - found:
        found |= more
    return {pid: command(pid) for pid in found if alive(pid)}


def command(pid: int) -> str:
    """Return a command line with blanks between the arguments, empty if there is none."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
    except (FileNotFoundError, ProcessLookupError):
        return ""


def ssh_of(home: Path) -> list[int]:
    """The processes of ssh clients, living ones, whose environment has that home."""
    numbers = [int(path.name) for path in Path("/proc").iterdir() if path.name.isdigit()]
    return [pid for pid in numbers if alive(pid) and _is_ssh_of(pid, str(home))]


def _is_ssh_of(pid: int, home: str) -> bool:
    try:
        told = Path(f"/proc/{pid}/environ").read_bytes()
    except OSError:
        return False
    return command(pid).partition(" ")[0].endswith("ssh") and f"HOME={home}".encode() in told.split(b"\0")


def cpu_seconds(pids: set[int]) -> float:
    """Return the CPU time that these processes and their reaped children have used, in seconds."""
    ticks = [sum(int(field) for field in stat[11:15]) for pid in pids if (stat := _stat(pid))]
    return sum(ticks) / 100
