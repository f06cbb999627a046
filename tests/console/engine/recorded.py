"""Recordings by hand."""

import time
from pathlib import Path

from collectors.model.level import Level
from collectors.model.practice import Practice
from collectors.model.quantity import Quantity
from collectors.model.queues import QueueReading
from collectors.model.subject import Subject, SubjectId
from collectors.model.sweep import Sweep
from collectors.model.verdict import Verdict
from collectors.text import Shown
from console.engine.recording import Recorder
from console.engine.state import SourceId

JOBS = SourceId("jobs", "web-1")
NOW = time.time()


def sweep(
    taken: float, fields: dict[str, Quantity], key: bytes = b"mail", label: str = "mail", reason: str = "why"
) -> tuple[Sweep, list[Verdict]]:
    subject = Subject(SubjectId(Practice.QUEUES, "jobs", "web-1", key), "orders", Shown(label))
    reading = QueueReading(subject=subject, extra=tuple(fields.items()))
    verdict = Verdict(
        Level.WARNING, "limits", "orders", Practice.QUEUES, Shown(reason), subject=subject.id, since=taken
    )
    return Sweep((reading,), taken, 1.0), [verdict]


def record(path: Path, *passes: tuple[float, dict[str, Quantity]], each_block: bool = False) -> Recorder:
    recorder = Recorder(path, "shop", "lab", "1.0")
    for taken, fields in passes:
        recorder.sweep(JOBS, *sweep(taken, fields))
        if each_block:
            recorder.flush()
    recorder.close()
    return recorder
