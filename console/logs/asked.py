"""A question as the live view asks it of the ring's records: which pass, and which time is meant."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, tzinfo

from collectors.lines.facts import Profile, detect
from collectors.model.subject import Subject
from console.logs.asking.batch import Batch
from console.logs.asking.evaluate import Evaluation, window_of
from console.logs.asking.sinks import TableSink
from console.logs.asking.testing import Moment
from console.logs.asking.wanted import fields_of
from console.logs.gathering import sampled, stream_of
from console.logs.language import parse
from console.logs.language.moments import Window
from console.logs.language.syntax import Aggregate, Everything, Field, Function, Summary
from console.logs.ring import KeptRecord
from console.logs.source import Chunk

AGAIN = 200_000
"""Lines of a stream after which its format is recognised anew."""

_COUNTED = Summary((Aggregate(Function.COUNT),))


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
        # a question that only counts reads no times: they are known already
        counting = replace(self.question, when=(), stages=(_COUNTED,))
        self._timed = Field("time") in fields_of(counting)
        self._evaluation = Evaluation(counting, self.moment, Window())
        self._evaluation.sink = self._places

    @property
    def everything(self) -> bool:
        """Whether it lets all through."""
        return not self.filters and not self.service and self.window == Window()

    def passing(self, records: Sequence[KeptRecord]) -> list[int]:
        """The places of the records that pass, whenever they were written."""
        service = self.service
        if not self.filters:
            if not service:
                return list(range(len(records)))
            return [at for at, record in enumerate(records) if record.subject.service == service]
        if len({id(record.subject) for record in records}) == 1:
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

    def _of_one(self, subject: Subject, records: Sequence[KeptRecord]) -> list[int]:
        raws = [record.raw for record in records]
        times = [record.time for record in records] if self._timed else 0.0
        profile = self._profiles.of(subject, raws)
        self._places.found.clear()
        self._evaluation.feed(Chunk(stream_of(subject), profile, records=raws, arrivals=times, joined=True))
        return sorted(self._places.found)


class _Places(TableSink):
    """Keeps the places of the lines that pass."""

    def __init__(self) -> None:
        super().__init__(_COUNTED, [], 0.0, 0)
        self.found: list[int] = []

    def feed(self, batch: Batch) -> None:
        """Keep a batch's places."""
        self.found += batch.places()
