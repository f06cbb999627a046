"""RQ's workers as their hashes tell, and which of them live."""

from collections.abc import Sequence
from dataclasses import dataclass

from collectors.queues.rq.keys import epoch

FIELDS = (
    "birth",
    "death",
    "last_heartbeat",
    "queues",
    "state",
    "current_job",
    "successful_job_count",
    "failed_job_count",
    "version",
    "hostname",
    "pid",
)
"""Fields of a worker's hash that are read, in this order."""

_DEFAULT_TTL = 480.0
"""Seconds that RQ's own default gives a heartbeat (worker_ttl 420 and 60 of grace)."""

_HAS_CHANNEL = (1, 8)
"""The rq version since which every worker listens to a channel of its own."""


@dataclass(frozen=True, slots=True)
class Worker:
    """One worker. ``alive``: RQ would call it so, and somebody listens to its channel.

    ``done`` and ``failed`` are counts since its birth; ``beat`` and ``birth`` UTC epoch seconds.
    ``exists`` is False for a name whose hash has expired.
    """

    key: bytes
    exists: bool
    alive: bool
    word: str
    queues: bytes = b""
    job: bytes = b""
    done: int = 0
    failed: int = 0
    birth: float | None = None
    beat: float | None = None
    version: bytes = b""
    place: bytes = b""

    @property
    def busy(self) -> bool:
        """Whether it says that it works."""
        return self.alive and (self.word == "busy" or bool(self.job))


def worker_of(
    key: bytes, hashed: Sequence[bytes | None] | None, ttl_ms: int | None, listeners: int | None, now: float
) -> Worker:
    """A worker from its hash (``FIELDS``), its PTTL and the subscribers of its channel (None: not known)."""
    values = dict(zip(FIELDS, hashed or (), strict=False))
    if values.get("birth") is None:
        # a late heartbeat may have made a hash of one field again
        return Worker(key, exists=False, alive=False, word="expired")
    beat = epoch(values["last_heartbeat"])
    version = values["version"] or b""
    word = (values["state"] or b"").decode("utf-8", "replace")
    alive = True
    if values["death"] is not None:
        word, alive = "ended", False
    elif ttl_ms == -1 and (beat is None or now - beat > _DEFAULT_TTL):
        word, alive = "no heartbeat", False
    elif listeners == 0 and _numbers(version) >= _HAS_CHANNEL:
        word, alive = "not connected", False
    return Worker(
        key,
        exists=True,
        alive=alive,
        word=word,
        queues=values["queues"] or b"",
        job=values["current_job"] or b"",
        done=_count(values["successful_job_count"]),
        failed=_count(values["failed_job_count"]),
        birth=epoch(values["birth"]),
        beat=beat,
        version=version,
        place=(values["hostname"] or b"?") + b":" + (values["pid"] or b"?"),
    )


def _count(text: bytes | None) -> int:
    return int(text) if text and text.isdigit() and len(text) < 16 else 0


def _numbers(version: bytes) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split(b".")[:2] if part.isdigit())
