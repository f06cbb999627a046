"""systemd's journal, here or on a server: followed by ``journalctl``, known again by its cursors."""

import re
from dataclasses import dataclass
from typing import ClassVar, Literal

from collectors.base import Context
from collectors.logs._following import FollowedLogs, FollowOptions, Way
from collectors.logs._formats.parser import Parser
from collectors.logs._past_program import JournalPast
from collectors.logs._program import ProgramWay
from collectors.options import Duration
from collectors.transport.read.journal import JournalQuery, JournalSource, filters
from collectors.transport.read.program import pump, refusal

_NAME = re.compile(r"[A-Za-z0-9:_.\\@*?/\[\]-]{1,255}")

Priority = Literal["", "emerg", "alert", "crit", "err", "warning", "notice", "info", "debug"]


@dataclass(frozen=True, slots=True, kw_only=True)
class JournaldOptions(FollowOptions):
    """Options of ``logs.journald``; what is empty restricts nothing.

    ``units``: systemd units, also patterns (``orders@*``). ``identifiers``: of syslog. ``priority``: this
    level and worse. ``namespace``: of the journal. ``directory``: of journal files, where they are not
    the machine's own. ``catch_up``: how far to go back at most for what was written since the last run.
    ``sudo``: run journalctl by ``sudo -n``.
    """

    units: tuple[str, ...] = ()
    identifiers: tuple[str, ...] = ()
    priority: Priority = ""
    namespace: str = ""
    directory: str = ""
    catch_up: Duration = 86400.0
    sudo: bool = False

    def __post_init__(self) -> None:
        """Refuse what names no unit."""
        FollowOptions.__post_init__(self)
        for unit in self.units:
            if not _NAME.fullmatch(unit):
                raise ValueError(f"units: {unit!r} names no unit")
        if not all(self.identifiers) or any("\0" in one for one in self.identifiers):
            raise ValueError("identifiers: must be texts")
        if self.directory and not self.directory.startswith("/"):
            raise ValueError("directory: must be a whole path")
        if self.namespace and not _NAME.fullmatch(self.namespace):
            raise ValueError("namespace: must be a name")


class JournalWay(ProgramWay):
    """journalctl, from the cursor on."""

    source: JournalSource

    async def run(self) -> None:
        """Ask whether the journal may be read, then follow it; that it ends is a failure."""
        argv = await self.source.prepare(self.host, self.wait, self.clock.wall())
        ran = await pump(await self.host.stream(argv), self.source)
        raise refusal(self.host, "journalctl", ran)

    wait = 5.0


class JournaldLogs(FollowedLogs[JournaldOptions]):
    """Follows the journal, or what units or programs write into it; one stream."""

    Options: ClassVar[type[JournaldOptions]] = JournaldOptions
    kind: ClassVar[str] = "journald"

    def way(self) -> Way:
        """One journalctl."""
        options, context = self.options, self.context
        label = ", ".join((*options.units, *options.identifiers)) or "journal"
        source = JournalSource(
            _query(options),
            label=label,
            back=options.back,
            catch_up=options.catch_up,
            cap=options.max_line,
        )
        source.resume(context.positions.get(source.key))
        way = JournalWay(context.host, source, context.clock)
        way.wait = context.timeout
        return way

    def parser(self) -> Parser:
        """Each line is JSON."""
        return Parser("json")

    @classmethod
    def past(cls, options: JournaldOptions, context: Context, key: bytes | None) -> JournalPast:  # noqa: ARG003 - it is one stream
        """What the journal keeps, by the same filters."""
        query = _query(options)
        return JournalPast(context.host, query, timeout=context.timeout, line_cap=options.max_line)


def _query(options: JournaldOptions) -> JournalQuery:
    wanted = filters(
        options.units, options.identifiers, options.priority, options.namespace, options.directory
    )
    return JournalQuery(wanted, options.sudo)


COLLECTOR = JournaldLogs
