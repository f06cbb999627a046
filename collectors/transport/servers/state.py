"""What is known of the way to a server: one state, shared by all that runs through it."""

from dataclasses import dataclass
from enum import StrEnum

from collectors.errors import SourceError
from collectors.text import Shown


class Phase(StrEnum):
    """Where the way to a server stands; ``STOPPED`` wants a person, all else mends itself."""

    IDLE = "not used"
    CONNECTING = "connecting"
    UP = "up"
    LOST = "lost"
    STOPPED = "stopped"


class Fault(StrEnum):
    """Why there is no way; after the KEY ones and AUTH nothing is tried again by itself."""

    NONE = ""
    KEY_UNKNOWN = "unknown host key"
    KEY_CHANGED = "changed host key"
    KEY_REVOKED = "revoked host key"
    AUTH = "login refused"
    REFUSED = "connection refused"
    DNS = "no such name"
    TIMED_OUT = "no answer in time"
    LOST = "connection lost"
    PROGRAM = "program missing"
    GONE = "not there"
    NOT_RUNNING = "not running"
    FORBIDDEN = "not allowed"
    OTHER = "failed"


STOPS = frozenset({Fault.KEY_UNKNOWN, Fault.KEY_CHANGED, Fault.KEY_REVOKED, Fault.AUTH})
"""Faults after which nothing is tried again by itself: they want a person."""


@dataclass(frozen=True, slots=True)
class ServerState:
    """The way to one server as it is now.

    ``way``: ssh, kubectl or docker. ``why`` is one sentence, ``hint`` the remedy, ``by_hand`` the exact
    command that a person would run. ``hop``: the server whose key or login failed, where that is not this
    one itself. ``since`` and ``retry_at`` are CLOCK_BOOTTIME seconds; ``latency`` seconds of one round trip.
    ``uses``: names of the collectors that asked for it.
    """

    name: str
    way: str
    target: Shown
    phase: Phase = Phase.IDLE
    fault: Fault = Fault.NONE
    why: Shown = Shown("")
    hint: Shown = Shown("")
    by_hand: Shown = Shown("")
    hop: str = ""
    since: float = 0.0
    retry_at: float | None = None
    latency: float | None = None
    reconnects: int = 0
    uses: tuple[str, ...] = ()


class ServerError(SourceError):
    """There is no way to the server just now; the words name it: ``web-1: changed host key``.

    ``hop`` and ``by_hand`` as in ServerState, empty where the server itself is meant.
    """

    def __init__(
        self,
        why: object,
        hint: object = "",
        *,
        fault: Fault = Fault.OTHER,
        hop: str = "",
        by_hand: str = "",
    ) -> None:
        super().__init__(why, hint)
        self.fault = fault
        self.hop = hop
        self.by_hand = by_hand
