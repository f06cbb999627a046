from typing import Any

import pytest

from collectors.model.practice import Practice
from collectors.model.quantity import Unit
from console.settings import Threshold
from console.settings.thresholds import parse_limit, specs_of


@pytest.mark.parametrize(
    ("unit", "value", "limit"),
    [
        (Unit.SECONDS, "10m", 600.0),
        (Unit.SECONDS, "1m30s", 90.0),
        (Unit.SECONDS, 2, 2.0),
        (Unit.RATIO, "90%", 0.9),
        (Unit.RATIO, 0.9, 0.9),
        (Unit.RATIO, 1.5, 1.5),
        (Unit.RATIO, "0.5", 0.5),
        (Unit.BYTES, "1GiB", 2.0**30),
        (Unit.BYTES, 4096, 4096.0),
        (Unit.COUNT, 100, 100.0),
        (Unit.COUNT, "100", 100.0),
        (Unit.PER_SECOND, "300/min", 5.0),
        (Unit.PER_SECOND, "7200 / h", 2.0),
        (Unit.PER_SECOND, 3, 3.0),
    ],
)
def test_limits_are_read_in_the_unit_of_their_field(unit: Unit, value: object, limit: float) -> None:
    assert parse_limit(value, unit) == pytest.approx(limit)


@pytest.mark.parametrize(
    ("unit", "value"),
    [
        (Unit.SECONDS, "10 parsecs"),
        (Unit.SECONDS, "90%"),
        (Unit.RATIO, 90),
        (Unit.RATIO, "10m"),
        (Unit.BYTES, "1 lump"),
        (Unit.COUNT, "10k"),
        (Unit.COUNT, True),
        (Unit.COUNT, -1),
        (Unit.COUNT, float("nan")),
        (Unit.COUNT, float("inf")),
        (Unit.PER_SECOND, "5/fortnight"),
        (Unit.PER_SECOND, "1.2.3/s"),
        (Unit.COUNT, [1]),
        (Unit.SECONDS, None),
    ],
)
def test_what_is_no_limit(unit: Unit, value: object) -> None:
    with pytest.raises(ValueError, match=r"must|ratio"):
        parse_limit(value, unit)


def thresholds(place: Any, text: str, type_name: str = "queues.sample") -> dict[str, Threshold]:
    settings = place.load(configuration(text, type_name))
    found: dict[str, Threshold] = settings.collectors[0].thresholds
    return found


def configuration(text: str, type_name: str = "queues.sample") -> str:
    return f'[collectors.x]\ntype = "{type_name}"\nurl = "http://x"\n[collectors.x.thresholds]\n{text}\n'


def test_all_parts_of_a_threshold(place: Any) -> None:
    found = thresholds(
        place,
        'oldest_age = { warning = "1m", critical = "10m", for = "30s", clear = "50s", min_volume = 5 }',
    )
    assert found == {"oldest_age": Threshold(60.0, 600.0, 30.0, 50.0, 5.0)}


def test_the_direction_is_the_fields_own(place: Any) -> None:
    assert thresholds(place, "workers = { warning = 3, critical = 1, clear = 4 }")
    problem = place.problem(configuration("workers = { warning = 1, critical = 3 }"))
    assert problem.message == "is below critical, so it would never be seen"
    problem = place.problem(configuration("ready = { warning = 3, critical = 1 }"))
    assert problem.message == "is above critical, so it would never be seen"


def test_clear_stands_on_the_good_side(place: Any) -> None:
    problem = place.problem(configuration("ready = { warning = 10, clear = 12 }"))
    assert problem.key == "collectors.x.thresholds.ready.clear"
    assert "clear" in problem.message


@pytest.mark.parametrize(
    ("text", "line", "key"),
    [
        ("ready = 5", 5, "ready"),
        ("ready = {}", 5, "ready"),
        ('ready = { for = "1s" }', 5, "ready"),
        ("ready = { warn = 1, critical = 2 }", 5, "ready.warn"),
        ('ready = { warning = "many" }', 5, "ready.warning"),
        ('ready = { warning = 1, for = "soon" }', 5, "ready.for"),
        ("# \nredy = { warning = 1 }", 6, "redy"),
        ("[collectors.x.thresholds.ready]\n\nwarning = true", 7, "ready.warning"),
    ],
)
def test_mistakes_stand_where_they_are(place: Any, text: str, line: int, key: str) -> None:
    problem = place.problem(configuration(text))
    assert (problem.line, problem.key) == (line, f"collectors.x.thresholds.{key}")


def test_fields_of_the_adapter_itself_begin_with_its_types_last_word(place: Any) -> None:
    found = thresholds(place, '"sample.lag" = { warning = "10s" }\n"sample.part" = { critical = "5%" }')
    assert found["sample.lag"].warning == 10.0
    assert found["sample.part"].critical == 0.05
    assert "no field 'rq.lag'" in place.problem(configuration('"rq.lag" = { warning = 1 }')).message


def test_thresholds_of_defaults_hold_field_by_field(place: Any) -> None:
    settings = place.load(
        '[defaults."queues.sample".thresholds]\nready = { warning = 1 }\ndead = { critical = 9 }\n'
        + configuration("ready = { critical = 2 }")
    )
    assert settings.collectors[0].thresholds == {
        "ready": Threshold(critical=2.0),
        "dead": Threshold(critical=9.0),
    }


@pytest.mark.parametrize("practice", list(Practice))
def test_every_practice_says_which_fields_it_has(practice: Practice) -> None:
    specs = specs_of(practice)
    assert all(name == spec.name for name, spec in specs.items())
    if practice in (Practice.HEALTH, Practice.QUEUES, Practice.CACHES, Practice.POOLS, Practice.LOGS):
        assert specs
