"""The practices' presenters by name, and the words for those that nothing fills yet."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import ModuleType

from collectors.model.caches import CacheReading
from collectors.model.drains import DrainReading
from collectors.model.health import HealthReading
from collectors.model.logs import LogReading
from collectors.model.pools import PoolReading
from collectors.model.practice import Practice
from collectors.model.queues import QueueReading
from collectors.model.reading import Reading
from console.engine.state import Row
from console.present import caches, drains, health, logs, pools, queues
from widgets.cell import Column


@dataclass(frozen=True, slots=True)
class PracticeView:
    """How one practice is shown: its question, what fills it, its columns, its summary."""

    practice: Practice
    asks: str
    filled_by: str
    reading: type[Reading] | None = None
    columns: tuple[Column, ...] = ()
    chart: tuple[str, ...] = ()
    give_way: tuple[str, ...] = ()
    words: Callable[[Row], dict[str, str]] = lambda _row: {}
    summary: Callable[[Sequence[Row]], tuple[str, str, str]] = lambda _rows: ("", "", "")


def _from(module: ModuleType, practice: Practice, reading: type[Reading]) -> PracticeView:
    return PracticeView(
        practice,
        module.ASKS,
        module.FILLED_BY,
        reading,
        module.COLUMNS,
        module.CHART,
        module.GIVE_WAY,
        module.words,
        module.summary,
    )


_NOT_YET = "No collector of this version fills this screen; one from another distribution may."

VIEWS: dict[Practice, PracticeView] = {
    Practice.HEALTH: _from(health, Practice.HEALTH, HealthReading),
    Practice.QUEUES: _from(queues, Practice.QUEUES, QueueReading),
    Practice.CACHES: _from(caches, Practice.CACHES, CacheReading),
    Practice.POOLS: _from(pools, Practice.POOLS, PoolReading),
    Practice.LOGS: _from(logs, Practice.LOGS, LogReading),
    Practice.MIGRATIONS: PracticeView(
        Practice.MIGRATIONS,
        "which phase (expand, migrate, contract), how far is the backfill, what blocks?",
        _NOT_YET,
    ),
    Practice.VERSIONS: PracticeView(
        Practice.VERSIONS, "who still calls the deprecated API, how many days to sunset?", _NOT_YET
    ),
    Practice.RETRIES: PracticeView(
        Practice.RETRIES, "how much of the load is retries, which breaker is open, is this a storm?", _NOT_YET
    ),
    Practice.DRAINS: _from(drains, Practice.DRAINS, DrainReading),
    Practice.CONFIG: PracticeView(
        Practice.CONFIG, "which settings differ between instances, which are missing?", _NOT_YET
    ),
}
