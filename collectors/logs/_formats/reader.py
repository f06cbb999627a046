"""What reads single lines: JSON by its keys, text by its head; the format may be settled beforehand."""

from typing import Any

from collectors.logs._formats.keyed import Keyed
from collectors.logs._formats.ladder import Rung, read_json
from collectors.logs._formats.loggers import BY_NAME, UNKNOWN
from collectors.logs._formats.names import AUTO, FORMATS, PLAIN
from collectors.logs._formats.parsed import Told
from collectors.logs._formats.text import NAMES, TextReader
from collectors.text import is_hostile

__all__ = ["AUTO", "FORMATS", "PLAIN", "Reader", "deceives", "is_endless"]

LONGEST_WORD = 16 * 1024
"""Characters of a word beyond which no logger writes it."""

_LARGEST = 10**40
_DEEPEST = 8
_ORDINARY = bytes((9, 10, 13, *range(0x20, 0x7F)))


class Reader:
    """Reads lines of one format, or of any. It remembers what fitted; threads may share one."""

    def __init__(self, format_name: str = AUTO) -> None:
        self.forced = "" if format_name == AUTO else format_name
        self.logger = BY_NAME.get(self.forced, UNKNOWN)
        self.keyed = Keyed(self.logger)
        self.text = TextReader(self.keyed, self.forced if self.forced in NAMES else "")
        takes_any = not self.forced or (self.forced in BY_NAME and self.forced not in NAMES)
        self.takes_json = takes_any or self.forced in ("json", "zap", "postgres", "structlog")
        self.takes_text = self.forced not in (PLAIN, "json")
        self.takes_pairs = takes_any or self.forced == "logfmt"

    def object(self, data: bytes) -> tuple[Told | None, Rung, bool]:
        """What a JSON line tells, how it was read, and whether it is hostile."""
        found, rung = read_json(data)
        if found is None:
            return None, rung, rung is Rung.REFUSED
        told = self.keyed.told(found, "json")
        return told, rung, rung is not Rung.STRICT or deceives(data, found)

    def means(self, format_name: str) -> bool:
        """Whether a line of this format is what was settled."""
        return not self.forced or format_name == self.forced or self.forced not in NAMES

    def line(self, text: str, now: float) -> Told | None:
        """What a line of text tells; None where it has no head."""
        return self.text.told(text, now, logfmt_too=self.takes_pairs) if self.takes_text else None


def deceives(raw: bytes, found: dict[str, Any]) -> bool:
    """Whether an object holds control, bidi or invisible characters, endless words or endless numbers."""
    for value in found.values():
        kind = type(value)
        if kind is int:
            if not -_LARGEST < value < _LARGEST:
                return True
        elif kind is dict and any(
            type(deep) is int and not -_LARGEST < deep < _LARGEST for deep in value.values()
        ):
            return True
    if len(raw) <= LONGEST_WORD and b"\\" not in raw and not raw.translate(None, _ORDINARY):
        return False
    return any(_deceives(key) or _deceives(value) for key, value in found.items())


def is_endless(text: str) -> bool:
    """Whether a text begins with a word that no logger writes."""
    return len(text) > LONGEST_WORD and len(text[: 2 * LONGEST_WORD].split(None, 1)[0]) > LONGEST_WORD


def _deceives(value: Any, depth: int = 0) -> bool:  # noqa: ANN401 - any value of JSON
    kind = type(value)
    if kind is str:
        return is_hostile(value) or is_endless(value)
    if kind is dict:
        return depth > _DEEPEST or any(
            _deceives(key) or _deceives(deep, depth + 1) for key, deep in value.items()
        )
    if kind is list:
        return depth > _DEEPEST or any(_deceives(deep, depth + 1) for deep in value)
    return kind is int and not -_LARGEST < value < _LARGEST
