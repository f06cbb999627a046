"""One look at the workers of a Celery: who has joined its bus, what their heartbeats tell; raw reads only."""

import json
from collections.abc import Mapping
from dataclasses import dataclass

from collectors.drains.celery.bus import Beat, Names
from collectors.transport.read.redis import RedisReader, read

MISSED = 3.0
"""Heartbeats that may fail to come before a worker counts as silent."""


@dataclass(frozen=True, slots=True)
class Quiet:
    """What a console wrote down when it took a worker's queues away; ``pid``: of the worker then."""

    pid: int
    queues: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Heard:
    """The last heartbeat of a worker and when it came, CLOCK_BOOTTIME seconds."""

    beat: Beat
    at: float


@dataclass(frozen=True, slots=True)
class Node:
    """One worker. ``joined``: it is on the bus. ``age``: seconds since its last heartbeat, None for none."""

    name: bytes
    joined: bool = False
    beat: Beat | None = None
    age: float | None = None
    quiet: Quiet | None = None

    @property
    def alive(self) -> bool:
        """Whether heartbeats come, and the last was no good-bye."""
        if self.beat is None or self.age is None or self.beat.kind == "offline":
            return False
        return self.age <= MISSED * self.beat.freq + 1

    @property
    def is_quiet(self) -> bool:
        """Whether a console took all its queues away, from this very process."""
        return self.quiet is not None and self.beat is not None and self.quiet.pid == self.beat.pid


@dataclass(frozen=True, slots=True)
class Look:
    """Workers by name, and how many messages all of them hold unacknowledged."""

    nodes: Mapping[bytes, Node]
    unacked: int

    @property
    def active(self) -> int:
        """Tasks that live workers run."""
        return sum(node.beat.active for node in self.nodes.values() if node.alive and node.beat)


async def look_at(
    reader: RedisReader, names: Names, heard: Mapping[bytes, Heard], now: float, most: int
) -> tuple[Look, int]:
    """The workers that have joined or were heard, at most ``most``, and how many more there are."""
    members, unacked = await reader.ask(read("SMEMBERS", names.nodes), read("ZCARD", names.unacked))
    joined = set(names.nodes_in(list(members)))
    all_names = sorted(joined | set(heard))
    kept = all_names[:most]
    marks = await reader.ask(*(read("HMGET", names.quiet(name), "pid", "queues") for name in kept))
    nodes = {}
    for name, mark in zip(kept, marks, strict=True):
        last = heard.get(name)
        age = None if last is None else max(0.0, now - last.at)
        nodes[name] = Node(name, name in joined, last.beat if last else None, age, quiet_of(mark))
    return Look(nodes, int(unacked)), len(all_names) - len(kept)


def quiet_of(mark: list[bytes | None]) -> Quiet | None:
    """What is written down; None where nothing is, or it cannot be read."""
    pid, queues = mark
    try:
        told = json.loads(queues or b"")
        names = tuple(name for name in told if isinstance(name, str))
        return Quiet(int(pid or b""), names) if isinstance(told, list) else None
    except (ValueError, TypeError):
        return None


def lost(node: Node, look: Look) -> str:
    """What a SIGKILL would cost, as far as that is known without asking.

    A task with acks_late is still in ``unacked`` while it runs, one without is in no list any more. So those
    that run beyond the number of unacknowledged messages are in none.
    """
    beat = node.beat
    if beat is None or not beat.active or not (node.alive or beat.kind == "offline"):
        return ""
    sure = max(0, beat.active - look.unacked)
    if sure == beat.active:
        return f"{sure} running tasks would be lost (acks_late off)"
    return f"at least {sure} of {beat.active} running tasks would be lost (acks_late off)" if sure else ""
