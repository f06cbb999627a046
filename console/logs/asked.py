"""A question as the live view asks it of the ring's records: which pass, and which time is meant."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, tzinfo
from operator import attrgetter

from collectors.lines.facts import Profile, detect
from collectors.model.logs import Severity
from collectors.model.subject import Subject
from console.logs.asking.batch import Batch
from console.logs.asking.evaluate import Evaluation, window_of
from console.logs.asking.sinks import TableSink
from console.logs.asking.testing import Moment, asks
from console.logs.asking.values import ABSENT
from console.logs.asking.wanted import fields_of
from console.logs.gathering import sampled, stream_of
from console.logs.language import parse
from console.logs.language.moments import Window
from console.logs.language.syntax import (
    Aggregate,
    And,
    Compare,
    Everything,
    Field,
    Filter,
    Function,
    Not,
    Sign,
    Summary,
    all_of,
)
from console.logs.ring import Kept
from console.logs.source import Chunk

AGAIN = 200_000
"""Lines of a stream after which its format is recognised anew."""

_COUNTED = Summary((Aggregate(Function.COUNT),))
_LEVEL = Field("level")
_SUBJECT, _RAW = attrgetter("subject"), attrgetter("raw")


class Profiles:
    """How the lines of each stream are to be read: recognised once, and again after many lines."""

    def __init__(self) -> None:
        self._known: dict[Subject, tuple[Profile, int]] = {}

    def of(self, subject: Subject, raws: Sequence[bytes]) -> Profile:
        """The profile of a stream whose lines these are."""
        profile, seen = self._known.get(subject, (None, AGAIN))
        if profile is None or seen >= AGAIN:
            profile, seen = detect(sampled(raws)), 0
        self._known[subject] = (profile, seen + len(raws))
        return profile


class Asked:
    """A question, of one service's streams where one is named. Raises QuestionError.

    ``window`` is its time as of ``now``, UTC epoch seconds, in the zone that is shown.
    """

    def __init__(
        self,
        text: str,
        service: str = "",
        *,
        now: float,
        zone: tzinfo = UTC,
        profiles: Profiles | None = None,
    ) -> None:
        self.text = text
        self.service = service
        self.question = parse(text)
        self.moment = Moment(now, zone)
        self.window = window_of(self.question, self.moment)
        self.filters = not isinstance(self.question.filter, Everything)
        self._places = _Places()
        self._profiles = profiles or Profiles()
        levels, rest = _parted(self.question.filter)
        self._levels = _passing_levels(levels, self.moment) if levels else None
        self._reads = not isinstance(rest, Everything)
        # a question that only counts reads no times: they are known already
        counting = replace(self.question, filter=rest, when=(), stages=(_COUNTED,))
        self._timed = Field("time") in fields_of(counting)
        self._evaluation = Evaluation(counting, self.moment, Window())
        self._evaluation.sink = self._places

    @property
    def everything(self) -> bool:
        """Whether it lets all through."""
        return not self.filters and not self.service and self.window == Window()

    def passing(self, records: Sequence[Kept]) -> list[int]:
        """The places of the records that pass, whenever they were written."""
        service, levels = self.service, self._levels
        if levels is not None:
            # what was read once for the lines on the screen is not read again
            kept = [at for at, record in enumerate(records) if record.severity in levels]
            passed = self._at_any_level([records[at] for at in kept]) if self._reads or service else None
            return kept if passed is None else [kept[at] for at in passed]
        return self._at_any_level(records)

    def _at_any_level(self, records: Sequence[Kept]) -> list[int]:
        service = self.service
        if not self._reads:
            if not service:
                return list(range(len(records)))
            return [at for at, record in enumerate(records) if record.subject.service == service]
        if len(set(map(id, map(_SUBJECT, records)))) == 1:
            subject = records[0].subject
            return self._of_one(subject, records) if not service or subject.service == service else []
        parted: dict[Subject, list[int]] = {}
        for at, record in enumerate(records):
            if not service or record.subject.service == service:
                parted.setdefault(record.subject, []).append(at)
        passed: list[int] = []
        for subject, places in parted.items():
            found = self._of_one(subject, [records[at] for at in places])
            passed += [places[at] for at in found]
        return sorted(passed)

    def _of_one(self, subject: Subject, records: Sequence[Kept]) -> list[int]:
        raws = list(map(_RAW, records))
        times = [record.time for record in records] if self._timed else 0.0
        profile = self._profiles.of(subject, raws)
        self._places.found.clear()
        self._evaluation.feed(Chunk(stream_of(subject), profile, records=raws, arrivals=times, joined=True))
        return sorted(self._places.found)


def _parted(term: Filter) -> tuple[list[Filter], Filter]:
    """What a filter asks of the level alone, and the rest of it."""
    terms = list(term.terms) if isinstance(term, And) else [term]
    levels = [one for one in terms if _of_level(one)]
    return levels, all_of([one for one in terms if not _of_level(one)])


def _of_level(term: Filter) -> bool:
    inner = term.term if isinstance(term, Not) else term
    return isinstance(inner, Compare) and inner.field == _LEVEL and inner.sign is not Sign.MATCHES


def _passing_levels(terms: Sequence[Filter], moment: Moment) -> frozenset[Severity | None]:
    """The levels that pass, None for records that tell none; asked of the language's own tests."""
    passing: set[Severity | None] = set()
    for severity in (*Severity, None):
        value = ABSENT if severity is None else int(severity)
        if all(_fits(term, value, moment) for term in terms):
            passing.add(severity)
    return frozenset(passing)


def _fits(term: Filter, value: object, moment: Moment) -> bool:
    if isinstance(term, Not):
        return not _fits(term.term, value, moment)
    return isinstance(term, Compare) and asks(term, moment, None)(value)


class _Places(TableSink):
    """Keeps the places of the lines that pass."""

    def __init__(self) -> None:
        super().__init__(_COUNTED, [], 0.0, 0)
        self.found: list[int] = []

    def feed(self, batch: Batch) -> None:
        """Keep a batch's places."""
        self.found += batch.places()
