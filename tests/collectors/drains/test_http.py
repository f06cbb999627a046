import asyncio
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from collectors.base import Context
from collectors.drains.http import HttpDrain, HttpDrainOptions
from collectors.errors import OptionsError, TimedOutError, UnreachableError
from collectors.model.drains import Phase
from collectors.model.quantity import Known, Unit, about, at_least, exact, needs_samples, unknown
from collectors.secret import SecretUrl
from tests.collectors.drains.looking import Customers, Gated, StepClock, one
from tests.servers.waiting import wait_until_async
from tests.servers.web import black_hole, raw_server, uvicorn_server

LABELLED = """# HELP http_requests_inprogress Number of HTTP requests in progress.
# TYPE http_requests_inprogress gauge
http_requests_inprogress{method="GET",handler="/slow"} {slow}
http_requests_inprogress{method="GET",handler="/metrics"} 1.0
http_requests_total{method="GET",handler="/slow"} {served}
http_requests_total{method="GET",handler="/readyz"} 500
"""
PLAIN = "starlette_requests_in_progress {any}.0\nstarlette_requests_total {all}.0\n"
APART = "http_server_active_requests {slow}\nhttp_requests_total {served}\n"


@pytest.fixture
def gated() -> Gated:
    return Gated(LABELLED)


@pytest.fixture
def base(gated: Gated) -> Iterator[str]:
    with uvicorn_server(gated) as port:
        yield f"http://127.0.0.1:{port}"
        gated.gate.set()


@pytest.fixture
def clock() -> StepClock:
    return StepClock()


@pytest.fixture
async def make(clock: StepClock) -> Any:
    made: list[HttpDrain] = []

    def build(url: str, timeout: float = 5.0, **more: Any) -> HttpDrain:
        options = HttpDrainOptions(url=SecretUrl(url), **more)
        made.append(
            HttpDrain(options, Context(collector="web-1", service="shop", clock=clock, timeout=timeout))
        )
        return made[-1]

    yield build
    for collector in made:
        await collector.close()


async def test_a_service_that_serves(base: str, make: Any, gated: Gated) -> None:
    reading = await one(make(f"{base}/readyz"))
    assert (reading.state, reading.phase, reading.ready) == ("ok", Phase.SERVING, True)
    assert reading.in_flight == exact(0)
    assert reading.traffic == needs_samples()
    assert (reading.streams.known, reading.elapsed.known, reading.grace.known) == (Known.UNKNOWN,) * 3
    assert reading.note == ""
    assert [(method, path) for method, path, _accept in gated.asked] == [
        ("GET", "/readyz"),
        ("GET", "/metrics"),
    ]
    assert gated.asked[1][2].startswith("text/plain;version=0.0.4")


async def test_a_drain_from_the_first_503_to_the_last_request(
    base: str, make: Any, gated: Gated, clock: StepClock
) -> None:
    watch = make(f"{base}/readyz")
    async with Customers(f"{base}/slow") as customers:
        customers.come(3)
        await wait_until_async(lambda: gated.slow == 3, 15)
        assert (await one(watch)).in_flight == exact(3)
        gated.status, gated.ready = 503, {"status": "draining"}
        clock.seconds += 4
        reading = await one(watch)
        assert (reading.state, reading.phase, reading.ready) == ("503 draining", Phase.DRAINING, False)
        assert reading.in_flight == exact(3)
        assert reading.elapsed == about(2, 2, Unit.SECONDS), "it began between two looks"
        assert reading.traffic == exact(0, Unit.PER_SECOND)
        gated.gate.set()
        await customers.leave()
        clock.seconds += 6
        reading = await one(watch)
        assert reading.in_flight == exact(0)
        assert reading.elapsed == about(8, 2, Unit.SECONDS)
        assert reading.traffic == exact(3 / 6, Unit.PER_SECOND)


async def test_an_unready_one_says_so_by_its_code_alone(base: str, make: Any, gated: Gated) -> None:
    gated.status, gated.ready = 503, "come back later"
    reading = await one(make(f"{base}/readyz"))
    assert (reading.state, reading.phase, reading.ready) == ("503 not ready", Phase.NOT_READY, False)
    assert reading.elapsed.known is Known.AT_LEAST


async def test_a_switch_in_the_answer_outweighs_its_code(base: str, make: Any, gated: Gated) -> None:
    gated.ready = {"status": "ok", "draining": True, "in_flight": 4, "websockets": 2}
    reading = await one(make(f"{base}/readyz", gauge_path=""))
    assert (reading.state, reading.phase, reading.ready) == ("draining", Phase.DRAINING, False)
    assert reading.streams == exact(2)
    assert reading.in_flight == at_least(3), "the look itself may be one of the four"


async def test_our_own_looks_are_taken_out_where_labels_tell_them(
    base: str, make: Any, gated: Gated, clock: StepClock
) -> None:
    watch = make(base, ready_path="/readyz")
    for _ in range(3):
        reading = await one(watch)
        clock.seconds += 2
    assert reading.in_flight == exact(0)
    assert reading.traffic == exact(0, Unit.PER_SECOND)
    assert gated.ended["/readyz"] == 3


async def test_where_nothing_tells_them_apart_it_is_said(
    base: str, make: Any, gated: Gated, clock: StepClock
) -> None:
    gated.metrics = PLAIN
    watch = make(f"{base}/readyz")
    reading = await one(watch)
    assert reading.in_flight == at_least(0)
    assert "counts_us" in reading.note
    clock.seconds += 2
    assert (await one(watch)).traffic == about(0.5, 0.5, Unit.PER_SECOND), (
        "two looks in 2 s, or two strangers"
    )


async def test_the_operator_may_know_it(base: str, make: Any, gated: Gated, clock: StepClock) -> None:
    gated.metrics = PLAIN
    watch = make(f"{base}/readyz", counts_us=True)
    async with Customers(f"{base}/slow") as customers:
        customers.come(2)
        await wait_until_async(lambda: gated.slow == 2, 15)
        reading = await one(watch)
        assert reading.in_flight == exact(2)
        assert reading.note == ""
        gated.gate.set()
        await customers.leave()
    clock.seconds += 4
    reading = await one(watch)
    assert reading.in_flight == exact(0)
    assert reading.traffic == exact(2 / 4, Unit.PER_SECOND)


async def test_a_gauge_that_was_at_0_does_not_count_us(base: str, make: Any, gated: Gated) -> None:
    gated.metrics = APART
    watch = make(f"{base}/readyz")
    assert (await one(watch)).in_flight == exact(0)
    async with Customers(f"{base}/slow") as customers:
        customers.come(1)
        await wait_until_async(lambda: gated.slow == 1, 15)
        assert (await one(watch)).in_flight == exact(1)
        gated.gate.set()
        await customers.leave()


async def test_a_counter_that_stood_still_does_not_count_us(
    base: str, make: Any, gated: Gated, clock: StepClock
) -> None:
    gated.metrics = APART
    gated.gate.set()
    watch = make(f"{base}/readyz")
    await one(watch)
    clock.seconds += 2
    assert (await one(watch)).traffic == exact(0, Unit.PER_SECOND)
    async with Customers(f"{base}/slow") as customers:
        customers.come(5)
        await customers.leave()
    clock.seconds += 2
    assert (await one(watch)).traffic == exact(2.5, Unit.PER_SECOND)


async def test_a_counter_that_fell_begins_anew(base: str, make: Any, gated: Gated, clock: StepClock) -> None:
    watch = make(f"{base}/readyz")
    gated.metrics = "http_requests_total 1000\nprocess_start_time_seconds 100\n"
    await one(watch)
    clock.seconds += 2
    gated.metrics = "http_requests_total 10\nprocess_start_time_seconds 100\n"
    assert (await one(watch)).traffic == needs_samples()
    clock.seconds += 2
    gated.metrics = "http_requests_total 5000\nprocess_start_time_seconds 200\n"
    assert (await one(watch)).traffic == needs_samples(), "another process counts now"


@pytest.mark.parametrize(
    ("metrics", "status", "words"),
    [
        ("", 404, "/metrics answers 404: set `gauge_path`, or leave it empty"),
        ("up 1\n", 200, "/metrics has no gauge of requests under way that is known: name it by `in_flight`"),
        ("<!doctype html>", 200, "/metrics cannot be understood: line 1 is not a metric"),
        ("promhttp_metric_handler_requests_in_flight 1\n", 200, "no gauge of requests under way"),
    ],
)
async def test_a_service_without_a_gauge_says_why(
    base: str, make: Any, gated: Gated, metrics: str, status: int, words: str
) -> None:
    gated.metrics, gated.metrics_status = metrics, status
    reading = await one(make(f"{base}/readyz"))
    assert reading.phase is Phase.SERVING
    assert reading.in_flight == unknown()
    assert words in reading.note


async def test_names_of_ones_own(base: str, make: Any, gated: Gated) -> None:
    gated.metrics = 'shop_busy{route="/slow"} 7\nshop_streams{route="/live"} 3\nhttp_requests_inprogress 0\n'
    reading = await one(make(f"{base}/readyz", in_flight="shop_busy", streams="shop_streams"))
    assert (reading.in_flight, reading.streams) == (exact(7), exact(3))


async def test_a_readiness_that_is_not_for_us(base: str, make: Any, gated: Gated) -> None:
    gated.status = 401
    reading = await one(make(f"{base}/readyz"))
    assert (reading.phase, reading.ready) == (Phase.UNKNOWN, None)
    assert "`headers`" in reading.note
    gated.status = 302
    assert "sends us elsewhere" in (await one(make(f"{base}/readyz"))).note


async def test_one_that_ends_is_gone_and_not_a_failure(gated: Gated, make: Any, clock: StepClock) -> None:
    with ExitStack() as stack:
        port = stack.enter_context(uvicorn_server(gated))
        watch = make(f"http://127.0.0.1:{port}/readyz")
        await one(watch)
    clock.seconds += 3
    reading = await one(watch)
    assert (reading.state, reading.phase, reading.ready) == ("refused", Phase.GONE, False)
    assert (reading.exit, reading.in_flight) == ("unknown", unknown())
    assert reading.elapsed == about(1.5, 1.5, Unit.SECONDS)
    with uvicorn_server(gated, port):
        reading = await one(watch)
    assert (reading.phase, reading.traffic) == (Phase.SERVING, needs_samples())


async def test_one_that_was_never_there_is_a_failure(make: Any, free_port: Callable[[], int]) -> None:
    watch = make(f"http://127.0.0.1:{free_port()}/readyz")
    for _ in range(2):
        with pytest.raises(UnreachableError, match="refused"):
            await one(watch)


async def test_a_way_that_is_cut_is_no_end_of_the_service(
    base: str, make: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    watch = make(f"{base}/readyz")
    await one(watch)

    async def cut(*_: object, **__: object) -> None:
        raise UnreachableError("no route", "the network is down")

    monkeypatch.setattr(watch._reader, "read", cut)
    with pytest.raises(UnreachableError, match="no route"):
        await one(watch)


async def test_silence_is_a_failure_even_of_one_that_answered(gated: Gated, make: Any) -> None:
    answers = iter([b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"])

    async def answer(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(next(answers, b""))
        await writer.drain()
        await asyncio.sleep(2)

    async with raw_server(answer) as server:
        watch = make(server.url("/readyz"), timeout=0.6, gauge_path="")
        assert (await one(watch)).phase is Phase.SERVING
        with pytest.raises(TimedOutError):
            await one(watch)


async def test_a_gauge_that_hangs_costs_the_gauge_alone(make: Any) -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if server.heads[-1].startswith(b"GET /metrics"):
            await asyncio.sleep(30)
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok")
        await writer.drain()

    async with raw_server(answer) as server:
        reading = await one(make(server.url("/readyz"), timeout=0.6))
    assert reading.phase is Phase.SERVING
    assert reading.note.startswith("/metrics: no answer in")


async def test_an_address_that_swallows_all_is_given_up_in_time(make: Any) -> None:
    with black_hole() as port:
        watch = make(f"http://127.0.0.1:{port}/", timeout=0.5)
        with pytest.raises(TimedOutError, match="no connection"):
            await one(watch)


@pytest.mark.parametrize("wrong", [{"gauge_path": "metrics"}, {"ready_path": "readyz"}])
def test_a_path_without_a_slash_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="must begin with a slash"):
        HttpDrainOptions(url=SecretUrl("http://a"), **wrong)


def test_what_is_no_web_address_is_refused(make: Any) -> None:
    with pytest.raises(OptionsError, match="cannot be read by HTTP"):
        make("redis://127.0.0.1/")
