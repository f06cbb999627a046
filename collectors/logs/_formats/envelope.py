"""Lines that a container runtime wrapped around a program's lines."""

import re
from typing import Any

from collectors.logs._formats.instant import of_text

MOST = 256 * 1024
"""Bytes of one line put together again."""

_CRI = re.compile(
    rb"(\d{4}-\d\d-\d\dT[\d:.]{8,18}(?:Z|[+-]\d\d:\d\d)) (?:stdout|stderr) ([FP])(?::\S{0,64})? "
)


class Envelope:
    """Takes wrappers off and puts together what the runtime split at 16 KiB."""

    def __init__(self) -> None:
        self._part = bytearray()
        self.held = 0

    def cri(self, data: bytes) -> tuple[bytes | None, float | None] | None:
        """The line within a Kubernetes CRI line and the runtime's time; None for any other line.

        The inner line is None while its end is still to come.
        """
        found = _CRI.match(data[:128])
        if found is None:
            return None
        inner = data[found.end() :]
        return self._whole(inner, ended=found[2] == b"F"), of_text(found[1].decode())

    def docker(self, found: dict[str, Any]) -> tuple[bytes | None, float | None] | None:
        """The same of an object that Docker's json-file driver wrote."""
        log = found.get("log")
        if not isinstance(log, str) or "stream" not in found:
            return None
        inner = log.encode("utf-8", "replace")
        time = found.get("time")
        ended = inner.endswith(b"\n")
        return self._whole(inner.rstrip(b"\r\n"), ended=ended), of_text(time) if isinstance(
            time, str
        ) else None

    def _whole(self, inner: bytes, *, ended: bool) -> bytes | None:
        if ended and not self._part:
            return inner
        self._part += inner
        if not ended and len(self._part) < MOST:
            self.held += 1
            return None
        whole = bytes(self._part)
        self._part.clear()
        self.held = 0
        return whole

    def rest(self) -> bytes:
        """What is held of a line whose end did not come."""
        whole = bytes(self._part)
        self._part.clear()
        return whole
