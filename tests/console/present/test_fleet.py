from dataclasses import replace

from collectors.model.health import HealthState
from collectors.model.level import Level
from collectors.model.practice import Practice
from console.engine.history import History
from console.engine.state import Freshness
from console.present import fleet
from console.present.fold import fold_all
from console.settings import Service
from tests.console.findings.readings import cache, health, queue
from tests.console.present.scene import event, pictured, row, same_as_golden, snapshot, source
from tests.console.present.shop import SERVICES, history, shop
from widgets.cell import Cell

EMPTY_PAST = History()


def cell_of(
    *rows: object, place: tuple[str, Practice] = ("orders", Practice.QUEUES), **changed: object
) -> Cell:
    snap = snapshot(rows, **changed)  # type: ignore[arg-type]  # rows by position
    return fleet.fleet_cell(fold_all(snap, {})[place], snap, EMPTY_PAST, sparks=False)


def test_the_wide_fleet() -> None:
    columns, rows = fleet.table(shop(), history(), SERVICES, 140)
    hints = "".join(f"{cell.hint}\n" for one in rows for cell in one.cells if cell.hint)
    same_as_golden("fleet_wide.txt", pictured(columns, rows) + "\n" + hints)
    assert sum(column.width + 1 for column in columns) <= 140


def test_the_narrow_fleet_has_a_mark_and_four_characters() -> None:
    columns, rows = fleet.table(shop(), history(), SERVICES, 70)
    same_as_golden("fleet_narrow.txt", pictured(columns, rows))
    assert sum(column.width + 1 for column in columns) <= 70
    assert all(len(cell.text) <= 4 for one in rows for cell in one.cells[1:])


def test_few_services_stand_turned_round() -> None:
    snap = shop()
    few = {name: SERVICES[name] for name in ("orders", "catalog")}
    rows = tuple(one for one in snap.rows if one.reading.subject.service in few)
    columns, table = fleet.turned(replace(snap, rows=rows, sources=()), history(), few, 120)
    same_as_golden("fleet_turned.txt", pictured(columns, table))
    assert fleet.is_turned(few)
    assert not fleet.is_turned(SERVICES)
    assert not fleet.is_turned({})


def test_columns_without_a_collector_are_hidden_and_services_without_one_shown() -> None:
    columns, rows = fleet.table(snapshot([row(queue())]), EMPTY_PAST, {"idle": Service("idle")}, 140)
    assert [column.key for column in columns] == ["service", "queues", "changed"]
    assert [(one.key, one.cells[0].level) for one in rows] == [("orders", Level.OK), ("idle", Level.NONE)]
    assert fleet.table(snapshot(), EMPTY_PAST, {}, 140)[1] == ()


def test_the_worst_service_stands_first_and_equal_ones_as_configured() -> None:
    names = {name: Service(name) for name in ("d", "c", "b", "a")}
    rows = [row(queue(name, name), Level.WARNING if name == "b" else Level.OK) for name in names]
    rows.append(row(queue("z", "unlisted"), Level.CRITICAL))
    _columns, table = fleet.table(snapshot(rows), EMPTY_PAST, names, 140)
    assert [one.key for one in table] == ["unlisted", "b", "d", "c", "a"]


def test_a_place_names_how_many_of_how_many_and_the_worst_instance() -> None:
    rows = [row(health(instance=f"web-{number}")) for number in range(1, 12)]
    rows.append(row(health(None, HealthState.DOWN, instance="web-12"), Level.CRITICAL, "readiness is down"))
    cell = cell_of(*rows, place=("orders", Practice.HEALTH))
    assert (cell.mark, cell.text, cell.short) == ("✖", "1/12 web-12", "down")
    assert cell.hint == "orders · health: web-12: readiness is down"


def test_a_place_without_instances_says_how_many_and_its_value() -> None:
    rows = [row(queue("a", ready=5)), row(queue("b", ready=7), Level.WARNING, "deep")]
    assert cell_of(*rows).text == "1/2 12"
    assert cell_of(rows[1]).text == "7"


def test_what_is_muted_gives_no_value_where_others_do() -> None:
    rows = [row(queue("a", ready=5)), row(queue("b", ready=7000), Level.CRITICAL, "deep", muted=True)]
    cell = cell_of(*rows)
    assert (cell.level, cell.text) == (Level.OK, "5")
    cell = cell_of(rows[1])
    assert (cell.level, cell.text) == (Level.NONE, "7k")
    assert cell.hint.endswith("muted")


def test_stale_values_stay_dimmed_with_their_age_in_words() -> None:
    failed = source("source", Practice.QUEUES, "orders", why="refused", answered=42.0)
    cell = cell_of(row(queue(ready=5), freshness=Freshness.STALE, age=42.0), sources=[failed])
    assert (cell.level, cell.text, cell.dim) == (Level.UNKNOWN, "5", True)
    assert cell.hint == "orders · queues: stale: refused; values are 42 s old"


def test_a_place_without_values_says_why() -> None:
    place = ("jobs", Practice.QUEUES)
    failed = source("jobs", Practice.QUEUES, why="refused", answered=None)
    cell = cell_of(sources=[failed], place=place)
    assert (cell.level, cell.text, cell.short) == (Level.UNKNOWN, "failed", "fail")
    assert cell.hint == "jobs · queues: jobs failed: refused"
    waiting = source("jobs", Practice.QUEUES, answered=None, running_at=997.0)
    cell = cell_of(sources=[waiting], place=place)
    assert (cell.text, cell.dim) == ("waiting", True)
    assert cell.hint == "jobs · queues: waiting for the first answer since 3 s"
    cell = cell_of(row(queue(), freshness=Freshness.GONE))
    assert (cell.level, cell.text) == (Level.NONE, "gone")
    late = source("jobs", Practice.QUEUES, answered=60.0)
    assert cell_of(sources=[late], place=place).hint == "jobs · queues: jobs gives no answer"


def test_what_a_silent_source_adds_is_said_after_the_worst() -> None:
    failed = source("jobs", Practice.QUEUES, "orders", why="refused", answered=None)
    rows = [row(queue("a"), Level.CRITICAL, "deep"), row(queue("b"), Level.WARNING, "old")]
    cell = cell_of(*rows, sources=[failed])
    assert cell.hint == "orders · queues: a: deep (and 1 more of 2); jobs failed: refused"


def test_unknown_is_said_to_be_unknown() -> None:
    for reading, place in (
        (queue(ready=None), ("orders", Practice.QUEUES)),
        (cache(None, None), ("catalog", Practice.CACHES)),
        (health(None), ("orders", Practice.HEALTH)),
    ):
        cell = cell_of(row(reading, Level.NONE), place=place)
        assert "0" not in cell.text.replace("100", ""), reading
        assert cell.text


def test_only_a_young_change_of_the_service_is_shown() -> None:
    events = (
        event("restart", "orders", "orders-ready restarted", 60.0),
        event("version", "orders", "v1 → v2", 1700.0),
        event("mark", "catalog", "deploy", 1801.0),
        event("new", "catalog", "x appeared", 1.0),
    )
    rows = [row(queue()), row(cache(0.9))]
    _columns, table = fleet.table(snapshot(rows, events=events), EMPTY_PAST, {}, 140)
    changed = {one.key: one.cells[-1] for one in table}
    assert changed["orders"].text == "restart 1 min"
    assert changed["orders"].hint == "orders-ready restarted, 1 min ago"
    assert changed["catalog"].text == "–"
