"""Diagnoses across practices: one file each, pure functions over snapshot and history."""

from collections.abc import Callable, Iterator, Mapping

from collectors.model.verdict import Verdict
from console.engine.history import History
from console.engine.state import Snapshot
from console.findings import (
    cache_cold,
    dead_letters,
    gateway_slow,
    lying_health,
    pinned_question,
    pool_leak,
    silent_stream,
    worker_gone,
)
from console.findings.view import View
from console.settings import Service

FINDINGS: tuple[Callable[[View], Iterator[Verdict]], ...] = (
    cache_cold.find,
    dead_letters.find,
    gateway_slow.find,
    lying_health.find,
    pinned_question.find,
    pool_leak.find,
    silent_stream.find,
    worker_gone.find,
)
"""Every diagnosis, in no particular order."""


def find_all(snapshot: Snapshot, history: History, services: Mapping[str, Service]) -> tuple[Verdict, ...]:
    """All diagnoses of this moment, worst first; equal ones keep a stable order."""
    view = View(snapshot, history, services)
    found = [verdict for find in FINDINGS for verdict in find(view)]
    found.sort(key=lambda one: (-one.level.rank, -one.worth, one.rule, one.service, str(one.reason)))
    return tuple(found)
