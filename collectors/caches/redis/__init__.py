"""Redis and Valkey as caches: one INFO a pass, and what fills them while somebody looks."""

from dataclasses import dataclass
from typing import Any, ClassVar

from collectors.action import Action
from collectors.base import Collector, Context
from collectors.caches.redis import prefixes, slowlog
from collectors.caches.redis.invalidate import Invalidate
from collectors.caches.redis.place import subject_of
from collectors.caches.redis.rates import Mark, mark_of, rates
from collectors.caches.redis.reading import reading_of
from collectors.caches.redis.sampling import draw
from collectors.errors import AccessError, OptionsError, UnsupportedError
from collectors.model.caches import CacheReading
from collectors.model.detail import Detail, DetailSpec
from collectors.model.practice import Practice
from collectors.model.quantity import exact_or_unknown
from collectors.model.subject import SubjectId
from collectors.model.sweep import Sweep
from collectors.text import Shown, one_line
from collectors.transport.read.redis import RedisReader, read
from collectors.transport.read.redis_address import parse_address
from collectors.transport.read.redis_info import number, parse_info
from collectors.transport.read.redis_options import RedisOptions

PREFIXES = DetailSpec(
    "prefixes",
    "what fills it",
    "Keys and bytes by prefix, from up to 1,000 random keys; all of them where there are no more.",
)
SLOWLOG = DetailSpec("slowlog", "slow commands", "The server's own slow log, newest first.")

_TIME_FOR_SAMPLE = 0.5
"""Part of the time-out in which keys are drawn."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RedisCacheOptions(RedisOptions):
    """A Redis or Valkey as a cache, besides what every Redis adapter takes; ``url`` names the database.

    ``separators``: characters that end a prefix in keys. ``samples``: keys drawn to tell what fills it.
    """

    separators: str = ":"
    samples: int = 1000


class RedisCache(Collector[RedisCacheOptions]):
    """Reads one database of a Redis or Valkey, and what its server says of itself."""

    practice: ClassVar[Practice] = Practice.CACHES
    Options: ClassVar[type[RedisCacheOptions]] = RedisCacheOptions
    default_timeout: ClassVar[float] = 2.0
    details: ClassVar[tuple[DetailSpec, ...]] = (PREFIXES, SLOWLOG)
    actions: ClassVar[tuple[type[Action[Any, Any]], ...]] = (Invalidate,)

    def __init__(self, options: RedisCacheOptions, context: Context) -> None:
        super().__init__(options, context)
        if not 10 <= options.samples <= 10_000:
            raise OptionsError("samples must be from 10 to 10000")
        self._db = parse_address(options.url).db
        self._reader = RedisReader(context, options, cluster=True)
        self._subject = subject_of(options, context)
        self._mark: Mark | None = None

    async def collect(self) -> Sweep:
        """One INFO; where this user may not call it, the number of keys and what is missing."""
        [told] = await self._reader.ask_each(read("INFO"))
        arrived = self.context.clock.boottime()
        if isinstance(told, Exception):
            reading = await self._without_info(told)
        else:
            info = parse_info(told)
            mark = mark_of(info, self._reader.probes, arrived)
            reading = reading_of(self._subject, self._db, info, rates(self._mark, mark))
            self._mark = mark
        return self.sweep([reading], cost=self._reader.take_cost())

    async def detail(self, subject: SubjectId, name: str) -> Detail:
        """``prefixes`` or ``slowlog`` of this database and its server."""
        if subject != self._subject.id:
            raise UnsupportedError(f"{one_line(subject.key)} is not watched here")
        if name == SLOWLOG.name:
            return await self._slowlog()
        return await self._prefixes()

    async def close(self) -> None:
        """Leave the shared connection."""
        await self._reader.close()

    async def _without_info(self, refusal: Exception) -> CacheReading:
        failure = self._reader.explained(refusal)
        if not isinstance(failure, AccessError):
            raise failure
        [keys] = await self._reader.ask_each(read("DBSIZE"))
        if isinstance(keys, Exception):
            raise failure
        why = "this user may not call INFO: give it +info, only the number of keys is known without"
        return CacheReading(subject=self._subject, note=Shown(why), keys=exact_or_unknown(number(keys)))

    async def _prefixes(self) -> Detail:
        within = self.context.timeout * _TIME_FOR_SAMPLE
        sample = await draw(self._reader, self.options.samples, within)
        separators = self.options.separators.encode()
        if sample.whole:
            note = f"all {len(sample.seen)} keys"
        else:
            note = f"estimated from {len(sample.seen)} random keys of {sample.total}; margins are 95 %"
        if sample.refused:
            note += f"; this user may not look at {sample.refused} more"
        return Detail(PREFIXES, prefixes.COLUMNS, prefixes.rows(sample, separators), Shown(note))

    async def _slowlog(self) -> Detail:
        [entries] = await self._reader.ask(read("SLOWLOG GET", slowlog.MOST))
        rows = slowlog.rows(entries)
        note = Shown("" if rows else "nothing was slow since the server started or the log was reset")
        return Detail(SLOWLOG, slowlog.COLUMNS, rows, note)


COLLECTOR = RedisCache
