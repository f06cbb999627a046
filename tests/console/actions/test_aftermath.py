"""The cost of an invalidation in words: what became worse, what is back, and what did not change."""

import dataclasses

from collectors.model.level import Level
from collectors.model.quantity import Unit, exact
from collectors.model.queues import QueueReading
from collectors.model.reading import Reading
from collectors.model.verdict import Verdict
from collectors.text import Shown
from console.actions.aftermath import Aftermath, aftermath, related
from console.engine.history import History
from console.engine.state import Freshness, Row, Snapshot, SourceId
from console.settings import Service
from tests.console.findings.readings import cache, pool, queue

SERVICES = {
    "database": Service("database"),
    "catalog": Service("catalog", depends_on=("database",)),
    "orders": Service("orders", depends_on=("catalog", "database")),
    "payments": Service("payments", depends_on=("database",)),
}
EVERY = 5.0
BEGAN = 1_700_000_000.0
CACHE = cache(0.97).subject.id


class Past:
    """Passes of readings: ``calm`` before the action, ``since`` after it."""

    def __init__(self, *calm: Reading, seconds: float = 120.0) -> None:
        self.history = History()
        self.now = BEGAN - seconds
        self.rows: tuple[Row, ...] = ()
        while self.now < BEGAN:
            self.show(*calm)

    def show(self, *readings: Reading, freshness: Freshness = Freshness.LIVE, passes: int = 1) -> None:
        for _ in range(passes):
            self.now += EVERY
            rows = []
            for reading in readings:
                subject = reading.subject.id
                if freshness is Freshness.LIVE:
                    self.history.add(subject, self.now, reading.quantities())
                verdict = Verdict(Level.NONE, "limits", reading.subject.service, reading.practice, Shown(""))
                rows.append(Row(SourceId(subject.collector), reading, freshness, self.now, self.now, verdict))
            self.rows = tuple(rows)

    def told(self, ended: float | None = BEGAN + 10.0) -> Aftermath:
        snapshot = Snapshot(0.0, self.now, 1, rows=self.rows)
        return aftermath(self.history, snapshot, SERVICES, CACHE, BEGAN, ended)


def jobs(age: float, service: str = "orders") -> QueueReading:
    return dataclasses.replace(queue(service=service), oldest_age=exact(age, Unit.SECONDS))


def test_misses_that_rose_and_came_back_are_told_with_their_cost() -> None:
    past = Past(cache(0.97), pool(fill=0.31), jobs(1.0))
    past.show(cache(0.59), pool(fill=0.64, waiting=3), jobs(40.0), passes=4)
    past.show(cache(0.8), pool(fill=0.5), jobs(20.0), passes=4)
    past.show(cache(0.96), pool(fill=0.33), jobs(1.0), passes=20)
    told = past.told()
    assert told == Aftermath(
        (
            Shown("2 min watched since it ended"),
            Shown("misses 3 % -> 41 %, back to 4 % after 45 s; about 119 more than usual"),
            Shown("look-ups 10/s before, 10/s since"),
            Shown("pool catalog of catalog: fill 31 % -> 64 %, back to 33 % after 45 s"),
            Shown("pool catalog of catalog: waiting 0 -> 3, back to 0 after 25 s"),
            Shown("queue mail of orders: oldest job 1 s -> 40 s, back to 1 s after 45 s"),
        ),
        over=True,
        worse=False,
    )


def test_what_is_not_back_is_told_as_it_stands() -> None:
    past = Past(cache(0.97), pool(fill=0.31))
    past.show(cache(0.5), pool(fill=0.9), passes=4)
    past.show(cache(0.6), pool(fill=0.8), passes=4)
    told = past.told()
    assert (told.over, told.worse) == (False, True)
    assert told.lines[0] == "30 s of 2 min watched since it ended"
    assert told.lines[1].startswith("misses 3 % -> 50 %, still 40 %; about ")
    assert "pool catalog of catalog: fill 31 % -> 90 %, still 80 %" in told.lines


def test_where_nothing_became_worse_that_is_said() -> None:
    past = Past(cache(0.97), pool(fill=0.31), jobs(3.0))
    past.show(cache(0.96), pool(fill=0.35), jobs(5.0), passes=30)
    told = past.told()
    assert told.lines[1:] == (
        "misses 4 %, 3 % before",
        "look-ups 10/s before, 10/s since",
        "pools and queues of catalog, database, orders: no worse than before",
    )
    assert (told.over, told.worse) == (True, False)


def test_services_that_have_nothing_to_do_with_it_are_left_out() -> None:
    assert related("catalog", SERVICES) == ("catalog", "database", "orders")
    assert related("payments", SERVICES) == ("payments", "database")
    assert related("unknown", SERVICES) == ("unknown",)
    past = Past(cache(0.97), jobs(1.0, "payments"))
    past.show(cache(0.97), jobs(500.0, "payments"), passes=30)
    assert past.told().lines[-1] == "no pool and no queue of catalog, database, orders is watched"


def test_many_that_became_worse_are_counted_the_worst_first() -> None:
    def pools(*fills: float) -> list[Reading]:
        return [pool(fill=fill, key=f"p{number}") for number, fill in enumerate(fills)]

    past = Past(cache(0.97), *pools(*[0.1] * 8))
    past.show(cache(0.97), *pools(*[0.9] * 8), passes=2)
    past.show(cache(0.97), *pools(*[0.1] * 7, 0.9), passes=2)
    lines = past.told().lines
    assert lines[3].startswith("pool p7 of catalog: fill 10 % -> 90 %")
    assert lines[-1] == "and 3 more became worse"
    assert len(lines) == 9


def test_nothing_is_invented_where_nothing_is_known() -> None:
    past = Past(cache(None, None), pool(fill=0.3), seconds=10.0)
    past.show(cache(None, 0.0), pool(fill=0.3), passes=4)
    assert past.told().lines[1] == "nobody has looked anything up since, or it is not known"
    past = Past(seconds=0.0)
    past.show(cache(0.6), pool(fill=0.8), passes=6)
    told = past.told()
    assert told.lines[1] == "misses unknown -> 40 %"
    assert "pool catalog of catalog: fill unknown -> 80 %" in told.lines
    assert told.worse


def test_sources_that_fell_silent_are_no_good_news() -> None:
    past = Past(cache(0.97), pool(fill=0.31))
    past.show(cache(0.97), pool(fill=0.31), passes=2)
    past.show(cache(0.97), pool(fill=0.31), freshness=Freshness.STALE, passes=10)
    told = past.told()
    assert "the cache is stale: what it misses now is not known" in told.lines
    assert "pool catalog of catalog: stale, what it cost there is not known" in told.lines
    assert told.worse


def test_a_cache_that_is_gone_or_nobodys_is_told_so() -> None:
    past = Past(cache(0.97))
    past.rows = ()
    assert "the cache is gone: what it misses now is not known" in past.told().lines
    past = Past(cache(0.97, service=""), pool(fill=0.2))
    past.show(cache(0.97, service=""), pool(fill=0.9), passes=10)
    assert "belongs to no service" in past.told().lines[-1]


def test_while_it_runs_the_time_is_that_since_it_began() -> None:
    past = Past(cache(0.97))
    past.show(cache(0.4), passes=6)
    told = past.told(ended=None)
    assert told.lines[0] == "30 s watched since it began"
    assert not told.over
    assert told.worse


def test_few_look_ups_are_joined_until_they_say_something() -> None:
    past = Past(cache(1.0, 0.4))
    past.show(cache(0.0, 0.4))
    past.show(cache(1.0, 0.4), passes=20)
    assert past.told().lines[1] == "misses 0 % -> 10 %, back to 0 % after 100 s; about 2 more than usual"


def test_what_comes_after_the_watch_does_not_count() -> None:
    past = Past(cache(0.97), pool(fill=0.3))
    past.show(cache(0.97), pool(fill=0.3), passes=30)
    past.show(cache(0.1), pool(fill=0.9), passes=30)
    told = past.told()
    assert told.lines[1] == "misses 3 %, 3 % before"
    assert told.over
    assert not told.worse


def test_a_silence_is_not_taken_for_look_ups() -> None:
    past = Past(cache(0.9))
    past.now += 100.0
    past.show(cache(0.2))
    past.show(cache(0.9), passes=4)
    assert past.told().lines[1] == "misses 10 % -> 80 %, back to 10 % after 110 s; about 210 more than usual"


def test_a_queue_that_is_old_anyway_may_grow_a_little_older() -> None:
    past = Past(cache(0.97), jobs(100.0))
    past.show(cache(0.97), jobs(140.0), passes=30)
    assert past.told().lines[-1] == "pools and queues of catalog, database, orders: no worse than before"
    past = Past(cache(0.97), jobs(100.0))
    past.show(cache(0.97), jobs(160.0), passes=30)
    assert past.told().lines[-1] == "queue mail of orders: oldest job 100 s -> 160 s"
