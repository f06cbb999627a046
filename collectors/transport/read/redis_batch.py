"""How a batch of commands goes over the wire and its replies come back."""

from collections.abc import Sequence
from typing import Any


class Batch:
    """A batch of commands between which other clients' may come."""

    def __init__(self, reads: Sequence[tuple[str, tuple[Any, ...]]]) -> None:
        self.reads = reads

    def commands(self) -> list[tuple[Any, ...]]:
        """What goes over the wire."""
        return [(name, *arguments) for name, arguments in self.reads]

    def replies(self, found: list[Any]) -> list[Any] | None:
        """The replies to ``reads`` from those to ``commands``."""
        return found


class Grouped(Batch):
    """A batch whose groups are each run as one; ``sizes`` are those of the groups."""

    def __init__(self, reads: Sequence[tuple[str, tuple[Any, ...]]], sizes: Sequence[int]) -> None:
        super().__init__(reads)
        self._sizes = sizes

    def commands(self) -> list[tuple[Any, ...]]:
        """The groups, each between MULTI and EXEC."""
        plain = iter(super().commands())
        framed: list[tuple[Any, ...]] = []
        for size in self._sizes:
            framed += [("MULTI",), *(next(plain) for _ in range(size)), ("EXEC",)]
        return framed

    def replies(self, found: list[Any]) -> list[Any] | None:
        """What the EXECs gave; None where one gave nothing."""
        flat: list[Any] = []
        at = -1
        for size in self._sizes:
            at += size + 2
            if not isinstance(found[at], list):
                return None
            flat += found[at]
        return flat
