"""uvicorn and gunicorn are known by their arguments, and the plan tells what SIGTERM makes of them."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from collectors.action import Result
from collectors.base import Context
from collectors.drains.process import ProcessDrain, ProcessDrainOptions
from collectors.drains.process.serving import recognised
from collectors.model.quantity import Known
from tests.collectors.acting import KeepingControl, plan, run
from tests.collectors.drains.fleet import ORDERS, Instance, instance, slow_request
from tests.collectors.drains.looking import one
from tests.servers.waiting import wait_until_async

PYTHON = "/usr/bin/python3.11"


@pytest.mark.parametrize(
    ("arguments", "name", "limit", "sure"),
    [
        ([PYTHON, "/venv/bin/uvicorn", "app:app"], "uvicorn", None, False),
        ([PYTHON, "-m", "uvicorn", "app:app", "--timeout-graceful-shutdown", "20"], "uvicorn", 20, True),
        ([PYTHON, "-m", "uvicorn", "--timeout-graceful-shutdown=5", "app:app"], "uvicorn", 5, True),
        (["/venv/bin/uvicorn", "app:app"], "uvicorn", None, False),
        ([PYTHON, "-u", "-X", "dev", "-W", "error", "/bin/gunicorn", "app:app"], "gunicorn", 30, False),
        ([PYTHON, "/bin/gunicorn", "-w", "4", "--graceful-timeout", "90", "app:app"], "gunicorn", 90, True),
        ([PYTHON, "/bin/gunicorn", "--graceful=7", "app:app"], "gunicorn", 7, True),
        ([PYTHON, "/bin/gunicorn", "--graceful-timeout", "5", "--graceful-timeout=6"], "gunicorn", 6, True),
        ([PYTHON, "/bin/gunicorn", "--graceful-timeout", "soon", "app:app"], "gunicorn", 30, False),
        ([PYTHON, "/bin/gunicorn", "--graceful-timeout"], "gunicorn", 30, False),
        ([PYTHON, "/bin/gunicorn", "--graceful-timeout", "-1"], "gunicorn", 30, False),
        (["gunicorn: master [orders:app]"], "gunicorn", 30, False),
        ([PYTHON, "-m", "hypercorn", "app:app"], "hypercorn", 3, False),
        ([PYTHON, "-m", "hypercorn", "--graceful-timeout", "12", "app:app"], "hypercorn", 12, True),
    ],
)
def test_known_ones(arguments: list[str], name: str, limit: float | None, sure: bool) -> None:
    found = recognised(arguments)
    assert found is not None
    assert (found.name, found.limit, found.sure) == (name, limit, sure)


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        [""],
        [PYTHON],
        [PYTHON, "-c", "import uvicorn", "uvicorn"],
        [PYTHON, "app.py", "uvicorn"],
        [PYTHON, "-m", "uvicornish"],
        [PYTHON, "-m"],
        ["/usr/sbin/nginx", "-g", "gunicorn"],
        ["vim", "gunicorn"],
        ["gunicorn: master [a]", "x"],
    ],
)
def test_unknown_ones_are_none(arguments: list[str]) -> None:
    assert recognised(arguments) is None


def test_what_a_default_is_worth_is_said() -> None:
    default, told = (
        recognised(["gunicorn", "a:a"]),
        recognised(["gunicorn", "--graceful-timeout", "9", "a:a"]),
    )
    assert default is not None
    assert told is not None
    assert default.words == (
        "gunicorn resets new connections after SIGTERM, and kills its workers with what is not finished 30 s "
        "later (its default: its configuration may say otherwise)"
    )
    assert told.words.endswith(" 9 s later")
    assert told.brief == "gunicorn, 9 s after SIGTERM"


# real ones


def uvicorn(*more: str) -> Callable[[int, Path], list[str]]:
    def command(port: int, pid_file: Path) -> list[str]:
        # a shell that writes its number and becomes uvicorn, as units and supervisors do
        became = ["sh", "-c", 'echo $$ >"$0"; exec "$@"', str(pid_file), sys.executable, "-m", "uvicorn"]
        app = ["--app-dir", str(ORDERS.parent), "orders:app", "--port", str(port), "--lifespan=off"]
        return [*became, *app, "--log-level=critical", *more]

    return command


def gunicorn(*more: str) -> Callable[[int, Path], list[str]]:
    def command(port: int, pid_file: Path) -> list[str]:
        return [sys.executable, "-m", "gunicorn", "--chdir", str(ORDERS.parent), "-b", f"127.0.0.1:{port}",
                "--pid", str(pid_file), "--log-level=critical", "-w", "1", *more, "orders:app"]  # fmt: skip

    return command


@pytest.fixture
def start(tmp_path: Path, free_port: Callable[[], int]) -> Callable[..., Any]:
    @contextmanager
    def begin(command: Callable[[int, Path], list[str]]) -> Iterator[tuple[Instance, ProcessDrain]]:
        with instance("orders-1", free_port(), tmp_path, command) as made:
            options = ProcessDrainOptions(pid_file=str(made.pid_file))
            yield made, ProcessDrain(options, Context(collector="orders", service="orders", timeout=15))

    return begin


def key(made: Instance) -> bytes:
    return str(made.pid_file).encode()


async def test_uvicorn_waits_for_what_it_has(start: Callable[..., Any]) -> None:
    with start(uvicorn()) as (made, watch), slow_request(made.url, 2) as answers:
        reading = await one(watch)
        assert {str(part.name): str(part.word) for part in reading.parts}["serves by"] == (
            "uvicorn, no limit after SIGTERM, by default"
        )
        assert reading.grace.known is Known.UNKNOWN
        planned = await plan(watch, "drains.drain", key(made))
        assert str(planned.sample[-1]).startswith("uvicorn takes no new connection after SIGTERM, and waits")
        assert any("one request that never ends keeps uvicorn for ever" in line for line in planned.warnings)
        outcome = await run(watch, planned)
        await wait_until_async(lambda: answers, 10)
    assert answers == [200]
    assert outcome.result is Result.DONE
    assert "ended by SIGTERM" in outcome.words


async def test_uvicorn_with_a_limit_cuts_and_that_is_announced(start: Callable[..., Any]) -> None:
    limit = uvicorn("--timeout-graceful-shutdown", "3")
    with start(limit) as (made, watch), slow_request(made.url, 60) as answers:
        reading = await one(watch)
        assert (reading.grace.value, reading.grace.known) == (3, Known.EXACT)
        planned = await plan(watch, "drains.drain", key(made))
        assert planned.detail["cut"] == 3
        assert any("a request that takes more than 3 s is lost" in line for line in planned.warnings)
        control = KeepingControl()
        outcome = await run(watch, planned, control)
        await wait_until_async(lambda: answers, 10)
    assert answers != [200]
    assert outcome.result is Result.UNKNOWN
    assert "at its own limit of 3 s: 1 connections open just before, which may be cut" in outcome.words
    assert any("will not end before it cuts them off itself in" in line for line in outcome.lines)
    assert any("it cuts off the rest in 2 s" in words for _done, words in control.reports)


async def test_gunicorn_kills_its_workers_at_its_limit(start: Callable[..., Any]) -> None:
    limit = gunicorn("-k", "asgi", "--graceful-timeout", "2")
    with start(limit) as (made, watch), slow_request(made.url, 60) as answers:
        reading = await one(watch)
        assert reading.sessions.value == 1, "its worker holds them"
        assert (reading.grace.value, reading.grace.known) == (2, Known.EXACT)
        outcome = await run(watch, await plan(watch, "drains.drain", key(made)))
        await wait_until_async(lambda: answers, 10)
        assert made.process.wait(5) == 0, "its exit does not tell that it cut somebody off"
    assert answers != [200]
    assert outcome.result is Result.UNKNOWN
    assert "own limit of 2 s" in outcome.words


async def test_gunicorn_finishes_what_ends_within_its_limit(start: Callable[..., Any]) -> None:
    with start(gunicorn("-k", "asgi")) as (made, watch), slow_request(made.url, 1) as answers:
        reading = await one(watch)
        assert (reading.grace.value, reading.grace.known) == (30, Known.ABOUT), "a default is no promise"
        outcome = await run(watch, await plan(watch, "drains.drain", key(made)))
        await wait_until_async(lambda: answers, 10)
    assert answers == [200]
    assert outcome.result is Result.DONE
    assert "exited (code 0)" in outcome.words
