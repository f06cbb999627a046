"""A collector that follows files in a test, and what it emitted."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from collectors.base import Context
from collectors.logs._following import FollowedLogs
from collectors.logs.file import FileLogs
from collectors.model.logs import LogBatch, LogReading, LogRecord
from collectors.model.sweep import Sweep
from collectors.positions import NoPositions, Position, Positions
from collectors.transport.endpoint import Dial, Dialer, DirectDialer, Endpoint
from collectors.transport.host import Host
from collectors.transport.local import LocalHost


class Kept:
    """Positions in memory, as a later run finds them: through JSON."""

    def __init__(self) -> None:
        self.told: dict[bytes, str] = {}
        self.puts = 0

    def get(self, key: bytes) -> Position | None:
        told = self.told.get(key)
        return None if told is None else json.loads(told)

    def put(self, key: bytes, position: Position) -> None:
        self.puts += 1
        self.told[key] = json.dumps(position)


class Through:
    """A dialer by which every server is one given machine."""

    def __init__(self, host: Host) -> None:
        self._host = host

    async def dial(self, endpoint: Endpoint) -> Dial:
        return await DirectDialer().dial(Endpoint(endpoint.url))

    def host(self, server: str) -> Host:
        return self._host if server else LocalHost()


class Following:
    """A collector of logs that is asked by hand; ``options`` are its own, or those of logs.file."""

    def __init__(
        self,
        path: Path | str = "",
        every: float = 1.0,
        positions: Positions | None = None,
        host: Host | None = None,
        dialer: Dialer | None = None,
        kind: type[FollowedLogs[Any]] = FileLogs,
        **options: Any,
    ) -> None:
        self.batches: list[LogBatch] = []
        context = Context(
            collector="test",
            service="shop",
            every=every,
            emit=self.batches.append,
            positions=positions or NoPositions(),
            server="web-1" if host or dialer else "",
            dialer=dialer or Through(host or LocalHost()),
        )
        if path:
            options["path"] = str(path)
        self.collector = kind(kind.Options(**options), context)
        self.sweep: Sweep | None = None

    async def collect(self) -> list[LogRecord]:
        """The records of one pass."""
        before = len(self.batches)
        self.sweep = await self.collector.collect()
        return [record for batch in self.batches[before:] for record in batch.records]

    async def until(self, done: Callable[[], bool], deadline: float = 15.0, pause: float = 0.01) -> None:
        async with asyncio.timeout(deadline):
            while not done():
                await self.collect()
                await asyncio.sleep(pause)

    @property
    def records(self) -> list[LogRecord]:
        return [record for batch in self.batches for record in batch.records]

    def numbers(self, *, replayed: bool) -> list[int]:
        """The field ``n`` of the records that are, or are not, replayed."""
        return [
            int(value)
            for batch in self.batches
            if batch.replayed is replayed
            for record in batch.records
            for name, value in record.fields
            if name == "n"
        ]

    @property
    def messages(self) -> list[str]:
        return [str(record.message) for record in self.records]

    @property
    def readings(self) -> list[LogReading]:
        assert self.sweep is not None
        return [reading for reading in self.sweep.readings if isinstance(reading, LogReading)]

    @property
    def reading(self) -> LogReading:
        (reading,) = self.readings
        return reading

    def field(self, name: str) -> list[str]:
        return [value for record in self.records for key, value in record.fields if key == name]


@asynccontextmanager
async def following(path: Path | str = "", **options: Any) -> AsyncIterator[Following]:
    made = Following(path, **options)
    await made.collector.open()
    try:
        yield made
    finally:
        await made.collector.close()
