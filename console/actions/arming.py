"""Whether anything may be done now: open environments always, protected ones for a while after arming."""

from collectors.action import RefusedError
from collectors.clock import Clock
from collectors.text import Shown, one_line
from console.engine.state import ArmState

ARMED_FOR = 900.0
"""Seconds for which arming lasts."""


class Arming:
    """The console's own safety catch; one for a process."""

    def __init__(self, clock: Clock, *, protected: bool, read_only: bool = False) -> None:
        self._clock = clock
        self.protected = protected
        self.read_only = read_only
        self._until = 0.0
        self._reason = Shown("")

    def arm(self, reason: str) -> None:
        """Arm for ARMED_FOR seconds; raises RefusedError where that is not possible."""
        if self.read_only:
            raise RefusedError("this console is read-only", "take `read_only` out of [console]")
        if not reason.strip():
            raise RefusedError("arming wants a reason", ":arm REASON")
        self._reason = one_line(reason)
        self._until = self._clock.boottime() + ARMED_FOR

    def disarm(self) -> None:
        """Put the catch back on."""
        self._until = 0.0

    @property
    def armed(self) -> bool:
        """Whether a protected environment is armed now."""
        return not self.read_only and self._clock.boottime() < self._until

    @property
    def why_not(self) -> tuple[str, str]:
        """Why nothing may be done, and the remedy; both empty where it may."""
        if self.read_only:
            return "this console is read-only", "take `read_only` out of [console]"
        if self.protected and not self.armed:
            return "this environment is protected and not armed", ":arm REASON, or --arm REASON"
        return "", ""

    @property
    def state(self) -> ArmState:
        """As screens show it."""
        return ArmState(self.protected, self.read_only, self._until if self.armed else None, self._reason)
