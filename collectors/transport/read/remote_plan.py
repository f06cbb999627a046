"""What of which files on another machine is to be read, in which order, from where on."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from collectors.transport.read.files_back import When
from collectors.transport.read.files_past import in_order
from collectors.transport.read.files_place import FilePlace
from collectors.transport.read.remote_back import find_back
from collectors.transport.read.remote_look import Listed, Peek, RemoteLook

MOST_LOOKED_AT = 12
"""Rotated files, the youngest, among which a place is looked for."""


@dataclass(slots=True)
class Segment:
    """A file to read from ``offset`` on.

    ``head`` and ``before``: its first bytes and those right before the offset. ``replay_end``: what lies
    before it, an earlier run has had. ``place``: which of the given places it goes on at. ``midline``: what
    comes first is the rest of a line.
    """

    file: Listed
    offset: int
    replay_end: int = 0
    place: int | None = None
    midline: bool = False
    head: bytes = b""
    before: bytes = b""


@dataclass(slots=True)
class Plan:
    """The segments of one path, oldest first.

    ``lost_more``: a place was found nowhere. ``skipped``: bytes left out. ``cut`` and ``timed``: of the
    reading back.
    """

    segments: list[Segment] = field(default_factory=list)
    lost_more: bool = False
    skipped: int = 0
    cut: bool = False
    timed: bool = True


@dataclass(frozen=True, slots=True)
class Wanted:
    """How far to read back (UTC epoch seconds, bytes), and how many bytes to catch up at most."""

    cutoff: float
    back_bytes: int
    catch_up: int
    when: When


async def resumed(
    look: RemoteLook, path: str, main: Listed | None, places: Sequence[FilePlace], wanted: Wanted | None
) -> Plan | None:
    """Go on at ``places``; with ``wanted`` also back from there, for those who look.

    None where the last place is found nowhere. Raises SourceError.
    """
    near = {listed.path: listed for listed in await look.near(path)}
    if main is not None:
        near[main.path] = main
    sizes = [(one.path.rpartition("/")[2], one.size, one.mtime) for one in near.values()]
    ordered = [near[one.path] for one in in_order(path, sizes) if not one.compressed and one.path in near]
    files = ordered[-MOST_LOOKED_AT:]
    found = await _find(look, files, places)
    last = found[-1]
    if last is None:
        return None
    plan = Plan(lost_more=None in found)
    for at, file in enumerate(files):
        if at in found:
            number = found.index(at)
            plan.segments.append(Segment(file, places[number].offset, place=number))
        elif at > last:
            plan.segments.append(Segment(file, 0))
    if wanted is not None:
        plan.skipped = _skip(plan.segments, wanted.catch_up)
        await _replay(look, plan, files, last, wanted)
    return plan


async def begun(look: RemoteLook, path: str, main: Listed, wanted: Wanted) -> Plan:
    """Begin anew, the wanted time back; raises SourceError."""
    back = await find_back(look, main, wanted.when, wanted.cutoff, wanted.back_bytes)
    plan = Plan([Segment(main, back.offset)], cut=back.cut, timed=back.timed)
    if back.young and wanted.back_bytes - main.size > 0:
        older = await _before(look, path, main)
        if older is not None and older.mtime + 1 >= wanted.cutoff:
            most = wanted.back_bytes - main.size
            back = await find_back(look, older, wanted.when, wanted.cutoff, most)
            plan.segments.insert(0, Segment(older, back.offset))
            plan.cut = back.cut
    return plan


async def with_bytes(look: RemoteLook, segments: Sequence[Segment]) -> None:
    """Fetch what makes each place known again; raises SourceError."""
    wanted = []
    for one in segments:
        before = min(64, one.offset)
        wanted += [
            Peek(one.file.path, 0, min(256, one.offset)),
            Peek(one.file.path, one.offset - before, before),
        ]
    told = await look.peek([one for one in wanted if one.size])
    for one in segments:
        if one.offset:
            one.head, one.before = told.pop(0), told.pop(0)


async def _find(look: RemoteLook, files: list[Listed], places: Sequence[FilePlace]) -> list[int | None]:
    """For each place the file in which it lies: the one of its number, or a copy that was made of it."""
    asked: list[tuple[int, int]] = []
    peeks: list[Peek] = []
    for number, place in enumerate(places):
        for at, file in enumerate(files):
            if file.size >= place.offset and (file.id == place.id or place.before.size):
                asked.append((number, at))
                peeks.append(Peek(file.path, 0, place.head.size))
                peeks.append(Peek(file.path, place.offset - place.before.size, place.before.size))
    told = iter(await look.peek([one for one in peeks if one.size]))
    data = [next(told) if one.size else b"" for one in peeks]
    fits: dict[int, list[int]] = {number: [] for number in range(len(places))}
    for index, (number, at) in enumerate(asked):
        place = places[number]
        if place.head.fits(data[2 * index]) and place.before.fits(data[2 * index + 1]):
            fits[number].append(at)
    found: list[int | None] = []
    for number, place in enumerate(places):
        same = [at for at in fits[number] if files[at].id == place.id]
        found.append(next(iter(same or fits[number][::-1]), None))
    return found


async def _replay(look: RemoteLook, plan: Plan, files: list[Listed], last: int, wanted: Wanted) -> None:
    """Move the place of the last file back to the wanted time; what is passed is marked as replayed."""
    segment = next(one for one in plan.segments if one.file is files[last])
    stopped = segment.offset
    newer = sum(one.file.size for one in plan.segments if one.file is not segment.file)
    most = max(0, wanted.back_bytes - newer)
    if plan.skipped or not most:
        return
    back = await find_back(look, segment.file, wanted.when, wanted.cutoff, most)
    plan.cut, plan.timed = back.cut, back.timed
    if back.offset < stopped:
        segment.offset, segment.replay_end = back.offset, stopped
    if back.young and last > 0 and segment.place == 0:
        older = files[last - 1]
        back = await find_back(look, older, wanted.when, wanted.cutoff, max(0, most - segment.file.size))
        plan.segments.insert(0, Segment(older, back.offset, older.size))
        plan.cut = back.cut


async def _before(look: RemoteLook, path: str, main: Listed) -> Listed | None:
    """The file that was rotated away last."""
    near = {listed.path: listed for listed in await look.near(path)}
    sizes = [(one.path.rpartition("/")[2], one.size, one.mtime) for one in near.values()]
    older = [one for one in in_order(path, sizes) if not one.compressed and one.path in near]
    return next((near[one.path] for one in reversed(older) if near[one.path].id != main.id), None)


def _skip(segments: list[Segment], most: int) -> int:
    """Move on over the oldest of what is more than wanted; how many bytes."""
    over = sum(one.file.size - one.offset for one in segments) - most
    skipped = 0
    for one in segments:
        moved = min(max(0, over - skipped), one.file.size - one.offset)
        one.offset += moved
        one.midline |= moved > 0
        skipped += moved
    return skipped
