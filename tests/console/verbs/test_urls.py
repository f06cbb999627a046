"""URLs in place of a configuration: each kind, on a real server."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from tests.console.verbs.schema import check_report
from tests.console.verbs.shop import REFUSED, listening
from tests.project.program import quarterdeck, write
from tests.servers.web import uvicorn_server


async def ready(_request: Request) -> JSONResponse:
    return JSONResponse({"status": "UP"})


@pytest.fixture(scope="module")
def web() -> Iterator[str]:
    routes = [Route(path, ready) for path in ("/readyz", "/livez", "/health/started")]
    with uvicorn_server(Starlette(routes=routes)) as port:
        yield f"http://127.0.0.1:{port}"


@pytest.mark.parametrize(
    ("path", "probe"), [("/readyz", "readiness"), ("/livez", "liveness"), ("/health/started", "startup")]
)
def test_http_is_a_health_check_whose_probe_its_path_tells(
    tmp_path: Path, web: str, path: str, probe: str
) -> None:
    done = quarterdeck("check", "--json", web + path, home=tmp_path)
    (reading,) = done.json["readings"]
    assert done.code == 0
    assert (reading["practice"], reading["word"], reading["level"]) == ("health", "UP", "ok")
    assert reading["because"].startswith(f"{probe} is up")
    assert reading["service"] == web.removeprefix("http://")


def test_redis_is_a_queue_and_a_cache(tmp_path: Path, valkey_db: str) -> None:
    done = quarterdeck("check", "--json", valkey_db, home=tmp_path)
    check_report(done.json)
    assert (done.code, done.json["failures"]) == (0, [])
    assert "caches" in {one["practice"] for one in done.json["readings"]}


def test_postgres_is_a_pool_and_the_database_is_its_service(tmp_path: Path, postgres_db: str) -> None:
    done = quarterdeck("check", "--json", postgres_db, home=tmp_path)
    check_report(done.json)
    assert (done.code, done.json["failures"]) == (0, [])
    assert {one["practice"] for one in done.json["readings"]} == {"pools"}
    assert {one["service"] for one in done.json["readings"]} == {
        postgres_db.rpartition("/")[2].partition("?")[0]
    }


def test_a_file_is_a_log(tmp_path: Path) -> None:
    path = write(tmp_path / "app.jsonl", '{"level": "error", "msg": "no"}\n')
    done = quarterdeck("check", "--json", f"file://{path}", home=tmp_path)
    (reading,) = done.json["readings"]
    assert (done.code, reading["practice"], reading["service"]) == (0, "logs", "app")
    assert reading["freshness"] == "live"


def test_a_port_is_a_health_check(tmp_path: Path) -> None:
    with listening() as url:
        (reading,) = quarterdeck("check", "--json", url, home=tmp_path).json["readings"]
    assert (reading["practice"], reading["level"]) == ("health", "ok")


def test_a_variable_keeps_the_url_out_of_the_process_list(tmp_path: Path, valkey_db: str) -> None:
    done = quarterdeck("check", "--json", "env:CACHE", home=tmp_path, env={"CACHE": valkey_db})
    assert (done.code, done.err) == (0, "")
    assert done.json["readings"]


def test_several_urls_are_watched_together_and_each_once(tmp_path: Path, valkey_db: str) -> None:
    log = write(tmp_path / "app.log", "hello\n")
    done = quarterdeck(
        "check", "--json", valkey_db, REFUSED, REFUSED, f"file://{log}", "redis://127.0.0.1:1", home=tmp_path
    )
    told = done.json
    check_report(told)
    assert done.code == 2
    practices = [one["practice"] for one in told["readings"]]
    assert practices.count("health") == 1
    assert {"caches", "health", "logs"} <= set(practices)
    assert {one["practice"] for one in told["failures"]} == {"queues", "caches"}


def test_nobody_named_an_environment(tmp_path: Path) -> None:
    assert quarterdeck("check", "--json", REFUSED, home=tmp_path).json["environment"] == ""


@pytest.mark.parametrize("url", ["redis://127.0.0.1:1", "postgres://app@127.0.0.1:1/shop"])
def test_a_server_that_is_not_there_is_told_with_its_address(tmp_path: Path, url: str) -> None:
    done = quarterdeck("check", "--json", url, home=tmp_path)
    assert done.code == 3
    for failure in done.json["failures"]:
        assert "127.0.0.1:1" in failure["why"] + failure["hint"], failure


def test_a_file_that_is_not_there_is_said_to_be_missing(tmp_path: Path) -> None:
    done = quarterdeck("check", "--json", f"file://{tmp_path}/none.jsonl", home=tmp_path)
    told = done.json
    words = str(told["failures"] or told["readings"])
    assert "none.jsonl" in words
    assert done.code in (0, 3), sys.executable
