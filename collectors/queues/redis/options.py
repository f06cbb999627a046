"""What lists are watched and what they are called: the options, and the keys that follow from them."""

from dataclasses import dataclass
from typing import Literal, Protocol

from collectors.base import Context
from collectors.errors import OptionsError
from collectors.model.queues import QueueReading
from collectors.model.reading import Reading
from collectors.queues._notes import PREFIX
from collectors.queues.redis.elements import Ends
from collectors.text import Shown, one_line
from collectors.transport.read.redis import RedisReader
from collectors.transport.read.redis_options import RedisOptions
from collectors.transport.read.redis_scan import is_glob

_QUEUE = "{queue}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ListOptions(RedisOptions):
    """Lists on a Redis, besides what every Redis adapter takes.

    ``keys``: names or globs. ``direction``: how producers push and consumers pop. ``time_field``:
    dotted path of the time (epoch seconds, milliseconds or ISO 8601) in JSON payloads, if they have one.
    ``dead``: the list in which workers keep what failed for good, as ``"{queue}:dead"`` or, for a single
    queue, by its name; empty: there is none. ``dead_push``: how they push to it; empty: as producers do.
    ``error_field``: dotted path of the error in its JSON payloads.
    ``idempotent``: whether a job may run twice.
    """

    keys: tuple[str, ...]
    direction: Literal["lpush-brpop", "rpush-blpop"] = "lpush-brpop"
    time_field: str = ""
    dead: str = ""
    dead_push: Literal["", "lpush", "rpush"] = ""
    error_field: str = "error"
    idempotent: bool = False


class Lists:
    """The keys of a queue and where their newest elements stand; raises OptionsError for a bad ``dead``."""

    def __init__(self, options: ListOptions) -> None:
        template = options.dead
        self.named = {key.encode() for key in options.keys if not is_glob(key)}
        self._keys = options.keys
        self._template = template
        self._before, self._is_template, self._after = template.encode().partition(_QUEUE.encode())
        self.ready = Ends(options.direction == "lpush-brpop")
        self.dead = Ends(options.dead_push == "lpush") if options.dead_push else self.ready
        if template == _QUEUE or template.count(_QUEUE) > 1:
            raise OptionsError(f"dead = {template!r} is no other list", 'write it as "{queue}:dead"')
        if template and not self._is_template and (len(options.keys) != 1 or is_glob(options.keys[0])):
            raise OptionsError(
                f"dead = {template!r} is one list for several queues", 'write it with "{queue}" in it'
            )
        if template and template.encode() in self.named:
            raise OptionsError(f"dead = {template!r} is the queue itself", "name the list of failed jobs")

    def dead_of(self, queue: bytes) -> bytes | None:
        """The dead list of a queue; None where there is none."""
        if not self._template:
            return None
        return self._before + queue + self._after if self._is_template else self._before

    def queue_of(self, key: bytes) -> bytes | None:
        """The queue to which a key that a glob found belongs; None for a key of ours."""
        if key.startswith(PREFIX):
            return None
        held = len(key) > len(self._before) + len(self._after)
        if self._is_template and held and key.startswith(self._before) and key.endswith(self._after):
            return key[len(self._before) : len(key) - len(self._after)]
        return key

    def patterns(self) -> tuple[str, ...]:
        """What to search: the keys, and for globs the dead lists, since an empty queue is no key."""
        globs = [key for key in self._keys if is_glob(key)] if self._is_template else []
        return (*self._keys, *(self._template.replace(_QUEUE, key) for key in globs))

    def of(self, queue: bytes, name: str) -> tuple[bytes, Ends] | None:
        """Key and ends of the list ``ready`` or ``dead`` of a queue; None where it has none."""
        if name == "ready":
            return queue, self.ready
        dead = self.dead_of(queue) if name == "dead" else None
        return None if dead is None else (dead, self.dead)

    @staticmethod
    def none(name: str) -> Shown:
        """Why there is no list of that name."""
        if name == "dead":
            return Shown("this collector has no option `dead`; of=ready means the queue itself")
        return one_line(f"there is no list {name!r} of a queue", 100)


def emptiness(reading: Reading, *, dead: bool) -> str:
    """Why there is nothing to act on in a queue, or in its dead list alone; empty where there may be."""
    if not isinstance(reading, QueueReading):
        return ""
    if reading.dead.value == 0 and dead:
        return "no job of this queue is dead"
    if reading.ready.value is None:
        return "this key holds no list"
    return "the queue is empty" if reading.ready.value == 0 and not dead and not reading.dead.value else ""


class ListActs(Protocol):
    """What an action on lists needs of its collector."""

    options: ListOptions
    context: Context
    lists: Lists

    def planner(self) -> RedisReader:
        """The reader of plans, which waits for nobody else's reads."""
        ...
