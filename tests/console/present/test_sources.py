from collectors.model.practice import Practice
from console.engine.state import Breaker
from console.present import sources
from tests.console.present.scene import NOW, pictured, same_as_golden, snapshot, source

STATES = (
    source("well", Practice.HEALTH, took=0.012),
    source("waits", Practice.QUEUES, answered=None, running_at=NOW - 3),
    source("late", Practice.CACHES, answered=60.0),
    source("fails", Practice.POOLS, why="refused", answered=60.0, failures=3),
    source(
        "rests",
        Practice.QUEUES,
        why="refused",
        answered=None,
        failures=9,
        breaker=Breaker.OPEN,
        due_at=NOW + 20,
    ),
    source("tries", Practice.QUEUES, why="refused", answered=None, breaker=Breaker.HALF_OPEN),
    source("dear", Practice.LOGS, slowed=4.0),
    source("foreign", Practice.LOGS, foreign="evil 1.0", blocked=12.0),
)


def test_every_source_with_its_schedule_cost_and_error_those_in_trouble_first() -> None:
    rows = sources.rows(snapshot(sources=STATES))
    hints = "".join(f"{one.cells[0].hint}\n" for one in rows)
    same_as_golden("sources.txt", pictured(sources.COLUMNS, rows) + "\n" + hints)
    assert [one.key for one in rows][-1:] == [STATES[0].id]


def test_a_source_says_through_which_server_it_is_reached() -> None:
    (row,) = sources.rows(snapshot(sources=[source("db", Practice.POOLS, server="web-1")]))
    assert row.cells[0].hint == "db (pools.sample, through web-1): live"


def test_a_narrow_screen_keeps_name_way_in_and_error() -> None:
    columns, rows = sources.table(snapshot(sources=STATES), 80)
    assert {"source", "breaker", "error"} <= {column.key for column in columns}
    assert all(len(one.cells) == len(columns) for one in rows)
