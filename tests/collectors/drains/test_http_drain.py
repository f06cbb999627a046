"""A service is drained: readiness, traffic, TERM, in flight, exit; real processes behind a real HAProxy."""

import asyncio
import contextlib
import re
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from collectors.action import RefusedError, Result, StoppedError
from collectors.base import Context
from collectors.drains.http import HttpDrain, HttpDrainOptions
from collectors.errors import OptionsError, SourceError
from collectors.secret import SecretUrl
from tests.collectors.acting import KeepingControl, find, plan, run, undo
from tests.collectors.drains.fleet import Instance, Load, balanced, instance, slow_request
from tests.servers.waiting import wait_until

KEY = b"/readyz"


@pytest.fixture
def first(tmp_path: Path, free_port: Callable[[], int]) -> Iterator[Instance]:
    with instance("orders-1", free_port(), tmp_path) as one:
        yield one


@pytest.fixture
def second(tmp_path: Path, free_port: Callable[[], int]) -> Iterator[Instance]:
    with instance("orders-2", free_port(), tmp_path) as one:
        yield one


def collector(one: Instance, **more: Any) -> HttpDrain:
    given: dict[str, Any] = {"drain_url": SecretUrl(one.url + "/drain"), "pid_file": str(one.pid_file)}
    options = HttpDrainOptions(url=SecretUrl(one.url), ready_path="/readyz", **(given | more))
    return HttpDrain(options, Context(collector="orders-1-drain", instance=one.name, service="orders"))


class StopAt(KeepingControl):
    """Stops as soon as the progress tells these words."""

    def __init__(self, words: str) -> None:
        super().__init__()
        self.words = words

    async def pause(self, seconds: float) -> None:
        if any(self.words in told for _done, told in self.reports):
            raise StoppedError("stopped by the test")
        await super().pause(seconds)


async def test_a_drain_under_load_loses_no_request_and_goes_in_order(
    first: Instance, second: Instance, free_port: Callable[[], int]
) -> None:
    service = collector(first)
    with balanced([first, second], free_port) as (lb, url), Load(url) as load:
        made = await plan(service, "drains.drain", KEY, stop="yes", settle="1s")
        assert not made.refusals
        assert made.owed == ("drains.ready", "the readiness of orders-1 is off")
        told = [re.sub(r"\d+ now", "N now", str(line).split(":")[0]) for line in made.sample]
        assert told == [
            "readiness off",
            "until no request has come for 1 s",
            "SIGTERM, once",
            "watch what is in flight (N now)",
            "until it has exited",
        ]
        sessions: list[tuple[str, str]] = []
        seen = threading.Event()

        def watch() -> None:
            while not seen.wait(0.05):
                row = next(line for line in lb.tell("show stat").splitlines() if ",orders-1," in line)
                sessions.append((row.split(",")[17], row.split(",")[4]))

        watcher = threading.Thread(target=watch)
        watcher.start()
        control = KeepingControl()
        outcome = await run(service, made, control)
        seen.set()
        watcher.join()
        lost = list(load.failed)
    assert lost == []
    assert outcome.result is Result.DONE
    assert outcome.owes is False
    assert outcome.count == 1
    assert [re.sub(r" after [\d.]+ s$", "", str(line)) for line in outcome.lines] == [
        "readiness off (POST answered 200)",
        "traffic 0 for 1 s",
        f"SIGTERM sent to process {first.process.pid}",
        "exited (ended by SIGTERM)",
    ]
    assert [record["phase"] for record in control.kept] == ["off", "stop"]
    assert first.process.wait(1) == -15
    down = [index for index, (status, _scur) in enumerate(sessions) if status.startswith("DOWN")]
    assert down
    assert sessions[down[-1]][1] == "0"
    assert second.ready()


async def test_without_stop_it_ends_with_readiness_owed_and_undo_puts_it_back(first: Instance) -> None:
    service = collector(first)
    made = await plan(service, "drains.drain", KEY, settle="300ms")
    assert len(made.sample) == 2
    control = KeepingControl()
    outcome = await run(service, made, control)
    assert (outcome.result, outcome.owes) == (Result.DONE, True)
    assert not first.ready()
    assert first.process.poll() is None
    back = await undo(service, made, control.kept)
    assert (back.result, str(back.words)) == (Result.DONE, "it is ready again")
    assert first.ready()


async def test_ready_pays_what_is_owed(first: Instance) -> None:
    service = collector(first)
    first.drain()
    made = await plan(service, "drains.ready", KEY)
    assert [str(line).split()[0] for line in made.sample] == ["DELETE"]
    outcome = await run(service, made)
    assert outcome.result is Result.DONE
    assert first.ready()
    assert (await find(service, "drains.ready").reconcile(made, [])).result is Result.DONE
    first.drain()
    assert (await find(service, "drains.ready").reconcile(made, [])).result is Result.FAILED


async def test_one_that_cannot_end_within_its_grace_is_announced_and_not_told_to_stop(
    first: Instance,
) -> None:
    service = collector(first, grace=5.0)
    await service.collect()
    with slow_request(first.url, 30) as answers:
        made = await plan(service, "drains.drain", KEY, stop="yes", settle="1s", deadline="4s")
        assert str(made.sample[-1]) == "until it has exited; SIGKILL by its supervisor 5 s after TERM"
        control = KeepingControl()
        outcome = await run(service, made, control)
        assert outcome.result is Result.FAILED
        assert outcome.owes is True
        announced = "1 in flight, and not falling: it will not end before SIGKILL 5 s after TERM"
        assert announced in [words for _done, words in control.reports]
        assert announced in [str(line) for line in outcome.lines]
        assert "not told to stop: 1 in flight would be cut 5 s after TERM" in outcome.words
        assert first.process.poll() is None
        assert answers == []
        back = await undo(service, made, control.kept)
        assert back.result is Result.DONE
        assert first.ready()


async def test_one_request_that_may_be_our_own_look_is_taken_for_one(first: Instance) -> None:
    service = collector(first, grace=5.0)
    with slow_request(first.url, 30):
        made = await plan(service, "drains.drain", KEY, stop="yes", settle="1s", deadline="3s")
        outcome = await run(service, made)
    assert (outcome.result, outcome.owes) == (Result.FAILED, True)
    assert "1 in flight (our own look may be one: see counts_us) would be cut" in outcome.words
    assert first.process.poll() is None


async def test_in_a_hurry_it_is_announced_counted_down_and_told_to_be_killed(first: Instance) -> None:
    service = collector(first, grace=4.0)
    with slow_request(first.url, 30):
        made = await plan(service, "drains.drain", KEY, stop="yes", settle="1s", hurry="yes")
        control = KeepingControl()
        told: list[float] = []

        def supervise() -> None:
            wait_until(lambda: [one for one in control.kept if one["phase"] == "stop"], 20)
            told.append(time.monotonic())
            time.sleep(4.0)
            first.process.kill()

        supervisor = threading.Thread(target=supervise)
        supervisor.start()
        outcome = await run(service, made, control)
        supervisor.join()
    reports = [words for _done, words in control.reports]
    assert any(re.fullmatch(r"told to stop; 1 connections open; SIGKILL in [1-4] s", one) for one in reports)
    late = [str(line) for line in outcome.lines if "it will not end before SIGKILL in " in line]
    assert len(late) == 1
    assert float(late[0].rpartition(" in ")[2].split()[0]) > 1.0
    assert outcome.result is Result.FAILED
    assert str(outcome.words) == "killed by SIGKILL at the deadline: what was in flight is lost"
    assert outcome.owes is False


@pytest.mark.parametrize(
    ("words", "owes", "alive"),
    [("readiness is off", True, True), ("SIGTERM sent", False, None)],
)
async def test_stopped_in_the_middle_it_says_what_stands(
    first: Instance, words: str, owes: bool, alive: bool | None
) -> None:
    service = collector(first)
    with slow_request(first.url, 20):
        made = await plan(service, "drains.drain", KEY, stop="yes", settle="1s")
        control = StopAt(words)
        outcome = await run(service, made, control)
        assert (outcome.result, outcome.owes) == (Result.FAILED, owes)
        assert "stopped by the test" in outcome.words
        if alive:
            assert "its readiness is off" in outcome.words
            assert (await undo(service, made, control.kept)).result is Result.DONE
            assert first.ready()
        else:
            assert "told to stop" in outcome.words
            with pytest.raises(RefusedError, match="cannot be taken back"):
                await undo(service, made, control.kept)


async def test_what_became_of_it_is_found_out_at_each_point_of_death(first: Instance) -> None:
    service = collector(first)
    action = find(service, "drains.drain")
    made = await plan(service, "drains.drain", KEY, stop="yes")
    ends = await plan(service, "drains.drain", KEY)

    async def found(made: Any, *phases: str) -> tuple[Result, bool | None]:
        outcome = await action.reconcile(made, [{"phase": phase} for phase in phases])
        return outcome.result, outcome.owes

    assert await found(made) == (Result.FAILED, False)
    assert await found(made, "off") == (Result.FAILED, False)
    first.drain()
    assert await found(made, "off") == (Result.FAILED, True)
    assert await found(ends, "off") == (Result.DONE, True)
    assert await found(made, "off", "stop") == (Result.UNKNOWN, True)
    with slow_request(first.url, 10):
        first.process.terminate()
        with contextlib.suppress(AssertionError):
            await asyncio.to_thread(wait_until, lambda: not _answers(first), 10)
        assert await found(made, "off", "stop") == (Result.UNKNOWN, False)
        first.process.kill()
        await asyncio.to_thread(first.process.wait)
    assert await found(made, "off", "stop") == (Result.DONE, False)
    assert await found(made, "off") == (Result.FAILED, False)
    assert await found(ends, "off") == (Result.UNKNOWN, True)


async def test_a_process_that_was_started_anew_is_left_alone(
    first: Instance, tmp_path: Path, free_port: Callable[[], int]
) -> None:
    service = collector(first)
    made = await plan(service, "drains.drain", KEY, stop="yes", settle="300ms")
    first.process.kill()
    first.process.wait()
    with instance("orders-1", first.port, tmp_path) as again:
        with pytest.raises(RefusedError, match="started anew"):
            await run(service, made)
        assert again.ready()


async def test_without_a_counter_it_waits_and_says_so(first: Instance) -> None:
    service = collector(first, gauge_path="")
    made = await plan(service, "drains.drain", KEY, settle="500ms")
    assert str(made.sample[1]) == "wait 0.5 s: it has no counter of requests that is known"
    outcome = await run(service, made)
    assert outcome.result is Result.DONE
    assert str(outcome.lines[1]).startswith("no counter of requests: waited 0.5 s, traffic not seen after")


async def test_traffic_that_does_not_stop_is_told_at_the_deadline(first: Instance) -> None:
    service = collector(first)
    with Load(first.url):
        made = await plan(service, "drains.drain", KEY, stop="yes", settle="1s", deadline="3s")
        outcome = await run(service, made)
    assert (outcome.result, outcome.owes) == (Result.FAILED, True)
    assert re.search(r"[\d.]+ requests/s still come at the deadline", outcome.words)
    assert first.process.poll() is None


async def test_a_switch_that_does_not_turn_anything_is_told(first: Instance) -> None:
    refused = collector(first, drain_url=SecretUrl(first.url + "/readyz"))
    made = await plan(refused, "drains.drain", KEY)
    with pytest.raises(RefusedError, match="its switch answered 405 to POST"):
        await run(refused, made)
    nothing = collector(first, drain_url=SecretUrl(first.url + "/buy"), drain_method="GET")
    made = await plan(nothing, "drains.drain", KEY, deadline="1s")
    outcome = await run(nothing, made)
    assert (outcome.result, outcome.owes) == (Result.FAILED, True)
    assert "its readiness did not follow" in outcome.words


@pytest.mark.parametrize(
    ("options", "arguments", "why"),
    [
        ({"pid_file": ""}, {"stop": "yes"}, "its process is not known: set pid_file"),
        ({"drain_url": None}, {}, "no readiness switch that is known: set drain_url, or say stop=yes"),
        ({}, {"deadline": "2h"}, "deadline = '2h': at most 3600 s"),
        ({}, {"settle": "soon"}, "settle = 'soon': must be a duration"),
        ({}, {"quiet": "-1"}, "quiet = '-1': must be requests a second"),
        ({"pid_file": "/nowhere.pid"}, {"stop": "yes"}, "its process is not found: no pid file"),
    ],
)
async def test_what_cannot_be_is_refused(
    first: Instance, options: dict[str, Any], arguments: dict[str, Any], why: str
) -> None:
    made = await plan(collector(first, **options), "drains.drain", KEY, **arguments)
    assert why in "; ".join(made.refusals)


async def test_one_that_does_not_answer_has_no_plan(first: Instance) -> None:
    first.process.kill()
    first.process.wait()
    with pytest.raises(SourceError, match="it does not answer"):
        await plan(collector(first), "drains.drain", KEY)


def _answers(one: Instance) -> bool:
    with contextlib.suppress(httpx.HTTPError):
        httpx.get(one.url + "/readyz", trust_env=False)
        return True
    return False


def test_a_pid_file_of_a_server_wants_its_whole_path() -> None:
    options = HttpDrainOptions(url=SecretUrl("http://a"), pid_file="~/app.pid")
    with pytest.raises(OptionsError, match="no whole path"):
        HttpDrain(options, Context(collector="a", server="web-1"))
