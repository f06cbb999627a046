"""Where a collector's streams were read to, kept from one run of the console to the next."""

from collections.abc import Mapping
from typing import Any, Protocol

Position = Mapping[str, Any]
"""Where reading stands, as JSON; opaque to all but the source that gave it."""


HERE = "here"
"""A key that is set in a position where this same run has had the records before it: nothing is replayed."""


class Positions(Protocol):
    """The positions of one collector by the keys of its streams; both methods only touch memory.

    ``put`` is called right after the records up to the position were emitted, in the same turn of the
    loop: who keeps records can keep the position with them and so have each of them exactly once.
    """

    def get(self, key: bytes) -> Position | None:
        """Where an earlier run, or an earlier life of the collector in this one, stopped; None: nowhere."""
        ...

    def put(self, key: bytes, position: Position) -> None:
        """Note that all before ``position`` was emitted."""
        ...


class NoPositions:
    """Keeps nothing: every start is the first one."""

    def get(self, key: bytes) -> Position | None:  # noqa: ARG002 - the protocol's
        """None."""
        return None

    def put(self, key: bytes, position: Position) -> None:
        """Nothing."""
