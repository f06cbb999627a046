"""What a way to a server is: ssh, kubectl and docker each are one, and the pool keeps them all alike."""

from collections.abc import Sequence
from typing import Protocol

from collectors.transport.endpoint import Dial
from collectors.transport.host import Ran
from collectors.transport.servers.state import ServerError


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

    async def broken(self) -> ServerError:
        """Wait until an open way breaks; what broke it."""
        ...

    async def check(self) -> float | None:
        """Seconds of one round trip, None where it cannot be told; never raises, that is for ``broken``."""
        ...

    async def dial_tcp(self, host: str, port: int, name: str, *, as_port: bool = False) -> Dial:
        """A way to an address as seen from the server; ``name`` is what a certificate there must carry.

        ``as_port``: a TcpDial, for a driver that speaks TLS on nothing else.
        """
        ...

    async def dial_unix(self, path: str) -> Dial:
        """A way to a UNIX socket of the server; raises UnsupportedError where the way has none."""
        ...

    def argv(self, command: Sequence[str], *, given: bool = False) -> tuple[str, ...]:
        """The whole local command that runs ``command`` there.

        Where it is ``given`` input, that comes by standard input and ends; else standard input stays open
        as long as the command is wanted, and the command ends with it.
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
