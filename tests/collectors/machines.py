"""Machines of a test's own: this one under a server's name, with another PATH, or with answers made up."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from collectors.transport.endpoint import Dial, DirectDialer, Endpoint
from collectors.transport.host import OUTPUT_LIMIT, ByteStream, Host, Ran
from collectors.transport.local import LocalHost
from tests.servers.debian import program

TOOLS = ("sh", "date", "cat", "grep", "df", "ls", "awk", "tr", "head", "stat", "id", "sed")


class Elsewhere:
    """Dials a machine of the test's own for every server."""

    def __init__(self, host: Host) -> None:
        self._host = host

    async def dial(self, endpoint: Endpoint) -> Dial:
        return await DirectDialer().dial(endpoint)

    def host(self, server: str) -> Host:
        return self._host


class Prefixed(LocalHost):
    """This machine under a server's name, where ``before`` stands in front of all that runs."""

    name = "web-1"

    def before(self) -> list[str]:
        """The words in front."""
        raise NotImplementedError

    async def run(
        self,
        argv: Sequence[str],
        *,
        timeout: float,  # noqa: ASYNC109 - the contract of Host
        limit: int = OUTPUT_LIMIT,
        given: bytes = b"",
    ) -> Ran:
        return await super().run([*self.before(), *argv], timeout=timeout, limit=limit, given=given)


class Through(Prefixed):
    """This machine with a PATH of the test's own; ``asked`` is what was run."""

    def __init__(self, path: str) -> None:
        self._path = path
        self.asked: list[list[str]] = []

    def before(self) -> list[str]:
        return ["/usr/bin/env", f"PATH={self._path}"]

    async def run(self, argv: Sequence[str], **given: Any) -> Ran:
        self.asked.append(list(argv))
        return await super().run(argv, **given)


OTHER_BOOT = "0b5a4e6c-1d2f-4a3b-8c9d-0e1f2a3b4c5d"
"""The id of a boot that is not this machine's."""


class Rebooted(Prefixed):
    """This machine, where the kernel's boot_id reads as ``text``; needs root."""

    def __init__(self, folder: Path, text: str) -> None:
        self._file = folder / "boot_id"
        self._file.write_text(text + "\n" if text else "")

    def before(self) -> list[str]:
        inside = 'mount --bind "$0" /proc/sys/kernel/random/boot_id && exec "$@"'
        return [program("unshare", "util-linux"), "-m", "sh", "-c", inside, str(self._file)]


class AsNobody(Prefixed):
    """This machine, as a user who may nothing."""

    def before(self) -> list[str]:
        setpriv = program("setpriv", "util-linux")
        return [setpriv, "--reuid=65534", "--regid=65534", "--clear-groups", "--"]

    async def stream(self, argv: Sequence[str]) -> ByteStream:
        return await super().stream([*self.before(), *argv])


class Says:
    """A machine that answers what it is told to."""

    name = "web-1"

    def __init__(self, *answers: str, err: str = "") -> None:
        self._answers = list(answers)
        self._err = err

    async def run(
        self,
        argv: Sequence[str],
        *,
        timeout: float,  # noqa: ASYNC109 - the contract of Host
        limit: int = OUTPUT_LIMIT,
        given: bytes = b"",
    ) -> Ran:
        answer = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        return Ran(0, answer.encode(), self._err.encode())

    async def stream(self, argv: Sequence[str]) -> ByteStream:
        raise NotImplementedError


def busybox_path(folder: Path) -> str:
    """A PATH on which all tools are busybox's."""
    found = program("busybox", "busybox")
    folder.mkdir(exist_ok=True)
    for name in TOOLS:
        (folder / name).symlink_to(found)
    return str(folder)
