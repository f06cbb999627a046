"""What the health adapters share: the window, the words of a failure, the deadline."""

from collections.abc import Iterable

from collectors.errors import (
    AccessError,
    AnswerError,
    OptionsError,
    SourceError,
    TimedOutError,
    UnreachableError,
)
from collectors.health._parsed import Outcome
from collectors.health._window import ProbeWindow, WindowRule
from collectors.model.health import HealthReading, HealthState, Probe
from collectors.model.quantity import Quantity, Unit, at_least, exact, unknown
from collectors.model.subject import Subject
from collectors.text import Shown, one_line
from collectors.transport.resolve import NameServerError

ANSWERS = (UnreachableError, TimedOutError, AccessError, AnswerError)
"""Failures that are readings; any other SourceError is about our own side or the way in."""


class ProbeLog:
    """One endpoint's probes: turns each outcome into a reading, by the window's rule."""

    def __init__(self, subject: Subject, probe: str, rule: WindowRule, recover: int) -> None:
        if not 1 <= recover <= 100:
            raise OptionsError("recover must be from 1 to 100")
        self._subject = subject
        self._probe = Probe(probe)
        self._recover = recover
        self._window = ProbeWindow(rule, recover)

    def reading(self, outcome: Outcome, word: Shown, reasons: Iterable[str]) -> HealthReading:
        """One more probe; the reading has state, word, note and the share that fails."""
        state = self._window.add(outcome)
        return HealthReading(
            subject=self._subject,
            probe=self._probe,
            state=state,
            word=word,
            note=self._note(outcome, state, reasons),
            failing=exact(self._window.failing, Unit.RATIO),
        )

    def failed(self, error: SourceError) -> HealthReading:
        """A probe without an answer: ``error`` is one of ANSWERS.

        A name server that is silent and an answer that we refuse to unpack say nothing of the service.
        """
        unsure = isinstance(error, NameServerError) or "-encoded" in error.why
        return self.reading(Outcome.UNKNOWN if unsure else Outcome.FAIL, error.why, [error.hint])

    def _note(self, outcome: Outcome, state: HealthState, reasons: Iterable[str]) -> Shown:
        """One sentence: why, and where the window holds the state against the last probe."""
        window = self._window
        held = ""
        if outcome is Outcome.FAIL and state is not HealthState.DOWN:
            held = f"{window.failed} of {window.seen} probes failed"
        elif outcome is not Outcome.FAIL and state is HealthState.DOWN:
            held = f"recovering: {self._recover} passes in a row are needed"
        return one_line("; ".join(reason for reason in (held, *reasons) if reason), 240)


def latency_of(error: SourceError, took: float) -> Quantity:
    """What a failure tells of the latency: a lower bound where time ran out, else nothing."""
    return at_least(took, Unit.SECONDS) if isinstance(error, TimedOutError) else unknown(Unit.SECONDS)


def expiry(not_after: float | None, now: float) -> Quantity:
    """Time until a certificate ends; unknown without one."""
    return unknown(Unit.SECONDS) if not_after is None else exact(not_after - now, Unit.SECONDS)


def deadline(timeout: float) -> float:
    """Seconds for one probe: a little less than the engine's own deadline, so that ours speaks."""
    return timeout - min(0.1, timeout * 0.05)


def slowness(elapsed: float, limit: float) -> str:
    """The words "slow: 3.4 s" where an answer took longer than ``limit``, else empty."""
    if elapsed <= limit:
        return ""
    return f"slow: {elapsed:.1f} s" if elapsed >= 1 else f"slow: {elapsed * 1000:.0f} ms"
