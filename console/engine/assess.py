"""Verdicts from readings: hard limits and configured thresholds, with for, clear and min_volume."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from collectors.model.fields import Bad, FieldSpec
from collectors.model.level import Level
from collectors.model.practice import Practice
from collectors.model.quantity import Known, Quantity
from collectors.model.reading import Reading
from collectors.model.subject import SubjectId
from collectors.model.sweep import Sweep
from collectors.model.verdict import Verdict
from collectors.text import Shown
from console.engine.limits import Finding, judge_hard
from console.present.words import number, say
from console.settings import Threshold

_VOLUME = {
    Practice.QUEUES: "ready",
    Practice.CACHES: "lookups",
    Practice.POOLS: "in_use",
    Practice.LOGS: "line_rate",
}
"""The field that ``min_volume`` is compared with."""


@dataclass(slots=True)
class _Held:
    """The level that a field of a subject has, and since when its values were at least that bad.

    ``warned_at`` and ``critical_at``: boottime seconds, None where the last value was better.
    """

    level: Level = Level.OK
    warned_at: float | None = None
    critical_at: float | None = None


class Judge:
    """Judges the readings of one source; keeps what ``for`` and ``clear`` need between passes."""

    def __init__(self, thresholds: Mapping[str, Threshold]) -> None:
        self._thresholds = dict(thresholds)
        self._held: dict[tuple[SubjectId, str], _Held] = {}
        self._began: dict[SubjectId, tuple[Level, float]] = {}

    def judge(self, sweep: Sweep) -> tuple[Verdict, ...]:
        """One verdict for each reading of ``sweep``, in its order."""
        verdicts = tuple(self._verdict(reading, sweep) for reading in sweep.readings)
        if sweep.complete:
            alive = {reading.subject.id for reading in sweep.readings}
            self._held = {key: held for key, held in self._held.items() if key[0] in alive}
            self._began = {key: began for key, began in self._began.items() if key in alive}
        return verdicts

    def _verdict(self, reading: Reading, sweep: Sweep) -> Verdict:
        found = [*judge_hard(reading), *self._configured(reading, sweep.arrived)]
        worst = max(found, key=_order, default=Finding(Level.NONE, ""))
        others = [one.reason for one in found if one is not worst and one.level.rank > Level.OK.rank]
        subject = reading.subject.id
        began = self._began.get(subject)
        if began is None or began[0] is not worst.level:
            began = self._began[subject] = (worst.level, sweep.taken)
        return Verdict(
            level=worst.level,
            rule="limits",
            service=reading.subject.service,
            practice=reading.practice,
            reason=Shown(worst.reason),
            evidence=tuple(Shown(other) for other in others),
            subject=subject,
            since=began[1],
            worth=worst.worth,
        )

    def _configured(self, reading: Reading, now: float) -> Iterator[Finding]:
        if not self._thresholds:
            return
        quantities = reading.quantities()
        specs = {spec.name: spec for spec in reading.specs()}
        for name, threshold in self._thresholds.items():
            quantity = quantities.get(name)
            if quantity is None:
                continue
            spec = specs.get(name) or FieldSpec(name, quantity.unit, "", Bad.HIGH)
            held = self._held.setdefault((reading.subject.id, name), _Held())
            if not _may_be_judged(quantity, spec) or _too_few(reading, quantities, threshold):
                held.warned_at = held.critical_at = None
                continue
            level = _level(quantity, threshold, spec.bad, held.level)
            level = _held_for(held, level, threshold.for_, now)
            yield Finding(level, _words(spec, quantity, threshold, level), abs(quantity.value or 0.0))


def _order(one: Finding) -> tuple[int, float]:
    """Worst first; of several that hold, the hard limit speaks, which comes first."""
    return (one.level.rank, one.worth if one.level.rank > Level.OK.rank else 0.0)


def _may_be_judged(quantity: Quantity, spec: FieldSpec) -> bool:
    """Unknown values never; a lower bound not where low is bad: the value itself may be well."""
    return quantity.value is not None and not (quantity.known is Known.AT_LEAST and spec.bad is Bad.LOW)


def _too_few(reading: Reading, quantities: Mapping[str, Quantity], threshold: Threshold) -> bool:
    """Whether too little goes on for a judgement; a practice without a volume is always judged."""
    field = _VOLUME.get(reading.practice)
    if threshold.min_volume is None or field is None:
        return False
    volume = quantities[field].value
    return volume is None or volume < threshold.min_volume


def _level(quantity: Quantity, threshold: Threshold, bad: Bad, before: Level) -> Level:
    """The level of a value; what was bad stays so until it is past ``clear``."""
    sign = -1.0 if bad is Bad.LOW else 1.0
    value = sign * (quantity.value or 0.0)
    if threshold.critical is not None and value >= sign * threshold.critical:
        return Level.CRITICAL
    warned = threshold.warning is not None and value >= sign * threshold.warning
    holds = (
        threshold.clear is not None and before.rank >= Level.WARNING.rank and value > sign * threshold.clear
    )
    return Level.WARNING if warned or holds else Level.OK


def _held_for(held: _Held, level: Level, seconds: float, now: float) -> Level:
    """A worse level counts once values were at least as bad for ``seconds``; a better one at once."""
    held.warned_at = _since(held.warned_at, now, lasts=level is not Level.OK)
    held.critical_at = _since(held.critical_at, now, lasts=level is Level.CRITICAL)
    if held.critical_at is not None and now - held.critical_at >= seconds:
        proven = Level.CRITICAL
    elif held.warned_at is not None and now - held.warned_at >= seconds:
        proven = Level.WARNING
    else:
        proven = Level.OK
    held.level = level if level.rank <= held.level.rank else max(held.level, proven, key=_rank)
    return held.level


def _since(before: float | None, now: float, *, lasts: bool) -> float | None:
    if not lasts:
        return None
    return now if before is None else before


def _rank(level: Level) -> int:
    return level.rank


def _words(spec: FieldSpec, quantity: Quantity, threshold: Threshold, level: Level) -> str:
    sign, side, back = (-1.0, "below", "above") if spec.bad is Bad.LOW else (1.0, "above", "below")
    told = f"{spec.name.replace('_', ' ')} {_value_words(quantity)}"
    value = quantity.value or 0.0
    limit = threshold.critical if level is Level.CRITICAL else threshold.warning
    if level is Level.OK:
        return told
    if limit is not None and value == limit:
        return f"{told}, at the limit of {number(limit, spec.unit)}"
    if limit is not None and sign * value > sign * limit:
        return f"{told}, {side} the limit of {number(limit, spec.unit)}"
    if threshold.clear is not None:
        return f"{told}, not yet back {back} {number(threshold.clear, spec.unit)}"
    return told


def _value_words(quantity: Quantity) -> str:
    if quantity.known is Known.AT_LEAST and quantity.value is not None:
        return f"at least {number(quantity.value, quantity.unit)}"
    return say(quantity)
