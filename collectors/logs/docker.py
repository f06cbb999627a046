"""The log of a container, by the user's own ``docker logs``."""

from dataclasses import dataclass
from typing import ClassVar

from collectors.base import Context
from collectors.errors import OptionsError
from collectors.logs._following import FollowedLogs, FollowOptions, Way
from collectors.logs._formats.names import Format
from collectors.logs._formats.parser import Parser
from collectors.logs._past_told import ToldPast
from collectors.logs._told import ToldLogs
from collectors.transport.servers.docker import DockerWay
from collectors.transport.servers.spec import Container


@dataclass(frozen=True, slots=True, kw_only=True)
class DockerLogOptions(FollowOptions):
    """Options of ``logs.docker``.

    ``container``: its name or id. ``context``: docker's own if empty. ``format``: of the lines, where
    recognising it fails.
    """

    container: str
    context: str = ""
    format: Format = "auto"

    def __post_init__(self) -> None:
        """Refuse what names no container, and what docker would take for an option."""
        FollowOptions.__post_init__(self)
        for name in ("container", "context"):
            if getattr(self, name).startswith("-") or not getattr(self, name).isprintable():
                raise ValueError(f"{name}: must not begin with a hyphen")
        if not self.container:
            raise ValueError("container: must name one")


class DockerLogs(FollowedLogs[DockerLogOptions]):
    """Follows the log of a container; one that is made anew is another stream."""

    Options: ClassVar[type[DockerLogOptions]] = DockerLogOptions
    kind: ClassVar[str] = "docker"

    async def open(self) -> None:
        """Refuse a server: docker runs on this machine."""
        if self.context.server:
            raise OptionsError("docker runs on this machine", "drop `server`, and name a context")

    def way(self) -> Way:
        """By docker, with nothing opened."""
        return ToldLogs(_way(self.options, self.context), self.options, self.context.clock)

    @classmethod
    def past(cls, options: DockerLogOptions, context: Context, key: bytes | None) -> ToldPast:
        """What docker keeps of the log of the container with that id."""
        return ToldPast(_way(options, context), key, line_cap=options.max_line)

    def parser(self) -> Parser:
        """A parser for the format that was named."""
        return Parser(self.options.format)


def _way(options: DockerLogOptions, context: Context) -> DockerWay:
    return DockerWay(context.collector, Container(options.container, options.context))


COLLECTOR = DockerLogs
