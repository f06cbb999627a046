"""What the ways by kubectl and docker have in common: no connection stands, each command makes its own."""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from collectors.errors import SourceError, UnsupportedError
from collectors.text import one_line
from collectors.transport.host import Ran
from collectors.transport.servers.asking import ask
from collectors.transport.servers.remote import MARK, watched
from collectors.transport.servers.state import Fault, ServerError

ASK_WITHIN = 10.0
"""Seconds for a question, with what the user's plug-ins need for the login."""

LOOPBACK = ("localhost", "127.0.0.1", "::1")
"""Hosts by which a URL means the pod or container itself."""

_NOT_FOUND = (b"not found", b"No such file", b"no such file")
_NO_SHELL = (b'exec: "sh"', b"executable file not found")


@dataclass(frozen=True, slots=True)
class Instance:
    """A pod or container that has a log; ``key`` is another one for each that was made.

    ``started``: when that run began of which its log tells. ``previous``: the log of the run before is
    kept as well. ``lost``: how many runs' logs are kept no longer; what is left begins at ``began``. Times
    are RFC 3339, empty where they are not known.
    """

    key: str
    name: str
    container: str = ""
    started: str = ""
    previous: bool = False
    lost: int = 0
    began: str = ""


class OutsideWay(ABC):
    """A way whose ``broken`` is told by whatever command finds it out."""

    kind: str
    target: str
    by_hand: str

    def __init__(self, name: str) -> None:
        self.name = name
        self._end: asyncio.Future[ServerError] | None = None

    async def broken(self) -> ServerError:
        """Wait until some command finds that it is there no longer."""
        if self._end is None:
            self._end = asyncio.get_running_loop().create_future()
        return await asyncio.shield(self._end)

    def login_argv(self) -> tuple[str, ...]:
        """None: the user's program logs in by itself."""
        return ()

    async def adopt(self) -> None:
        """Raise UnsupportedError: nothing is opened beforehand."""
        raise UnsupportedError(f"{self.name} is reached by {self.kind}, which logs in by itself")

    def argv(self, command: Sequence[str], *, given: bool = False) -> tuple[str, ...]:
        """An exec of its own, which ends there with our end of its standard input."""
        return (*self._exec(), *watched(command, given=given))

    def judged(self, ran: Ran, command: Sequence[str]) -> Ran:
        """What the command left, with kubectl's or docker's own failures told from it."""
        if all(words in ran.out[-4096:] + ran.err for words in _NO_SHELL):
            raise UnsupportedError(
                f"{self.name} has no shell", "programs run there by `sh`, which its image does not have"
            )
        own, ran = self._told_apart(ran)
        if own:
            raise self.lost(*own)
        if ran.code == 127 and any(words in ran.err for words in _NOT_FOUND):
            raise UnsupportedError(f"there is no {command[0]} on {self.name}")
        if ran.code == 126:
            raise UnsupportedError(f"{command[0]} cannot be started on {self.name}", one_line(ran.err, 200))
        text, mark, _ = ran.err.rpartition(MARK.encode())
        return Ran(ran.code, ran.out, text) if mark and ran.code == 255 else ran

    def refused(self, fault: Fault, said: object, remedy: str = "") -> ServerError:
        """The error for it, with the server's name."""
        hint = f"{said} – {remedy}" if remedy and said else said or remedy
        return ServerError(f"{self.name}: {fault}", hint, fault=fault, by_hand=self.by_hand)

    def lost(self, fault: Fault, said: object) -> ServerError:
        """The same, and whoever waits for the way to break is told; not where a person would be wanted.

        What one command may not do, such as ``exec``, another one may.
        """
        error = self.refused(fault, said, self.remedies.get(fault, ""))
        if self._end is not None and not self._end.done() and fault is not Fault.FORBIDDEN:
            self._end.set_result(error)
        return error

    async def asked(self, *words: str) -> bytes:
        """The answer to a question; raises ServerError."""
        ran = await ask([*self.program, *words], ASK_WITHIN, self.name)
        if ran.code != 0:
            fault, said = self.fault_of(ran.err)
            raise self.refused(fault, said, self.remedies.get(fault, ""))
        return ran.out

    def begin(self) -> None:
        """Forget how it ended before."""
        if self._end is not None:
            self._end.cancel()
        self._end = None

    def elsewhere(self, host: str, what: str) -> SourceError:
        """The error for an address that is not the pod or container itself."""
        return UnsupportedError(
            f"{self.name}: {self.kind} leads to {what} itself, not on to {host}",
            "write localhost in the url, and declare what serves it as a server of its own",
        )

    @property
    @abstractmethod
    def program(self) -> tuple[str, ...]:
        """The user's program with the options of each command."""

    @property
    @abstractmethod
    def remedies(self) -> Mapping[Fault, str]:
        """What to do about a fault."""

    @abstractmethod
    async def instances(self) -> tuple[Instance, ...]:
        """What has a log just now, the oldest first; raises ServerError."""

    @abstractmethod
    def log_argv(self, instance: Instance, since: str) -> tuple[str, ...]:
        """The command that tells its log since a moment (RFC 3339), each line behind its time."""

    @abstractmethod
    def past_argvs(self, instance: Instance, since: str, until: str) -> tuple[tuple[str, ...], ...]:
        """Commands that tell what is kept of its log, the oldest part first, and end; lines as above.

        ``since`` and ``until`` (RFC 3339): bounds, empty for none; what they cannot keep out comes too.
        """

    @abstractmethod
    def fault_of(self, complaint: bytes) -> tuple[Fault, str]:
        """What the program's own complaint means, and its line that tells it."""

    @abstractmethod
    def _exec(self) -> tuple[str, ...]:
        """The local command up to the one to run there; raises ServerError before ``open``."""

    @abstractmethod
    def _told_apart(self, ran: Ran) -> tuple[tuple[Fault, str] | None, Ran]:
        """The fault where it is the program that failed, and what the command there has left."""
