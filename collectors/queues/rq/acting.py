"""What RQ's actions share: their reader, how a queue stands, and plans with its name on them."""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, ClassVar, TypeVar

from collectors.action import Action, Plan, Request
from collectors.base import Collector
from collectors.hands import RedisHands
from collectors.options import parse_duration
from collectors.queues.rq.keys import Keys
from collectors.queues.rq.look import ask_all, look_at
from collectors.queues.rq.options import RqOptions
from collectors.text import Shown, one_line, shown
from collectors.transport.read.redis import RedisReader, read

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Standing:
    """How a queue stands: who would take its jobs, and whether anybody moves its scheduled ones.

    ``server``: run id and role, in the words of the hands. ``ready`` and ``dead`` are None where the key
    holds something else.
    """

    server: str
    alive: int
    suspended: bool
    scheduler: bool
    ready: int | None
    dead: int | None


async def standing(reader: RedisReader, keys: Keys, queue: bytes) -> Standing:
    """How the queue stands now; raises SourceError."""
    members, suspended = await ask_all(
        reader, (read("SMEMBERS", keys.workers_of(queue)), read("EXISTS", keys.suspended))
    )
    look = await look_at(reader, keys, [queue], sorted(members or ()), {}, suspended=bool(suspended))
    [seen] = look.queues
    return Standing(
        server=server_of(reader),
        alive=sum(worker.alive for worker in look.workers.values()),
        suspended=look.suspended,
        scheduler=bool(seen.lock),
        ready=seen.ready,
        dead=seen.dead,
    )


def server_of(reader: RedisReader) -> str:
    """Run id and role of the server that a reader asked, as ``RedisHands.server`` has them."""
    return f"{reader.server.run_id} {reader.server.role}".strip()


class RqAction(Action[Collector[RqOptions], RedisHands]):
    """An action on an RQ queue, whose name is the subject's key."""

    kind: ClassVar[str] = "redis"

    def __init__(self, collector: Collector[RqOptions]) -> None:
        super().__init__(collector)
        self.keys = Keys(collector.options.prefix.encode())

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[RedisReader]:
        """A reader on a connection of the actions' own."""
        reader = RedisReader(self.collector.context, self.collector.options, role="plan")
        try:
            yield reader
        finally:
            await reader.close()

    def planned(self, request: Request, **more: Any) -> Plan:  # noqa: ANN401 - the fields of Plan
        """A plan for the queue that the request names."""
        label = request.subject.key.decode("utf-8", "replace")
        for lines in ("sample", "warnings", "refusals"):
            more[lines] = tuple(shown(line) for line in more.get(lines, ()))
        return Plan(
            spec=self.spec,
            request=request,
            target=one_line(label, 120),
            service=self.collector.context.service_of(label),
            **more,
        )


def seconds_of(
    request: Request, name: str, default: str, bounds: tuple[float, float], refuse: Callable[[str], None]
) -> float:
    """The argument ``name`` in seconds; tells ``refuse`` where it is none or out of bounds."""
    text = request.argument(name, default)
    low, high = bounds
    try:
        found = parse_duration(text)
    except ValueError as error:
        refuse(f"{name} = {text!r}: {error}")
        return parse_duration(default)
    if not low <= found <= high:
        refuse(f"{name} = {text!r}: must be from {span(low)} to {span(high)}")
        return parse_duration(default)
    return found


def span(seconds: float) -> str:
    """A length of time for a sentence: ``30 s``, ``4 min``, ``24 h``."""
    for size, name in ((3600.0, "h"), (60.0, "min")):
        if seconds >= 1.5 * size or seconds == size:
            return f"{seconds / size:.1f}".removesuffix(".0") + f" {name}"
    return f"{seconds:.1f}".removesuffix(".0") + " s"


def counted(count: int, one: str, many: str = "") -> str:
    """``1 job``, ``3,000 jobs``."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def parts_of(items: Sequence[T], size: int) -> list[Sequence[T]]:
    """The items in parts of at most ``size``."""
    return [items[start : start + size] for start in range(0, len(items), size)]


def reasons(left: Mapping[str, int]) -> str:
    """``3 rate limited, 1 changed meanwhile``; empty for none."""
    return ", ".join(f"{count:,} {why}" for why, count in left.items() if count)


def latin(text: bytes) -> str:
    """Bytes as the text that a journal and an undo store can hold; ``raw`` takes it back."""
    return text.decode("latin-1")


def raw(text: str) -> bytes:
    """The bytes of ``latin``."""
    return text.encode("latin-1")


def words(text: object) -> Shown:
    """A sentence of ours for an outcome."""
    return shown(text)
