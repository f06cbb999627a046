"""Each format's documented answers, served by a real server, end as one form."""

import json
from collections.abc import Iterator

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from collectors.model.health import HealthReading
from tests.collectors.health.answers import CASES, TEXT, Case
from tests.collectors.health.conftest import MakeHealth
from tests.servers.web import uvicorn_server


def _served(case: Case) -> Response:
    status, content_type, body = case[:3]
    content = body if content_type == TEXT else json.dumps(body)
    return Response(content if status != 204 else None, status, media_type=content_type)


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    async def answer(request: Request) -> Response:
        return _served(CASES[request.path_params["case"]])

    with uvicorn_server(Starlette(routes=[Route("/{case}", answer)])) as found:
        yield found


async def _reading(make_health: MakeHealth, port: int, case: str) -> HealthReading:
    (reading,) = (await make_health(f"http://127.0.0.1:{port}/{case}").collect()).readings
    assert isinstance(reading, HealthReading)
    return reading


@pytest.mark.parametrize("case", CASES)
async def test_documented_answers(make_health: MakeHealth, port: int, case: str) -> None:
    status, _, _, name, state, word, bad = CASES[case]
    reading = await _reading(make_health, port, case)
    assert (reading.format, reading.state, reading.word) == (name, state, word)
    assert {str(part.name): str(part.word) for part in reading.parts if part.bad} == bad
    assert reading.status.value == status
    assert reading.failing.value == (1.0 if state == "down" else 0.0)


async def test_sub_checks_are_parts_with_the_failing_first(make_health: MakeHealth, port: int) -> None:
    reading = await _reading(make_health, port, "k8s")
    assert [part.name for part in reading.parts] == ["etcd", "ping", "log", "poststarthook/start-x"]
    reading = await _reading(make_health, port, "spring")
    assert [part.name for part in reading.parts] == ["db", "db/replica", "db/primary", "diskSpace"]


async def test_measured_values_keep_their_units(make_health: MakeHealth, port: int) -> None:
    reading = await _reading(make_health, port, "ietf")
    values = {str(part.name): part.value for part in reading.parts}
    told = {name: (value.value, value.unit) for name, value in values.items() if value}
    assert told == {
        "cassandra:responseTime": (0.25, "s"),
        "cpu:utilization": (0.85, "ratio"),
        "uptime": (1209600.245, "s"),
    }
    reading = await _reading(make_health, port, "aspnet")
    assert {str(part.name): part.value.value for part in reading.parts if part.value} == {
        "sql": 0.025,
        "mail": 1.5,
    }


async def test_why_is_in_the_note(make_health: MakeHealth, port: int) -> None:
    assert (await _reading(make_health, port, "nest")).note == "redis: down: connect ECONNREFUSED"
    assert "cassandra is slow" in (await _reading(make_health, port, "ietf")).note
    assert (await _reading(make_health, port, "ok")).note == ""


async def test_the_release_is_the_version(make_health: MakeHealth, port: int) -> None:
    assert (await _reading(make_health, port, "ietf")).version == "1.2.2"
    assert (await _reading(make_health, port, "health-go")).version == "v3.1"
