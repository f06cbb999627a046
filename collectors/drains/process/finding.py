"""Which process is meant: by its pid file, or by the port it listens on; asking this machine blocks."""

from typing import Protocol

from collectors.errors import AccessError, AnswerError, UnreachableError
from collectors.transport.read.files_open import Seen
from collectors.transport.read.machine import Machine
from collectors.transport.read.processes import Identity, Process

SLACK = 2.0
"""Seconds by which a pid file may be older than its process: clocks are coarse and are stepped."""


class Finder(Protocol):
    """Finds the process anew at each look. ``wanted``: how it is named, and its name."""

    @property
    def wanted(self) -> tuple[str, str]: ...  # noqa: D102 - told above

    def find(self, known: Identity | None, on: Machine) -> Process | None:
        """The process: the ``known`` one, another in its place, None where it ended.

        Raises SourceError where none was ``known`` and there is none.
        """
        ...


def still(known: Identity | None, on: Machine) -> Process | None:
    """The known process, if it is still the one of that number."""
    one = on.process(known.pid) if known is not None else None
    return one if one is not None and one.identity.same(known) else None


class ByPidFile:
    """The process whose number stands in a file."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._named: tuple[Identity, Seen] | None = None

    @property
    def wanted(self) -> tuple[str, str]:
        """By the file."""
        return "file", self._path

    def find(self, known: Identity | None, on: Machine) -> Process | None:
        """See ``Finder``. A server may remove its file before it ends, so the known one is asked too."""
        path = self._path
        try:
            pid, seen = on.pid_in(path)
        except FileNotFoundError:
            if known is None:
                raise UnreachableError("no pid file", f"{path} does not exist: is it running?") from None
            return still(known, on)
        except PermissionError:
            raise AccessError(f"{path} may not be read", "run as a user who may, or name the port") from None
        except ValueError as error:
            raise AnswerError(f"{path}: {error}", "is it a pid file?") from None
        except OSError as error:
            raise AnswerError(f"{path}: {error.strerror or error}", "is it a pid file?") from None
        one = on.process(pid)
        if one is not None and one.identity.same(known):
            self._named = one.identity, seen
            return one
        # the number is used again where the file is as it was when it named the known one, or is older
        used_again = known is not None and pid == known.pid and self._names(known, seen)
        if one is None or used_again or on.began(one) > seen.modified / 1e9 + SLACK:
            if known is None:
                raise self._nobody(pid, one)
            return still(known, on)
        self._named = one.identity, seen
        return one

    def _names(self, known: Identity, seen: Seen) -> bool:
        """Whether the file, as it is, is the one that named the known process."""
        return self._named is not None and known.same(self._named[0]) and self._named[1] == seen

    def _nobody(self, pid: int, one: Process | None) -> UnreachableError:
        if one is None:
            return UnreachableError("not running", f"{self._path} names process {pid}, and there is none")
        return UnreachableError(
            "stale pid file",
            f"{self._path} is older than process {pid} ({one.name}), which must be another: remove the file",
        )


class ByPort:
    """The process that listens on a TCP port; once found it is followed by its identity."""

    def __init__(self, port: int) -> None:
        self._port = port

    @property
    def wanted(self) -> tuple[str, str]:
        """By the port."""
        return "port", str(self._port)

    def find(self, known: Identity | None, on: Machine) -> Process | None:
        """See ``Finder``. While the known one lives it is meant, even if it no longer listens."""
        one = still(known, on)
        if one is not None and not one.ended:
            return one
        try:
            found = on.listener(self._port)
        except PermissionError as error:
            if known is None:
                raise AccessError(str(error), "run as its user or as root, or name its pid file") from None
            found = None
        if found is None and known is None:
            raise UnreachableError("nobody listens", f"no process listens on port {self._port} there")
        return found or one


class ByNumber:
    """The process that somebody else names: systemd its unit's main one; 0 for none."""

    def __init__(self) -> None:
        self.pid = 0

    @property
    def wanted(self) -> tuple[str, str]:
        """By the number."""
        return "pid", str(self.pid)

    def find(self, known: Identity | None, on: Machine) -> Process | None:
        """See ``Finder``; never raises."""
        return on.process(self.pid) if self.pid else still(known, on)
