"""What a way to a server is: ssh, kubectl and docker each are one, and the pool keeps them all alike."""

from collections.abc import Sequence
from typing import Protocol

from collectors.transport.endpoint import Dial
from collectors.transport.host import Ran


class Way(Protocol):
    """One way to one server; used by its link alone, in the pool's event loop.

    ``kind``: ssh, kubectl or docker. ``target``: whom it reaches, for people. ``by_hand``: the command
    that a person would run to see for himself.
    """

    kind: str
    target: str
    by_hand: str

    async def open(self) -> None:
        """Make the way, once; raises ServerError with its Fault. A second call begins anew."""
        ...

    async def broken(self) -> Exception:
        """Wait until an open way breaks; what broke it, a ServerError with its Fault."""
        ...

    async def check(self) -> float | None:
        """Seconds of one round trip, None where it cannot be told; raises ServerError where the way broke."""
        ...

    async def dial_tcp(self, host: str, port: int, name: str) -> Dial:
        """A way to an address as seen from the server; ``name`` is what a certificate there must carry."""
        ...

    async def dial_unix(self, path: str) -> Dial:
        """A way to a UNIX socket of the server; raises UnsupportedError where the way has none."""
        ...

    def argv(self, command: Sequence[str], given: int = 0) -> tuple[str, ...]:
        """The whole local command that runs ``command`` there, with ``given`` bytes of standard input.

        Our end of its standard input stays open as long as the command is wanted.
        """
        ...

    def judged(self, ran: Ran, command: Sequence[str]) -> Ran:
        """What the command itself left.

        Raises ServerError where the way failed, and UnsupportedError where the program is missing there.
        """
        ...

    def login_argv(self) -> tuple[str, ...]:
        """The interactive command that opens the way on a terminal; empty where there is none."""
        ...

    async def adopt(self) -> None:
        """Take over what ``login_argv`` opened; raises ServerError where there is nothing."""
        ...

    async def close(self) -> None:
        """End it and what runs through it; never raises."""
        ...
