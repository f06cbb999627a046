"""How bad something is: the five levels and their precedence."""

from enum import StrEnum


class Level(StrEnum):
    """A judgement's level; ``NONE`` means that nobody set a limit."""

    NONE = "none"
    OK = "ok"
    WARNING = "warning"
    UNKNOWN = "unknown"
    CRITICAL = "critical"

    @property
    def rank(self) -> int:
        """Precedence: critical 4, unknown 3, warning 2, ok 1, none 0."""
        return _RANK[self]


_RANK = {level: rank for rank, level in enumerate(Level)}


def worst(levels: "list[Level] | tuple[Level, ...]") -> Level:
    """The level that counts when several meet; ``NONE`` for none at all."""
    return max(levels, key=_RANK.__getitem__, default=Level.NONE)
