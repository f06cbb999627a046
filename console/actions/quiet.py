"""What we paused or drained ourselves does not alarm, for as long as it is owed."""

from collections.abc import Iterable

from collectors.model.practice import Practice
from collectors.model.subject import Subject, SubjectId
from collectors.text import Shown
from console.engine.state import Mute, Owed, Snapshot
from console.engine.store import Store

LONGEST = 24 * 3600.0
"""Seconds for which something owed without an end is kept quiet."""


def covers(owed: Owed, subject: Subject) -> bool:
    """Whether what a subject shows is a consequence of what is owed.

    A pause stops all queues of its collector; a drain shows in all readings of its instance.
    """
    if owed.subject.practice is Practice.QUEUES:
        return (subject.practice, subject.collector) == (Practice.QUEUES, owed.subject.collector)
    if owed.subject.practice is Practice.DRAINS and subject.id != owed.subject:
        name = owed.subject.instance or owed.subject.key.decode("utf-8", "replace").rpartition("/")[2]
        return bool(subject.instance) and (subject.service, subject.instance) == (owed.service, name)
    return subject.id == owed.subject


class Quiet:
    """Keeps mutes for what is owed, and lifts them once it is not; mutes by hand are left alone."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._ours: set[SubjectId] = set()

    def keep(self, owed: Iterable[Owed]) -> None:
        """Mute what follows from ``owed``, and nothing else."""
        snapshot = self._store.snapshot()
        wanted = _mutes(tuple(owed), snapshot)
        by_hand = {mute.subject for mute in snapshot.mutes} - self._ours
        for subject, mute in wanted.items():
            if subject not in self._ours and subject not in by_hand:
                self._ours.add(subject)
                self._store.mute(mute)
        for subject in self._ours - wanted.keys():
            self._store.mute(Mute(subject, Shown(""), 0.0))
        self._ours &= wanted.keys()


def _mutes(owed: tuple[Owed, ...], snapshot: Snapshot) -> dict[SubjectId, Mute]:
    found: dict[SubjectId, Mute] = {}
    for debt in owed:
        until = debt.until or snapshot.wall + LONGEST
        for row in snapshot.rows:
            if covers(debt, row.reading.subject):
                reason = Shown(f"we did that ourselves: {debt.words}")
                found[row.reading.subject.id] = Mute(row.reading.subject.id, reason, until)
    return found
