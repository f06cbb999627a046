"""Numbered lines through an sshd whose sessions are killed now and then; for the suite and the long runs."""

import asyncio
import time
from dataclasses import dataclass, field
from pathlib import Path

from collectors.errors import SourceError
from collectors.transport.servers.pool import Servers
from tests.collectors.logs.following import following
from tests.servers.sshd import Sshd


@dataclass
class Told:
    numbers: list[int] = field(default_factory=list)
    losses: int = 0
    words: list[str] = field(default_factory=list)


async def through_losses(path: Path, sshd: Sshd, servers: Servers, *, lines: int, losses: int) -> Told:
    """Write `lines` evenly while the way is lost `losses` times; what came, in its order."""
    told = Told()
    await asyncio.to_thread(path.touch)
    async with following(path, dialer=servers) as stream:

        async def collect() -> None:
            try:
                async with asyncio.timeout(10):
                    await stream.collect()
            except SourceError as error:
                told.words.append(str(error.why))

        await collect()
        for turn in range(losses + 1):
            first, after = lines * turn // (losses + 1), lines * (turn + 1) // (losses + 1)
            with path.open("ab") as file:
                for number in range(first, after):
                    file.write(b'{"n":%d,"event":"a line of its own"}\n' % number)
                    if number == (first + after) // 2:
                        file.flush()
                        await collect()
                        if turn < losses:
                            sshd.kill_sessions()
                            told.losses += 1
            end = time.monotonic() + 60
            while len(stream.numbers(replayed=False)) < after - (after - first) // 4:
                assert time.monotonic() < end, told
                await collect()
                await asyncio.sleep(0.05)
        end = time.monotonic() + 60
        while len(stream.numbers(replayed=False)) < lines:
            assert time.monotonic() < end, told
            await collect()
            await asyncio.sleep(0.05)
        await collect()
        told.numbers = stream.numbers(replayed=False)
    return told
