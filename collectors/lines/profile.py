"""How the lines of one stream are to be read: the recognised logger, its paths, its units."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from collectors.lines.durations import is_span, unit_by_name
from collectors.logs._formats.assemble import Assembler
from collectors.logs._formats.loggers import UNKNOWN, Logger
from collectors.logs._formats.reader import Reader
from collectors.logs._formats.virtual import Paths

VIRTUAL = (
    *("time", "level", "message", "logger", "trace", "request", "error", "stack", "duration", "service"),
    "host",
)
"""Facts that every record may tell, whatever its logger calls them."""


@dataclass(frozen=True, slots=True)
class Profile:
    """The lines of one stream.

    ``name``: the logger or server, or else the format. ``format``: ``json``, ``logfmt``, ``plain`` or the
    name of a text's shape. ``aliases``: virtual field → dotted paths in the order in which they are asked;
    those that the lines were seen to have come first. ``how``: in words, why. ``made``: virtual fields
    that no path gives as ``facts`` gives them. ``direct``: False where the line's own fields lie within
    another line, an array or a wrapper, so that only ``facts`` finds them.
    """

    name: str
    format: str
    aliases: Mapping[str, tuple[str, ...]]
    how: str = ""
    made: frozenset[str] = frozenset()
    direct: bool = True
    logger: Logger = UNKNOWN
    span: float | None = None
    reader: Reader = field(default_factory=Reader, repr=False, compare=False)
    paths: Paths = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Make what remembers which paths lead anywhere."""
        object.__setattr__(self, "paths", Paths(self.aliases))

    def unit_of(self, field: str) -> float | None:
        """Seconds that 1 of a bare number in ``field`` stands for; None where nobody knows.

        The logger's own habit for this field counts first, then what the field's name says, then what
        the logger does to every duration. A field that is no duration has none.
        """
        known = self.logger.units.get(field)
        if known is None:
            known = unit_by_name(field)
        if known is None and self.span is not None and is_span(field.rpartition(".")[2]):
            return self.span
        return known

    def assembler(self) -> Assembler:
        """A new follower of such lines."""
        return Assembler(self.reader, lambda: self.format)
