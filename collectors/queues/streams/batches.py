"""Stuck entries in batches: kept, written, and what each came to."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from collectors.action import Control, Plan
from collectors.hands import RedisHands
from collectors.queues import _notes
from collectors.queues._canary import Fates
from collectors.queues._planning import MOST_BATCH
from collectors.queues.streams.acts import group_of, id_of, parted
from collectors.queues.streams.pending import Stuck, pending_of
from collectors.queues.streams.scripts import CLAIM, COPY
from collectors.transport.read.redis import RedisReader

REASONS = {
    "acked": "acknowledged meanwhile",
    "taken": "given anew meanwhile",
    "deleted": "without content: deleted or trimmed away",
    "large": "of more fields than a script can copy",
    "nobody": "the consumer is gone",
}
"""Why an entry stayed as it was, by the script's word."""

_WATCHED = 200
"""Entries of the last stage whose ends are looked at."""


@dataclass(frozen=True, slots=True)
class Moved:
    """An entry that was acted on: where it stands now, and how often it had been given."""

    entry: bytes
    times: int


def moved_of(states: Sequence[str], entries: Sequence[Stuck]) -> list[Moved]:
    """Those that a batch copied or claimed, by the script's answer."""
    return [
        Moved(state.partition(":")[0].encode(), 0) if ":" in state else Moved(one.entry, one.times)
        for state, one in zip(states, entries, strict=True)
        if state not in REASONS
    ]


def stuck_of(record: Mapping[str, Any]) -> list[Stuck]:
    """The entries of a record that was kept."""
    return [
        Stuck(str(entry).encode("latin-1"), str(consumer).encode("latin-1"), 0.0, int(times))
        for entry, consumer, times in record["entries"]
    ]


@dataclass(slots=True)
class Batches:
    """One run over stuck entries: what was moved, why others were not."""

    plan: Plan
    reader: RedisReader
    hands: RedisHands
    control: Control
    moved: list[Moved] = field(default_factory=list)
    reasons: Counter[str] = field(default_factory=Counter)
    batch: int = 0
    watched: int = 0
    """Index in ``moved`` from which on ends are looked at."""

    async def take(self, entries: Sequence[bytes], most: int) -> list[bytes]:
        """Keep, then copy or claim at most ``most`` of them; gives the entries that are left.

        Raises what hands and control raise.
        """
        await self.control.step(min(most, len(entries)))
        stream, group = parted(self.plan.request.subject.key)
        found = await pending_of(self.reader, stream, group, entries[:MOST_BATCH])
        idle = max(0.0, self.reader.now() - float(self.plan.detail["limit"]))
        part: list[Stuck] = []
        passed = Counter[str]()
        tried = 0
        for entry in entries[:MOST_BATCH]:
            one = found.get(entry)
            if len(part) == most:
                break
            tried += 1
            if one is None or one.idle < idle:
                passed["acked" if one is None else "taken"] += 1
            else:
                part.append(one)
        self.reasons += passed
        self.batch += 1
        rows = [[one.entry.decode(), one.consumer.decode("latin-1"), one.times] for one in part]
        await self.control.keep({"batch": self.batch, "entries": rows, "passed": dict(passed)})
        if part:
            await self._write(part, int(idle * 1000))
        return list(entries[tried:])

    async def _write(self, part: Sequence[Stuck], idle: int) -> None:
        """Copy or claim those that still are as they were kept."""
        stream, group = parted(self.plan.request.subject.key)
        claims = self.plan.detail["how"] == "claim"
        said: list[bytes | str | int] = [group, self.batch, _notes.KEPT, idle]
        if claims:
            said.append(str(self.plan.detail["consumer"]).encode("latin-1"))
        for one in part:
            said += [one.entry, one.consumer, one.times]
        keys = [stream, _notes.key_of(self.plan)]
        answer = await self.hands.script(CLAIM if claims else COPY, keys, said)
        states = answer.decode().split(",")
        self.moved += moved_of(states, part)
        self.reasons.update(state for state in states if state in REASONS)
        self.control.report(len(self.moved))

    async def look(self) -> Fates:
        """How those moved since the stage began stand now."""
        stream, group = parted(self.plan.request.subject.key)
        tried = self.moved[self.watched :][-_WATCHED:]
        told = await group_of(self.reader, stream, group)
        held = await pending_of(self.reader, stream, group, [one.entry for one in tried])
        target = str(self.plan.detail["consumer"]).encode("latin-1")
        return fates(tried, held, told[b"last-delivered-id"], target)

    @property
    def skipped(self) -> dict[str, int]:
        """Why entries stayed, in words, and how many."""
        return {REASONS[word]: count for word, count in self.reasons.items() if count}


def fates(tried: Sequence[Moved], held: Mapping[bytes, Stuck], read: bytes, target: bytes) -> Fates:
    """What became of moved entries: acknowledged is well, given once more or to another is failed.

    ``held``: those unacknowledged; ``read``: the group's last delivered id; ``target``: who was to have
    claimed ones, empty for copies.
    """
    well = failed = seen = 0
    for one in tried:
        now = held.get(one.entry)
        if now is None:
            well += id_of(one.entry) <= id_of(read)
        elif now.times > one.times + 1 or (target and now.consumer != target):
            failed += 1
        else:
            seen += now.times > one.times
    return Fates(len(tried), well=well, failed=failed, seen=seen)
