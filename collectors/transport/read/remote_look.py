"""Looks at files on another machine: fixed shell texts, paths as arguments, answers checked."""

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import NamedTuple

from collectors.errors import AccessError, AnswerError, SourceError, UnsupportedError
from collectors.transport.host import Host
from collectors.transport.read.files_place import FileId

MARK = b"quarterdeck 1\n"
"""What each text says first; a login shell's greetings stand before it."""

READ_COMMANDS = ("ls", "stat", "tail")
"""What runs by sudo where that is wanted, and nothing else."""

MOST_GREETING = 64 * 1024
MOST_LISTED = 4 * 1024 * 1024
MOST_PEEKED = 4 * 1024 * 1024

_FOLDER = Path(__file__).with_name("sh")


@cache
def text(name: str) -> str:
    """One of the shell texts in ``sh/``, what they share before it, without its comments."""
    lines = [
        line
        for part in ("common", name)
        for line in (_FOLDER / f"{part}.sh").read_text().splitlines()
        if not line.lstrip().startswith("#")
    ]
    return "\n".join(lines) + "\n"


class Listed(NamedTuple):
    """A file as it lies there; ``mtime`` in UTC epoch seconds."""

    path: str
    id: FileId
    size: int
    mtime: float


class Peek(NamedTuple):
    """Bytes that are asked for."""

    path: str
    offset: int
    size: int


class RemoteLook:
    """One machine's files; ``sudo``: by ``sudo -n``. Raises SourceError throughout."""

    def __init__(self, host: Host, *, sudo: bool = False, timeout: float = 5.0) -> None:
        self._host = host
        self._sudo = "sudo" if sudo else ""
        self._timeout = timeout

    def argv(self, name: str, *arguments: object) -> list[str]:
        """A text with its arguments."""
        return ["sh", "-c", text(name), "sh", self._sudo, *map(str, arguments)]

    async def one(self, path: str) -> tuple[str, str, Listed | None]:
        """What stands at a path (following, missing, denied, not a file), the whole path, and the file."""
        told = await self._ask("list", "one", path, limit=MOST_LISTED)
        word, whole, rest = (told + b"\n\n").split(b"\n", 2)
        listed = _listed(rest)
        return (
            word.removeprefix(b"S ").decode("ascii", "replace"),
            whole.decode("utf-8", "surrogateescape"),
            listed[0] if listed else None,
        )

    async def many(self, pattern: str) -> list[Listed]:
        """The files of a pattern, as the machine's shell expands it."""
        return _listed(await self._ask("list", "many", pattern, limit=MOST_LISTED))

    async def near(self, path: str) -> list[Listed]:
        """The files beside one whose names begin like its own, itself among them."""
        return _listed(await self._ask("list", "near", path, limit=MOST_LISTED))

    async def peek(self, wanted: Sequence[Peek]) -> list[bytes]:
        """Bytes at places; zeros stand behind the end of a file."""
        if not wanted:
            return []
        total = sum(one.size for one in wanted)
        told = await self._ask("peek", *(part for one in wanted for part in one), limit=total + MOST_GREETING)
        if len(told) != total:
            raise AnswerError(self.words(f"{len(told)} bytes came where {total} were asked for"))
        found: list[bytes] = []
        for one in wanted:
            found.append(told[: one.size])
            told = told[one.size :]
        return found

    async def _ask(self, name: str, *arguments: object, limit: int) -> bytes:
        ran = await self._host.run(self.argv(name, *arguments), timeout=self._timeout, limit=limit)
        before, mark, told = ran.out.partition(MARK)
        if not mark:
            raise self.refused(ran.err or before)
        if told.startswith(b"U "):
            raise self.refused(told[2:])
        return told

    def refused(self, told: bytes) -> SourceError:
        """Why a text could not run, by what was said."""
        said = told.decode("utf-8", "replace").strip()[:300]
        commands = ", ".join(READ_COMMANDS)
        if self._sudo and "password is required" in said:
            return AccessError(
                self.words("sudo wants a password"),
                f"allow {commands} with NOPASSWD in sudoers, or drop `sudo` and let the login read the log",
            )
        if self._sudo:
            return AccessError(self.words(f"sudo refuses: {said}"), f"it must allow {commands}")
        return UnsupportedError(
            self.words(f"log files cannot be read there: {said or 'its shell said nothing'}"),
            "it takes Linux with sh, stat -c, tail -c and head -c, as in coreutils or busybox",
        )

    def words(self, why: str) -> str:
        """A sentence that names the server."""
        return f"{self._host.name}: {why}" if self._host.name else why


def _listed(told: bytes) -> list[Listed]:
    """The lines ``F dev:inode size mtime name``; what looks otherwise is left out."""
    found: list[Listed] = []
    for line in told.split(b"\n"):
        parts = line.split(b" ", 4)
        if len(parts) < 5 or parts[0] != b"F":
            continue
        try:
            device, inode = map(int, parts[1].split(b":"))
            size, mtime = int(parts[2]), int(parts[3])
        except ValueError:
            continue
        found.append(Listed(parts[4].decode("utf-8", "surrogateescape"), (device, inode), size, float(mtime)))
    return found
