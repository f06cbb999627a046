"""Log files, here or on a server: followed through rotation, parsed whatever their format, counted."""

import os
from dataclasses import dataclass
from typing import ClassVar

from collectors.base import Context
from collectors.logs._following import FollowedLogs, FollowOptions, Way
from collectors.logs._formats.names import Format
from collectors.logs._formats.parser import Parser
from collectors.logs._local import LocalFiles
from collectors.logs._past import told_time
from collectors.logs._past_remote import RemotePast
from collectors.logs._remote import RemoteFiles
from collectors.options import Size
from collectors.transport.read.files import TailOptions
from collectors.transport.read.files_glob import is_pattern
from collectors.transport.read.files_lines import Line
from collectors.transport.read.remote_follow import FollowWanted


@dataclass(frozen=True, slots=True, kw_only=True)
class FileOptions(FollowOptions):
    """Options of ``logs.file``.

    ``path``: a file, or a pattern (``*``, ``?``, ``[…]``, ``**``); ``~`` is the home folder.
    ``back_bytes``: how many bytes to read back at most. ``catch_up``: bytes read at most of what was
    written since the last run. ``format``: of the lines, where recognising it fails. ``sudo``: read by
    ``sudo -n`` with ls, stat and tail, every 2 s; a deleted file is then not read to its end.
    """

    path: str
    back_bytes: Size = 8 * 1024 * 1024
    catch_up: Size = 256 * 1024 * 1024
    format: Format = "auto"
    sudo: bool = False

    def __post_init__(self) -> None:
        """Refuse what can name no file and what leaves nothing of a line."""
        FollowOptions.__post_init__(self)
        if not self.path or "\0" in self.path:
            raise ValueError("path: must name a file")


class FileLogs(FollowedLogs[FileOptions]):
    """Follows one file or a pattern of files; each is a stream of its own."""

    Options: ClassVar[type[FileOptions]] = FileOptions
    kind: ClassVar[str] = "file"
    early: ClassVar[bool] = True

    def __init__(self, options: FileOptions, context: Context) -> None:
        super().__init__(options, context)
        self._tail_options = TailOptions(
            back=options.back,
            back_bytes=options.back_bytes,
            catch_up=options.catch_up,
            cap=options.max_line,
        )

    def way(self) -> Way:
        """Through a thread of our own, or a program on the server."""
        context, options = self.context, self.options
        if context.server or options.sudo:
            wanted = FollowWanted(
                path=options.path,
                options=self._tail_options,
                when=self._when,
                sudo=options.sudo,
                timeout=context.timeout,
            )
            return RemoteFiles(context.host, wanted, context.clock, context.positions)
        return LocalFiles(
            options.path,
            self._when,
            self._tail_options,
            context.clock,
            context.positions,
            name=context.collector,
        )

    def parser(self) -> Parser:
        """A parser for the format that was named."""
        return Parser(self.options.format)

    @classmethod
    def past(cls, options: FileOptions, context: Context, key: bytes | None) -> RemotePast | None:
        """The file with that path and its neighbours, on a server or read by sudo."""
        path = options.path if key is None else os.fsdecode(key)
        if not (context.server or options.sudo) or (key is None and is_pattern(path)):
            return None
        return RemotePast(
            context.host,
            path,
            when=told_time(options.format),
            sudo=options.sudo,
            timeout=context.timeout,
            line_cap=options.max_line,
        )

    def _when(self, line: bytes) -> float | None:
        """The time that a line tells."""
        parser = self.parser()
        wall = self.context.clock.wall()
        made = parser.parse([Line(line)], wall, 0.0) + parser.flush(0.0, force=True)
        return next((record.time for record in made if record.timed), None)


COLLECTOR = FileLogs
