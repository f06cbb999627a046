"""Targets as people write them: ``COLLECTOR/SUBJECT`` or ``COLLECTOR/INSTANCE/SUBJECT``, percent-encoded."""

from urllib.parse import quote, unquote_to_bytes

from collectors.action import RefusedError
from collectors.model.subject import SubjectId
from console.engine.state import Snapshot


def subject_text(key: bytes) -> str:
    """A subject's key as one word."""
    return quote(key, safe="")


def target_text(subject: SubjectId) -> str:
    """A target: the inverse of ``find_target``."""
    parts = [subject.collector, *([subject.instance] if subject.instance else [])]
    return "/".join([*(quote(part, safe="") for part in parts), subject_text(subject.key)])


def find_target(text: str, snapshot: Snapshot) -> SubjectId:
    """The subject of the snapshot that a target names; raises RefusedError with what there is."""
    parts = [unquote_to_bytes(part) for part in text.split("/")]
    if len(parts) not in (2, 3):
        raise RefusedError(f"{text!r} is not a target", "write COLLECTOR/SUBJECT, percent-encoded")
    collector, key = parts[0].decode("utf-8", "replace"), parts[-1]
    instance = parts[1].decode("utf-8", "replace") if len(parts) == 3 else ""
    known = [row.reading.subject.id for row in snapshot.rows]
    of_collector = [one for one in known if one.collector == collector]
    if not of_collector:
        there = sorted({source.id.collector for source in snapshot.sources})
        if collector in there:
            raise RefusedError(f"{collector} has told of no subject yet", "see `quarterdeck check`")
        raise RefusedError(f"there is no collector {collector!r}", f"there are {', '.join(there) or 'none'}")
    found = [one for one in of_collector if one.key == key and (one.instance == instance or len(parts) == 2)]
    if len(found) == 1:
        return found[0]
    some = found or of_collector
    names = ", ".join(target_text(one) for one in some[:8]) + (" …" if len(some) > 8 else "")
    why = (
        f"{text!r} names more than one"
        if found
        else f"{collector} has no subject {parts[-1].decode('utf-8', 'replace')!r}"
    )
    raise RefusedError(why, f"there are {names}")
