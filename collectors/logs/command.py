"""What a program of one's own prints, here or on a server: started again with back-off when it ends."""

import asyncio
import random
from dataclasses import dataclass
from typing import ClassVar

from collectors.logs._following import FollowedLogs, FollowOptions, Way
from collectors.logs._formats.names import Format
from collectors.logs._formats.parser import Parser
from collectors.logs._program import ProgramWay
from collectors.text import shown
from collectors.transport.read.program import ProgramSource, pump, said
from collectors.transport.read.source import SourceState

FIRST_PAUSE = 1.0
"""Seconds before a program that ended is started again; doubled each time it ends soon."""

LONGEST_PAUSE = 60.0

LONG = 60.0
"""Seconds after which a program that ends has run well."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandOptions(FollowOptions):
    """Options of ``logs.command``.

    ``argv``: the program and its arguments as a list; no shell reads them, and the program gets nothing
    of the console's environment but PATH. ``format``: of the lines, where recognising it fails.
    """

    argv: tuple[str, ...]
    format: Format = "auto"

    def __post_init__(self) -> None:
        """Refuse what is no command."""
        FollowOptions.__post_init__(self)
        if not self.argv or not self.argv[0] or any("\0" in part for part in self.argv):
            raise ValueError('argv: must be a list such as ["docker", "logs", "--follow", "orders"]')


class CommandWay(ProgramWay):
    """A program that should run on, and is started again where it does not."""

    argv: tuple[str, ...] = ()

    async def run(self) -> None:
        """Start it again and again; raises SourceError where it cannot be started."""
        loop, pause, source = asyncio.get_running_loop(), FIRST_PAUSE, self.source
        while True:
            began = loop.time()
            ran = await pump(await self.host.stream(self.argv), source)
            pause = FIRST_PAUSE if loop.time() - began >= LONG else min(LONGEST_PAUSE, pause * 2)
            # not all consoles and not all commands at once
            wait = pause * random.uniform(0.5, 1.0)  # noqa: S311 - jitter, not a secret
            source.state, source.why = SourceState.ENDED, said(ran)
            source.hint = f"it is started again after {wait:.0f} s"
            await asyncio.sleep(wait)


class CommandLogs(FollowedLogs[CommandOptions]):
    """Follows what a program prints; one stream, without a memory of earlier runs."""

    Options: ClassVar[type[CommandOptions]] = CommandOptions
    kind: ClassVar[str] = "command"

    def way(self) -> Way:
        """One program."""
        argv = self.options.argv
        words = shown(" ".join(argv), 120)
        source = ProgramSource(
            key="\0".join(argv).encode("utf-8", "surrogateescape"),
            label=words,
            name=words,
            cap=self.options.max_line,
        )
        way = CommandWay(self.context.host, source, self.context.clock)
        way.argv = argv
        return way

    def parser(self) -> Parser:
        """A parser for the format that was named."""
        return Parser(self.options.format)


COLLECTOR = CommandLogs
