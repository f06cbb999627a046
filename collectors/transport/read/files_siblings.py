"""The numbered files beside a log (``app.log.1``): which of them came since the last look, and from what."""

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from collectors.transport.read.files_open import Seen
from collectors.transport.read.files_place import FileId

NEIGHBOURS = 9
"""Numbered siblings looked at."""


@dataclass(frozen=True, slots=True)
class Strangers:
    """Siblings that nobody has read, each list oldest first.

    ``copies`` were made before our file moved or was cut, ``after`` since. ``met``: our file is still
    among them or at the path; if not, nobody knows which is which, and all stand in ``after``.
    """

    copies: list[str]
    after: list[str]
    met: bool


class Siblings:
    """Remembers which siblings were there."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._known: frozenset[Seen] = frozenset()

    def learn(self) -> None:
        """Take all that are there now for known."""
        self._known = frozenset(seen for _, seen in self._all())

    def strangers(
        self, ours: FileId, present: FileId, following: Collection[FileId], left: Collection[Seen]
    ) -> Strangers:
        """What came since; ``following`` and ``left`` are files that we read or have read."""
        copies: list[str] = []
        after: list[str] = []
        met = ours == present
        for sibling, seen in self._all():
            if seen.id == ours:
                met = True
            elif seen in self._known or seen in left or seen.id in following:
                # higher numbers are older still
                break
            elif seen.id != present:
                (copies if met else after).append(sibling)
        return Strangers(copies[::-1], after[::-1], met)

    def _all(self) -> list[tuple[str, Seen]]:
        """Siblings from the youngest on, as far as the numbers go without a gap."""
        found: list[tuple[str, Seen]] = []
        for number in range(1, NEIGHBOURS + 1):
            sibling = f"{self._path}.{number}"
            try:
                found.append((sibling, Seen.of(Path(sibling).stat())))
            except OSError:
                break
        return found
