"""One record → the facts that every logger tells, and its fields with their types."""

import time as clock
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from collectors.lines.detecting import detect
from collectors.lines.profile import Profile
from collectors.logs._formats import csvlog, export
from collectors.logs._formats.assemble import Assembled
from collectors.logs._formats.joins import opens_trace
from collectors.logs._formats.virtual import duration_of, error_of, stack_of, trace_of, word_of
from collectors.model.logs import Severity

__all__ = ["Facts", "Profile", "begins", "detect", "facts", "numbered", "records"]


@dataclass(frozen=True, slots=True)
class Facts:
    """What one record tells, in its own words: nothing is redacted or made visible yet.

    ``time`` is UTC epoch seconds, ``duration`` seconds, ``trace`` the one form of ``traces.trace_id``;
    each is None where the record does not tell it. ``fields`` are all of its fields as values of JSON.
    ``parsed``: it fitted its format. ``hostile``: it holds what was made to deceive a reader.
    """

    time: float | None = None
    severity: Severity | None = None
    message: str = ""
    logger: str | None = None
    trace: str | None = None
    request: str | None = None
    error: str | None = None
    stack: str | None = None
    duration: float | None = None
    service: str | None = None
    host: str | None = None
    fields: Mapping[str, Any] = field(default_factory=dict)
    parsed: bool = True
    hostile: bool = False


def facts(raw: bytes, profile: Profile, now: float | None = None) -> Facts:
    """What a record tells; several lines that belong together are joined by newlines.

    ``now`` (UTC epoch seconds, default the present) dates times without a year or a day. Never raises,
    whatever the bytes: what no reader understands is a message. Of a line that holds many records it
    tells the first; ``records`` tells all.
    """
    if raw[:1] == b"{" and b"\n" not in raw and profile.reader.takes_json:
        told, rung, hostile = profile.reader.object(raw)
        # what may hold another line goes the long way
        if told is not None and "log" not in told.fields:
            return _told(Assembled(told, [raw], 0, 0.0, hostile, raw, "json", 0, rung), profile)
    present = clock.time() if now is None else now
    assembler = profile.assembler()
    made: list[Assembled] = []
    for line in raw.split(b"\n"):
        made += assembler.take(line, 0, present, 0.0)
    made += assembler.flush(0.0, force=True)
    first = made[0]
    for other in made[1:]:
        # whoever joined the lines knew why
        first.below += other.bytes.decode("utf-8", "replace").split("\n")
        first.hostile |= other.hostile
    return _told(first, profile)


def records(
    lines: Iterable[bytes], profile: Profile, now: float | None = None
) -> Iterator[tuple[bytes, Facts]]:
    """Each record of a stream's lines in order: its own bytes, and what it tells.

    Lines that belong together are one record, as they are in the live stream; a line that holds many
    records gives lines of one each.
    """
    for raw, told, _ in numbered(lines, profile, now):
        yield raw, told


def numbered(
    lines: Iterable[bytes], profile: Profile, now: float | None = None
) -> Iterator[tuple[bytes, Facts, int]]:
    """The same, and which of the lines, counted from 0, is the record's first."""
    present = clock.time() if now is None else now
    assembler = profile.assembler()
    for line in lines:
        for one in assembler.take(line, 0, present, 0.0):
            yield one.bytes, _told(one, profile), one.at
    for one in assembler.flush(0.0, force=True):
        yield one.bytes, _told(one, profile), one.at


def begins(line: bytes, profile: Profile) -> bool:
    """Whether a line surely is the first of a record, so that lines may be cut before it."""
    if profile.format == "csvlog":
        return csvlog.begins(line)
    if profile.format == "export":
        return line.startswith(export.FIRST)
    if line[:1] == b"{":
        return len(line) > 1 and not line[1:].isspace()
    if not line or line[:1].isspace() or opens_trace(line[:80].decode("utf-8", "replace")):
        return False
    one = facts(line, profile)
    return one.time is not None or one.severity is not None or bool(one.fields)


def _told(record: Assembled, profile: Profile) -> Facts:
    told = record.told
    found = told.fields
    paths = profile.paths.of(found)
    below = "\n".join(record.below)
    stack = below or stack_of(found, paths["stack"])
    return Facts(
        told.time,
        told.severity,
        told.message or _text(record.text),
        word_of(found, paths["logger"]),
        trace_of(found, paths["trace"]),
        word_of(found, paths["request"]),
        error_of(found, paths["error"], stack),
        stack,
        duration_of(found, paths["duration"], told.message, profile.unit_of),
        word_of(found, paths["service"]),
        word_of(found, paths["host"]),
        {**found, "stack": below} if below else found,
        told.ok,
        record.hostile,
    )


def _text(line: bytes | str) -> str:
    """The line itself, where it says nothing."""
    return line if isinstance(line, str) else line.decode("utf-8", "replace")
