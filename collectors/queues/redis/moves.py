"""Elements out of a list by their bytes, and back to their places: what retry and delete have in common."""

import secrets
import zlib
from base64 import b64decode, b64encode
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from collectors.action import Control, Outcome, Plan, RefusedError, Result
from collectors.hands import RedisHands
from collectors.queues import _notes
from collectors.queues._planning import MOST_BATCH
from collectors.queues.redis.elements import Ends, Mark, bytes_of
from collectors.queues.redis.scripts import MOVE, RESTORE
from collectors.text import Shown
from collectors.transport.read.redis import RedisReader

MOST_BYTES = 1024 * 1024
"""Bytes of the elements of one batch, unless one alone has more."""

NEEDS_TIME = 60.0
"""Seconds that an expiry must lie ahead to be set again."""

GONE = "gone: no longer in the list"
UNTOLD = "not told apart from newer ones: plan it anew"

NEEDS = ("EVAL", "LPUSH", "RPUSH", "LREM", "LINSERT", "LSET", "HSET", "EXPIRE", "PEXPIREAT")
"""Rights for the way there and back."""

Item = tuple[int, bytes]
"""A place, counted from the oldest, and the element that stood there when the plan was made."""


@dataclass(frozen=True, slots=True)
class Road:
    """From which list to which (None: nowhere), and where their newest elements stand."""

    source: bytes
    ends: Ends
    target: bytes | None
    target_ends: Ends


def packed(places: Sequence[int]) -> str:
    """Ascending places as short text: a bit for each place of the list, deflated."""
    bits = bytearray(places[-1] // 8 + 1 if places else 0)
    for place in places:
        bits[place // 8] |= 1 << place % 8
    return b64encode(zlib.compress(bits)).decode()


def unpacked(text: str) -> list[int]:
    """The places of ``packed``."""
    bits = zlib.decompress(b64decode(text))
    return [8 * index + bit for index, byte in enumerate(bits) for bit in range(8) if byte >> bit & 1]


def items_of(plan: Plan) -> list[Item]:
    """The elements of a plan with their places, oldest first."""
    return list(zip(unpacked(str(plan.detail["places"])), plan.items, strict=True))


def batches(items: Sequence[Item], most: int) -> Iterator[list[Item]]:
    """Items in parts of at most ``most`` and at most 1 MiB."""
    part: list[Item] = []
    size = 0
    for item in items:
        if part and (len(part) >= most or size + len(item[1]) > MOST_BYTES):
            yield part
            part, size = [], 0
        part.append(item)
        size += len(item[1])
    if part:
        yield part


@dataclass(slots=True)
class Moves:
    """One run: what it has moved, what was gone, and how long the source was before the last batch."""

    plan: Plan
    road: Road
    hands: RedisHands
    control: Control
    mark: bytes = b""
    behind: int = 0
    moved: list[bytes] = field(default_factory=list)
    gone: int = 0
    untold: int = 0
    length: int = 0
    batch: int = 0
    _reach: int = 1

    async def begin(self, reader: RedisReader) -> bool:
        """Find the newest element of the plan again; False where it is gone, and with it the cut-off."""
        told = self.plan.detail["mark"]
        if told is None:
            return True
        mark = Mark(str(told["digest"]), int(told["behind"]))
        found = await bytes_of(reader, self.road.source, self.road.ends, mark)
        if found is None:
            return False
        self.mark, self.behind = found, mark.behind
        return True

    async def take(self, items: Sequence[Item], most: int) -> list[Item]:
        """Keep, then move at most ``most`` of one batch; gives the items that are left.

        Raises what hands and control raise.
        """
        part = next(batches(items, min(MOST_BATCH, most * self._reach)))
        await self.control.step(min(most, len(part)))
        self.batch += 1
        await self.control.keep(
            {
                "batch": self.batch,
                "elements": [element.decode("latin-1") for _, element in part],
                "places": [place for place, _ in part],
            }
        )
        road = self.road
        left = int(self.plan.detail["length"]) - len(self.moved) - self.gone
        keys = [road.source, _notes.key_of(self.plan), *([road.target] if road.target is not None else [])]
        said: list[bytes | str | int] = [road.ends.flag, road.target_ends.flag, self.batch, _notes.KEPT]
        said += [left, self.mark, self.behind, most, *(element for _, element in part)]
        word, told, self.length = await self.hands.script(MOVE, keys, said)
        if word == b"lost":
            self.untold += len(items)
            return []
        went = [element for (_, element), state in zip(part, told, strict=True) if state == ord("1")]
        self.moved += went
        self.gone += told.count(b"0")
        # where others have taken many, it looks further at once, and still moves no more than `most`
        self._reach = 1 if went else 2 * self._reach
        if self.mark and self.mark in went:
            # ours is the hand that took it: from here on the length alone is the bound
            self.mark = b""
        self.control.report(len(self.moved))
        return list(items[len(told) - told.count(b".") :])

    @property
    def skipped(self) -> dict[str, int]:
        """Why elements stayed, in words, and how many."""
        reasons = {GONE: self.gone, UNTOLD: self.untold}
        return {words: count for words, count in reasons.items() if count}


def lost(plan: Plan) -> Outcome:
    """The outcome where the cut-off cannot be found any more."""
    return Outcome(
        result=Result.FAILED,
        count=0,
        words=Shown("the newest element that the plan saw is gone: plan it anew"),
        skipped={UNTOLD: int(plan.detail["count"])},
    )


async def reconciled(reader: RedisReader, plan: Plan, kept: Sequence[Mapping[str, Any]]) -> Outcome:
    """What a run did that nobody saw end: its notes say it, element by element."""
    notes = await _notes.noted(reader, plan, _notes.batches(kept))
    told = [note for note in notes if note is not None]
    if not told or None in notes[:-1]:
        return await _notes.missing(reader, plan, sum(note.count(b"1") for note in told))
    count, wanted = sum(note.count(b"1") for note in told), int(plan.detail["count"])
    gone = sum(note.count(b"0") for note in told)
    over = count + gone >= wanted
    end = "it went to its end" if over else f"it was interrupted; {wanted - count - gone} were not touched"
    return Outcome(
        result=Result.DONE if over else Result.FAILED,
        count=count,
        words=Shown(f"{count} of {wanted}: {end}"),
        skipped={GONE: gone} if gone else {},
    )


async def restored(
    plan: Plan, road: Road, kept: Sequence[Mapping[str, Any]], hands: RedisHands, control: Control, now: float
) -> Outcome:
    """Put everything back that ``kept`` names and that is not taken meanwhile, each to its place.

    ``now``: the server's clock.
    """
    back = taken = missing = 0
    seen = False
    expires = plan.detail.get("expires")
    expiry = str(expires) if expires is not None and expires / 1000 > now + NEEDS_TIME else ""
    keys = [road.source, _notes.key_of(plan), *([road.target] if road.target is not None else [])]
    for record in kept:
        elements = [str(one).encode("latin-1") for one in record["elements"]]
        await control.step(len(elements))
        said: list[bytes | str | int] = [road.ends.flag, road.target_ends.flag, record["batch"], _notes.KEPT]
        said += [secrets.token_bytes(16), missing, expiry]
        for element, place in zip(elements, record["places"], strict=True):
            said += [element, place]
        word, told, missing = await hands.script(RESTORE, keys, said)
        seen = seen or word != b"never"
        back += told.count(b"1")
        taken += told.count(b"0")
        control.report(back)
    if not seen:
        raise RefusedError("the run left no notes in the target", "nothing was moved, or it is too long ago")
    skipped = {"taken by a worker meanwhile": taken} if taken else {}
    result = Result.DONE if back or not taken else Result.FAILED
    return Outcome(result=result, count=back, words=Shown(f"{back} put back, byte for byte"), skipped=skipped)
