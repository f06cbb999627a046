"""The real collectors against the lab's own configuration: readings for each service in each practice."""

import asyncio
import tomllib
from typing import Any

import pytest
from pydantic import TypeAdapter

from collectors import registry
from collectors.base import Collector, Context
from collectors.model.practice import Practice
from collectors.model.reading import Reading
from console.lab.run import Lab

PRACTICES = (
    Practice.HEALTH,
    Practice.QUEUES,
    Practice.CACHES,
    Practice.POOLS,
    Practice.LOGS,
    Practice.DRAINS,
)
COMMON = {"type", "service", "instance", "every", "attribute", "thresholds"}


def collector(name: str, table: dict[str, Any]) -> Collector[Any]:
    adapter = registry.load(table["type"])
    options = {key: value for key, value in table.items() if key not in COMMON}
    context = Context(
        collector=name,
        instance=table.get("instance", ""),
        service=table["service"],
        attribute=tuple(table.get("attribute", {}).items()),
        every=2.0,
    )
    return adapter(TypeAdapter(adapter.Options).validate_python(options), context)


async def look(settings: dict[str, Any]) -> list[Reading]:
    collectors = [collector(name, table) for name, table in settings["collectors"].items()]
    for one in collectors:
        await one.open()
    for one in collectors:
        await one.collect()
    # rates need a second look
    await asyncio.sleep(1)
    readings = [reading for one in collectors for reading in (await one.collect()).readings]
    for one in collectors:
        await one.close()
    return readings


@pytest.fixture(scope="module")
def readings(lab: Lab) -> list[Reading]:
    return asyncio.run(look(tomllib.loads(lab.config_path.read_text())))


@pytest.mark.parametrize("practice", PRACTICES)
@pytest.mark.parametrize("service", ["catalog", "orders", "payments"])
def test_there_is_a_reading(readings: list[Reading], practice: Practice, service: str) -> None:
    assert [one for one in readings if one.practice is practice and one.subject.service == service]


def test_both_instances_of_orders_are_told_apart(readings: list[Reading]) -> None:
    found = {one.subject.id.instance for one in readings if one.subject.service == "orders"}
    assert {"orders-1", "orders-2"} <= found


def test_every_queue_has_its_service(readings: list[Reading]) -> None:
    found = {
        str(one.subject.label): one.subject.service for one in readings if one.practice is Practice.QUEUES
    }
    assert found["mail"] == "orders"
    assert found["reports"] == "catalog"
    assert found["payments:webhooks"] == "payments"


def test_versions_and_starts_are_told(readings: list[Reading]) -> None:
    told = {one.subject.service: one for one in readings if getattr(one, "started", None)}
    assert {"catalog", "payments"} <= set(told)
    assert {str(getattr(one, "version", "")) for one in told.values()} == {"2.4.1"}
