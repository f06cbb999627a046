"""Starts of the process behind an endpoint: how long it runs, how often it began anew, whether it is one."""

from collections import OrderedDict
from dataclasses import dataclass

from collectors.health._parsed import Told
from collectors.model.quantity import Quantity, Unit, at_least, exact, exact_or_unknown, unknown
from collectors.text import Shown

TOLERANCE = 5.0
"""Seconds by which a start may wander: uptimes are rounded and clocks are stepped."""

_SCALES = (1.0, 1e-3, 1e-6, 1e-9)
_MIXED_FOR = 20


@dataclass(frozen=True, slots=True)
class Life:
    """What is known of the process now; ``flaw`` is empty where one process answers."""

    started: float | None
    uptime: Quantity
    restarts: Quantity
    flaw: Shown = Shown("")


class Lives:
    """Follows one endpoint's starts from answer to answer.

    The same instance with a later start has restarted. An instance or start that comes back after
    another one means that several processes answer here; restarts are unknown then.
    """

    def __init__(self) -> None:
        self._starts: OrderedDict[str, float | None] = OrderedDict()
        self._former: OrderedDict[str, None] = OrderedDict()
        self._current = ""
        self._restarts = 0
        self._tells_starts = False
        self._told_first: int | None = None
        self._mixed = 0
        self._counted = unknown()
        self._raw: tuple[float, float] | None = None
        self._scale: float | None = None

    @property
    def restarts(self) -> Quantity:
        """Restarts as last known; a probe without an answer does not change them."""
        return self._counted

    def see(self, told: Told, now: float) -> Life:
        """Take in what an answer told at ``now`` (UTC epoch seconds)."""
        started = self._started(told, now)
        self._mixed = max(0, self._mixed - 1)
        if told.instance:
            self._seen_instance(told.instance, started)
        elif started is not None:
            self._seen_start(started)
        uptime = exact_or_unknown(None if started is None else max(0.0, now - started), Unit.SECONDS)
        flaw = Shown("answers come from several instances") if self._mixed else Shown("")
        self._counted = self._count(told)
        return Life(started, uptime, self._counted, flaw)

    def _started(self, told: Told, now: float) -> float | None:
        if told.started is not None:
            return told.started if told.started <= now + 60.0 else None
        if told.uptime is not None:
            return now - told.uptime
        if told.raw_uptime is None:
            return None
        if self._raw is not None:
            self._learn_scale(told.raw_uptime - self._raw[0], now - self._raw[1])
        self._raw = (told.raw_uptime, now)
        return None if self._scale is None else now - told.raw_uptime * self._scale

    def _learn_scale(self, grown: float, passed: float) -> None:
        """A bare number's unit shows in how fast it grows."""
        if passed >= 0.5 and grown > 0:
            fits = (scale for scale in _SCALES if 0.5 < grown * scale / passed < 2.0)
            self._scale = next(fits, self._scale)

    def _seen_instance(self, instance: str, started: float | None) -> None:
        self._turn_to(instance)
        before = self._starts.get(instance)
        if started is not None:
            self._tells_starts = True
            if before is not None and started - before > TOLERANCE:
                self._restarts += 1
            if before is None or abs(started - before) > TOLERANCE:
                self._starts[instance] = started
                self._shorten()

    def _seen_start(self, started: float) -> None:
        self._tells_starts = True
        known = next(
            (name for name, at in self._starts.items() if at is not None and abs(at - started) <= TOLERANCE),
            None,
        )
        if known is None:
            known = f"@{started}"
            later = any(at is not None and started > at for at in self._starts.values())
            self._restarts += later
            self._starts[known] = started
            self._shorten()
        self._turn_to(known)

    def _turn_to(self, name: str) -> None:
        if name == self._current:
            return
        if name in self._former:
            self._mixed = _MIXED_FOR
        if self._current:
            self._former[self._current] = None
            while len(self._former) > 32:
                self._former.popitem(last=False)
        self._current = name

    def _shorten(self) -> None:
        while len(self._starts) > 32:
            self._starts.popitem(last=False)

    def _count(self, told: Told) -> Quantity:
        if told.restarts is not None:
            if self._told_first is None or told.restarts < self._told_first:
                self._told_first = told.restarts
            return exact(told.restarts - self._told_first)
        if self._told_first is not None:
            return self._counted
        if not self._tells_starts or self._mixed:
            return unknown()
        return at_least(self._restarts) if self._restarts else exact(0)
