"""One connection to a Redis: dialled, logged in, named, and counted. It never retries."""

import asyncio
import ssl
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from redis.asyncio.connection import Connection
from redis.exceptions import (
    AuthenticationError,
    NoPermissionError,
    ResponseError,
)
from redis.exceptions import (
    ConnectionError as RedisConnectionError,
)

from collectors.clock import Clock
from collectors.errors import AnswerError
from collectors.transport.endpoint import Dial, UnixDial
from collectors.transport.read.redis_address import Login
from collectors.transport.read.redis_info import parse_info

NAME = "quarterdeck"
"""How we are called in CLIENT LIST."""

MOST_BYTES = 16 * 2**20
"""Raw bytes of one batch's answers; more is refused."""

_HANDSHAKE: tuple[tuple[str, ...], ...] = (
    ("CLIENT", "SETNAME", NAME),
    ("CLIENT", "NO-TOUCH", "ON"),
    ("INFO", "server"),
    ("INFO", "persistence"),
    ("INFO", "replication"),
)


@dataclass(frozen=True, slots=True)
class Server:
    """What a server said of itself at login; empty where it was not allowed to say.

    ``version`` is that of ``software``, redis or valkey; ``epoch`` is its
    wall clock (ours where it does not tell) minus our CLOCK_BOOTTIME, in seconds;
    ``loading`` is the percentage loaded while it loads its data.
    """

    run_id: str = ""
    version: tuple[int, ...] = ()
    software: str = "redis"
    mode: str = ""
    role: str = ""
    loading: str = ""
    epoch: float | None = None


class _CappedReader(asyncio.StreamReader):
    """A stream that counts what comes and breaks at a limit."""

    received = 0
    last = 0.0
    left = MOST_BYTES

    def feed_data(self, data: bytes) -> None:  # type: ignore[override] # typeshed asks for any iterable
        self.received += len(data)
        self.last = time.monotonic()
        self.left -= len(data)
        if self.left < 0:
            self.set_exception(
                AnswerError("an answer of more than 16 MiB was refused", "an element or a key is very large")
            )
            return
        super().feed_data(data)


class _DialConnection(Connection):
    """redis-py's connection over a Dial, so that it reaches what a tunnel offers."""

    def __init__(self, dial: Dial, context: ssl.SSLContext | None, login: Login, db: int) -> None:
        super().__init__(
            username=login.user or None,
            password=login.password.reveal() if login.password else None,
            db=db,
            protocol=2,
            retry=None,
            socket_timeout=None,
            socket_connect_timeout=None,
            driver_info=None,
            maint_notifications_config=None,
        )
        self._dial = dial
        self._context = context
        self.stream: _CappedReader | None = None

    async def _connect(self) -> None:
        loop = asyncio.get_running_loop()
        reader = self.stream = _CappedReader(loop=loop)
        protocol = asyncio.StreamReaderProtocol(reader, loop=loop)
        name = self._dial.name if self._context else None
        transport: asyncio.Transport
        if isinstance(self._dial, UnixDial):
            transport, _ = await loop.create_unix_connection(
                lambda: protocol, self._dial.path, ssl=self._context, server_hostname=name
            )
        else:
            transport, _ = await loop.create_connection(
                lambda: protocol, self._dial.host, self._dial.port, ssl=self._context, server_hostname=name
            )
        self._reader = reader
        self._writer = asyncio.StreamWriter(transport, protocol, reader, loop)


class Link:
    """A logged-in connection. One user at a time; any exception leaves it broken."""

    def __init__(self, connection: _DialConnection) -> None:
        self._connection = connection
        self.server = Server()
        self.introduced = 0.0
        self.fresh = True

    @classmethod
    async def open(cls, dial: Dial, context: ssl.SSLContext | None, login: Login, db: int = 0) -> "Link":
        """Dial an address and log in, without SETNAME and INFO; raises the driver's errors."""
        link = cls(_DialConnection(dial, context, login, db))
        try:
            await link._connection.connect()  # type: ignore[no-untyped-call] # redis-py left it untyped
        except BaseException:
            await link.close()
            raise
        return link

    async def introduce(self, clock: Clock) -> None:
        """Name the session, leave keys' idle times alone, and learn who the server is."""
        replies = await self.exchange(_HANDSHAKE)
        for reply in replies:
            if isinstance(reply, ResponseError) and not _optional(reply):
                raise reply
        info: dict[str, str] = {}
        for reply in replies[2:]:
            if isinstance(reply, bytes):
                info.update(parse_info(reply))
        self.server = _server(info, clock)
        self.introduced = clock.boottime()
        self.fresh = True

    async def exchange(self, commands: Sequence[Sequence[Any]]) -> list[Any]:
        """Send a batch and read every reply; a refused command's reply is its exception."""
        connection = self._connection
        if connection.stream is not None:
            connection.stream.left = MOST_BYTES
        await connection.send_packed_command(connection.pack_commands(commands), check_health=False)
        replies: list[Any] = []
        for _ in commands:
            try:
                replies.append(await connection.read_response())
            except ResponseError as refusal:
                replies.append(refusal)
        self.fresh = False
        return replies

    async def listen(self, pattern: bytes) -> None:
        """Subscribe to all channels of a pattern; from then on only ``next_message`` may be called."""
        connection = self._connection
        await connection.send_packed_command(
            connection.pack_commands([("PSUBSCRIBE", pattern)]), check_health=False
        )
        await connection.read_response()
        self.fresh = False

    async def next_message(self, quiet: float, answer: float) -> tuple[bytes, bytes]:
        """Channel and payload of the next message.

        After ``quiet`` seconds without one the server is asked whether it is there; TimeoutError where it
        says nothing for ``answer`` more.
        """
        connection = self._connection
        asked = False
        while True:
            if connection.stream is not None:
                connection.stream.left = MOST_BYTES
            try:
                async with asyncio.timeout(answer if asked else quiet):
                    told = await connection.read_response(disconnect_on_error=False)
            except TimeoutError:
                if asked:
                    raise
                asked = True
                await connection.send_packed_command(
                    connection.pack_commands([("PING",)]), check_health=False
                )
                continue
            asked = False
            if isinstance(told, list) and len(told) == 4 and told[0] == b"pmessage":
                return told[2], told[3]

    @property
    def heard(self) -> float:
        """When the last bytes came, of ``time.monotonic``: reading them takes us time of our own."""
        return self._connection.stream.last if self._connection.stream else 0.0

    @property
    def received(self) -> int:
        """Bytes that came since the connection was made."""
        return self._connection.stream.received if self._connection.stream else 0

    async def close(self) -> None:
        """Give the connection back; never raises."""
        try:
            await self._connection.disconnect(nowait=True)
        except (RedisConnectionError, OSError):
            return


def _optional(refusal: ResponseError) -> bool:
    """Whether a handshake command may be refused: it is unknown there, or this user lacks the right."""
    if isinstance(refusal, NoPermissionError):
        return True
    text = str(refusal).lower()
    return not isinstance(refusal, AuthenticationError) and ("unknown" in text or "syntax" in text)


def _server(info: dict[str, str], clock: Clock) -> Server:
    software = info.get("server_name", "redis")
    told = info.get(f"{software}_version") or info.get("redis_version", "")
    version = tuple(int(part) for part in told.split(".") if part.isdecimal())
    stamp = info.get("server_time_usec", "")
    wall = int(stamp) / 1e6 if stamp.isdecimal() else clock.wall()
    loading = info.get("loading", "0") == "1"
    return Server(
        run_id=info.get("run_id", ""),
        version=version,
        software=software,
        mode=info.get("redis_mode") or info.get("server_mode", ""),
        role=info.get("role", ""),
        loading=info.get("loading_loaded_perc", "0") if loading else "",
        epoch=wall - clock.boottime(),
    )
