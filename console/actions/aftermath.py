"""What an invalidation cost: the two minutes before it beside the time since, in words; pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

from collectors.model.practice import Practice
from collectors.model.quantity import Unit
from collectors.model.subject import SubjectId
from collectors.text import Shown
from console.engine.history import History
from console.engine.state import Freshness, Row, Snapshot
from console.present.words import number, span
from console.settings import Service

BEFORE = 120.0
"""Seconds before the action that tell what was usual."""

WATCHED = 120.0
"""Seconds for which it is watched afterwards."""

LOOKUPS = 20.0
"""Look-ups that a ratio must rest on."""

MOST_GAP = 30.0
"""Seconds of look-ups that one sample tells of at most."""

MOST_LINES = 5
"""Pools and queues that are told of one by one."""


class _Sample(NamedTuple):
    """A value at a moment (UTC epoch seconds)."""

    at: float
    value: float


class _Gauge(NamedTuple):
    """A field whose rise is a cost: the least rise that counts, and as a part of what was usual."""

    practice: Practice
    field: str
    unit: Unit
    words: str
    least: float
    part: float


_GAUGES = (
    _Gauge(Practice.POOLS, "fill", Unit.RATIO, "fill", 0.1, 0.0),
    _Gauge(Practice.POOLS, "waiting", Unit.COUNT, "waiting", 1.0, 0.5),
    _Gauge(Practice.QUEUES, "oldest_age", Unit.SECONDS, "oldest job", 5.0, 0.5),
)


@dataclass(frozen=True, slots=True)
class Aftermath:
    """``lines`` tell it; ``over``: all the time was watched; ``worse``: something is not back, or unknown."""

    lines: tuple[Shown, ...]
    over: bool
    worse: bool


class _Course(NamedTuple):
    """How a value went: before (None: not known), at worst since, at last, and since when it is back."""

    usual: float | None
    worst: _Sample
    last: float
    back_at: float | None
    risen: bool


def aftermath(
    history: History,
    snapshot: Snapshot,
    services: Mapping[str, Service],
    subject: SubjectId,
    began: float,
    ended: float | None = None,
) -> Aftermath:
    """What became of a cache, and of the pools and queues beside it, since ``began`` (UTC epoch seconds).

    ``ended``: when the action had ended, None while it runs. Pools and queues count that belong to the
    cache's service, to one that it depends on, or to one that depends on it.
    """
    over = ended is not None and snapshot.wall >= ended + WATCHED
    until = snapshot.wall if ended is None else min(snapshot.wall, ended + WATCHED)
    row = next((row for row in snapshot.rows if row.reading.subject.id == subject), None)
    watch = _Watch(history, began, until)
    lines, worse = [Shown(_watched(began, ended, until))], False
    for line, bad in (*_of_cache(watch, subject, row), *_of_others(watch, snapshot, services, row)):
        lines.append(Shown(line))
        worse = worse or bad
    return Aftermath(tuple(lines), over, worse)


def _watched(began: float, ended: float | None, until: float) -> str:
    if ended is None:
        return f"{span(max(0.0, until - began))} watched since it began"
    if until >= ended + WATCHED:
        return f"{span(WATCHED)} watched since it ended"
    return f"{span(max(0.0, until - ended))} of {span(WATCHED)} watched since it ended"


def related(service: str, services: Mapping[str, Service]) -> tuple[str, ...]:
    """The service itself, what it depends on and what depends on it, by name."""
    needs = services[service].depends_on if service in services else ()
    needed = (name for name, other in services.items() if service in other.depends_on)
    return tuple(dict.fromkeys((service, *sorted({*needs, *needed}))))


class _Watch(NamedTuple):
    """The time before and since, UTC epoch seconds."""

    history: History
    began: float
    until: float

    def samples(self, subject: SubjectId, field: str) -> tuple[list[_Sample], list[_Sample]]:
        """Known samples of a field before and since."""
        series = self.history.series(subject, field, self.began - BEFORE)
        known = [_Sample(point.at, point.value) for point in series if point.value is not None]
        before = [one for one in known if one.at <= self.began]
        return before, [one for one in known if self.began < one.at <= self.until]


def _of_cache(watch: _Watch, subject: SubjectId, row: Row | None) -> Iterator[tuple[str, bool]]:
    """Lines on the misses and look-ups of the cache, and whether one tells of something that is not back."""
    ratios, rates = (watch.samples(subject, name) for name in ("hit_ratio", "lookups"))
    looks = _misses(ratios[0] + ratios[1], rates[0] + rates[1])
    before = [one for one in looks if one.at <= watch.began]
    since = looks[len(before) :]
    if row is None or row.freshness is not Freshness.LIVE:
        yield (
            f"the cache is {row.freshness if row else Freshness.GONE}: what it misses now is not known",
            True,
        )
    if not since:
        yield "nobody has looked anything up since, or it is not known", False
    else:
        usual = _ratio(before) if before else None
        windows = _windows(since)
        margin = 0.05 if usual is None else max(0.02, usual * 0.5)
        course = _course(usual, windows, margin)
        more = _more(since, usual) if course.risen and usual is not None else ""
        yield (
            f"misses {_words(course, Unit.RATIO, watch.began)}{more}",
            course.risen and course.back_at is None,
        )
    if rates[0] and rates[1]:
        was, now = (sum(one.value for one in part) / len(part) for part in rates)
        yield f"look-ups {number(was, Unit.PER_SECOND)} before, {number(now, Unit.PER_SECOND)} since", False


class _Look(NamedTuple):
    """Look-ups up to a moment, and how many of them missed."""

    at: float
    lookups: float
    misses: float


def _misses(ratios: Sequence[_Sample], rates: Sequence[_Sample]) -> list[_Look]:
    """What came with each sample; the first has nothing before it from which its length follows."""
    by_time = {one.at: one.value for one in rates}
    looks = []
    for earlier, sample in pairwise(ratios):
        # a sample after a silence does not tell of all of it
        lookups = by_time.get(sample.at, 0.0) * min(MOST_GAP, sample.at - earlier.at)
        if lookups > 0:
            looks.append(_Look(sample.at, lookups, lookups * (1 - sample.value)))
    return looks


def _ratio(looks: Sequence[_Look]) -> float:
    return round(sum(one.misses for one in looks) / sum(one.lookups for one in looks), 4)


def _windows(looks: Sequence[_Look]) -> list[_Sample]:
    """Miss ratios over as few samples as hold enough look-ups; over all where all are too few."""
    found, taken = [], list[_Look]()
    for look in looks:
        taken.append(look)
        if sum(one.lookups for one in taken) >= LOOKUPS:
            found.append(_Sample(look.at, _ratio(taken)))
            taken = []
    return found or [_Sample(looks[-1].at, _ratio(looks))]


def _more(since: Sequence[_Look], usual: float) -> str:
    """How many more missed than usually would have."""
    more = sum(one.misses for one in since) - usual * sum(one.lookups for one in since)
    return f"; about {number(more, Unit.COUNT)} more than usual" if more >= 1 else ""


def _of_others(
    watch: _Watch, snapshot: Snapshot, services: Mapping[str, Service], row: Row | None
) -> Iterator[tuple[str, bool]]:
    """Lines on pools and queues that became worse, or on there being none."""
    service = row.reading.subject.service if row else ""
    if not service:
        yield "the cache belongs to no service: which pools and queues it burdens is not known", False
        return
    names = related(service, services)
    rows = [one for one in snapshot.rows if one.reading.subject.service in names]
    told = [line for one in rows for line in _of_row(watch, one)]
    watched = [one for one in rows if one.reading.practice in (Practice.POOLS, Practice.QUEUES)]
    listed = ", ".join(names)
    if not watched:
        yield f"no pool and no queue of {listed} is watched", False
    elif not told:
        yield f"pools and queues of {listed}: no worse than before", False
    yield from sorted(told, key=lambda line: not line[1])[:MOST_LINES]
    if len(told) > MOST_LINES:
        yield f"and {len(told) - MOST_LINES} more became worse", any(bad for _line, bad in told[MOST_LINES:])


def _of_row(watch: _Watch, row: Row) -> Iterator[tuple[str, bool]]:
    """A line for each gauge of a pool or queue that rose; or that nothing is known of it."""
    reading = row.reading
    gauges = [gauge for gauge in _GAUGES if gauge.practice is reading.practice]
    if not gauges:
        return
    place = f"{_KINDS[reading.practice]} {reading.subject.label} of {reading.subject.service}"
    if row.freshness is not Freshness.LIVE:
        yield f"{place}: {row.freshness}, what it cost there is not known", True
        return
    for gauge in gauges:
        before, since = watch.samples(reading.subject.id, gauge.field)
        if not since:
            continue
        usual = max(one.value for one in before) if before else None
        course = _course(usual, since, max(gauge.least, (usual or 0.0) * gauge.part))
        if course.risen:
            words = _words(course, gauge.unit, watch.began)
            yield f"{place}: {gauge.words} {words}", course.back_at is None


_KINDS = {Practice.POOLS: "pool", Practice.QUEUES: "queue"}


def _course(usual: float | None, since: Sequence[_Sample], margin: float) -> _Course:
    """How it went; what was not known before counts as nothing."""
    worst = max(since, key=lambda one: one.value)
    limit = (usual or 0.0) + margin
    risen = worst.value > limit
    back_at = None
    for one in reversed(since):
        if one.value > limit:
            break
        back_at = one.at
    return _Course(usual, worst, since[-1].value, back_at if risen else None, risen)


def _words(course: _Course, unit: Unit, began: float) -> str:
    """``3 % -> 41 %, back to 5 % after 70 s``; ``4 %, 3 % before`` where it did not rise."""
    last = _said(course.last, unit)
    if not course.risen:
        return f"{last}, {'not known' if course.usual is None else _said(course.usual, unit)} before"
    usual = "unknown" if course.usual is None else _said(course.usual, unit)
    told = f"{usual} -> {_said(course.worst.value, unit)}"
    if course.back_at is None:
        return told + ("" if course.last == course.worst.value else f", still {last}")
    return f"{told}, back to {last} after {_said(course.back_at - began, Unit.SECONDS)}"


def _said(value: float, unit: Unit) -> str:
    """A value; some minutes in seconds, since the whole watch lasts but two."""
    return f"{value:.0f} s" if unit is Unit.SECONDS and 10 <= value < 300 else number(value, unit)
