"""Lines that a container runtime wrapped around a program's lines."""

import re
from dataclasses import dataclass, field
from typing import Any

from collectors.logs._formats.instant import of_text

MOST = 256 * 1024
"""Bytes of one line put together again."""

# what kubectl and docker tell comes in this form too (transport/read/told.py), of a stream that is not known
_CRI = re.compile(
    rb"(\d{4}-\d\d-\d\dT[\d:.]{8,18}(?:Z|[+-]\d\d:\d\d)) (stdout|stderr|-) ([FP])(?::\S{0,64})? "
)


def is_wrapped(data: bytes) -> bool:
    """Whether a line is one that Kubernetes wrapped."""
    return _CRI.match(data[:128]) is not None


@dataclass(slots=True)
class Inner:
    """What a program wrote; ``time`` and ``raw`` are the runtime's, ``at`` is its first line's number."""

    data: bytes
    time: float | None
    raw: list[bytes]
    lost: int = 0
    fields: dict[str, Any] = field(default_factory=dict)
    at: int = 0


HELD_BACK = Inner(b"", None, [])
"""Stands for a line whose end is still to come."""


class Envelope:
    """Takes wrappers off and puts together what the runtime split at 16 KiB, for each of two streams."""

    def __init__(self) -> None:
        self._parts: dict[str, Inner] = {}

    @property
    def held(self) -> int:
        """Lines taken whose end did not come yet."""
        return sum(len(part.raw) for part in self._parts.values()) if self._parts else 0

    def cri(self, line: Inner) -> Inner | None:
        """What is within a line of Kubernetes; HELD_BACK, or None for any other line."""
        data = line.data
        found = _CRI.match(data[:128])
        if found is None:
            return None
        inner = data[found.end() :]
        stream = found[2].decode()
        fields = {} if stream == "-" else {"stream": stream}
        part = Inner(inner, of_text(found[1].decode()), line.raw, line.lost, fields, line.at)
        return self._whole(part, stream, ended=found[3] == b"F")

    def docker(self, found: dict[str, Any], line: Inner) -> Inner | None:
        """The same of an object that Docker's json-file driver wrote."""
        log, stream = found.get("log"), found.get("stream")
        if not isinstance(log, str) or stream not in ("stdout", "stderr"):
            return None
        inner = log.encode("utf-8", "replace")
        stamp = found.get("time")
        time = of_text(stamp) if isinstance(stamp, str) else None
        fields = {key: value for key, value in found.items() if key not in ("log", "time")}
        part = Inner(inner.rstrip(b"\r\n"), time, line.raw, line.lost, fields, line.at)
        return self._whole(part, str(stream), ended=inner.endswith(b"\n"))

    def rest(self) -> list[Inner]:
        """What is held of lines whose ends did not come."""
        parts = list(self._parts.values())
        self._parts.clear()
        return parts

    def _whole(self, part: Inner, stream: str, *, ended: bool) -> Inner | None:
        held = self._parts.get(stream)
        if held is None:
            if ended:
                return part
            self._parts[stream] = part
            return HELD_BACK
        held.data += part.data
        held.raw += part.raw
        held.lost += part.lost
        held.time = part.time or held.time
        held.fields |= part.fields
        if not ended and len(held.data) < MOST:
            return HELD_BACK
        del self._parts[stream]
        return held
