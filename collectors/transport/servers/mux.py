"""Questions to an ssh master over its control socket, as OpenSSH's PROTOCOL.mux has them (version 4).

The program ``ssh -O`` asks the same; a question here costs no process, and it tells what ``ssh -O`` keeps
to itself: the time of a round trip, and whether a port behind the server takes a connection.
"""

import asyncio
import contextlib
import os
import socket
import struct
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from collectors.errors import AnswerError, UnreachableError

_HELLO = 0x00000001
_VERSION = 4
_NEW_SESSION = 0x10000002
_ALIVE = 0x10000004
_STDIO_FORWARD = 0x10000008
_IS_ALIVE = 0x80000005
_OPENED = 0x80000006
_REQUEST = 1
_MOST = 64 * 1024
_NO_ESCAPE = 0xFFFFFFFF


class Mux:
    """One connection to a master; each question raises OSError or AnswerError where the master is gone."""

    def __init__(self, connection: socket.socket) -> None:
        self._socket = connection
        self._loop = asyncio.get_running_loop()

    async def pid(self) -> int:
        """The master's process."""
        kind, answer = await self._ask(struct.pack(">II", _ALIVE, _REQUEST))
        if kind != _IS_ALIVE:
            raise AnswerError("the ssh master does not answer")
        return int(struct.unpack(">I", answer[4:8])[0])

    async def round_trip(self) -> float:
        """Run ``true`` in a session and wait for its end; the seconds until the server had opened it."""
        session = struct.pack(">II", _NEW_SESSION, _REQUEST) + _text("")
        session += struct.pack(">IIIII", 0, 0, 0, 0, _NO_ESCAPE) + _text("") + _text("true")
        null = os.open(os.devnull, os.O_RDWR)
        began = time.perf_counter()
        try:
            await self._opened(session, [null, null, null])
        finally:
            os.close(null)
        # what the shell there takes to begin is no part of the way
        took = time.perf_counter() - began
        await self.end()
        return took

    async def reach(self, host: str, port: int) -> None:
        """Connect from the server to an address and hang up; UnreachableError where nobody takes it."""
        request = struct.pack(">II", _STDIO_FORWARD, _REQUEST) + _text("")
        request += _text(host) + struct.pack(">I", port)
        ours, theirs = socket.socketpair()
        with ours, theirs:
            await self._opened(request, [theirs.fileno()] * 2)

    async def end(self) -> None:
        """Wait until the master hangs up."""
        with contextlib.suppress(OSError):
            while await self._loop.sock_recv(self._socket, 4096):
                pass

    async def greet(self) -> None:
        """Exchange versions."""
        await self._send(struct.pack(">II", _HELLO, _VERSION))
        kind, answer = await self._receive()
        if kind != _HELLO or answer[:4] != struct.pack(">I", _VERSION):
            raise AnswerError("the ssh master speaks another protocol")

    async def _opened(self, request: bytes, files: list[int]) -> None:
        await self._send(request)
        for file in files:
            socket.send_fds(self._socket, [b"\0"], [file])
        kind, answer = await self._receive()
        if kind != _OPENED:
            reason = answer[8:].decode("utf-8", "replace")
            raise UnreachableError("refused", reason)

    async def _ask(self, request: bytes) -> tuple[int, bytes]:
        await self._send(request)
        return await self._receive()

    async def _send(self, packet: bytes) -> None:
        await self._loop.sock_sendall(self._socket, struct.pack(">I", len(packet)) + packet)

    async def _receive(self) -> tuple[int, bytes]:
        (length,) = struct.unpack(">I", await self._exactly(4))
        if not 4 <= length <= _MOST:
            raise AnswerError("the ssh master speaks another protocol")
        packet = await self._exactly(length)
        return int(struct.unpack(">I", packet[:4])[0]), packet[4:]

    async def _exactly(self, count: int) -> bytes:
        read = b""
        while len(read) < count:
            piece = await self._loop.sock_recv(self._socket, count - len(read))
            if not piece:
                raise ConnectionResetError("the ssh master hung up")
            read += piece
        return read


@asynccontextmanager
async def mux(path: Path) -> AsyncIterator[Mux]:
    """A connection to the master at a control socket; raises OSError where there is none."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_NONBLOCK) as connection:
        await asyncio.get_running_loop().sock_connect(connection, str(path))
        found = Mux(connection)
        await found.greet()
        yield found


def _text(text: str) -> bytes:
    data = text.encode()
    return struct.pack(">I", len(data)) + data
