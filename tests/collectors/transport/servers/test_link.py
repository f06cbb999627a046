"""The state machine of one way, with a way that fails as it is told."""

import asyncio
import random
from collections.abc import AsyncIterator, Sequence

import pytest

from collectors.clock import SystemClock
from collectors.errors import AnswerError
from collectors.text import Shown
from collectors.transport.endpoint import Dial, UnixDial
from collectors.transport.host import Ran
from collectors.transport.servers.link import CAP, Link
from collectors.transport.servers.state import STOPS, Fault, Phase, ServerError, ServerState
from tests.servers.waiting import wait_until_async


class ToldWay:
    """Opens, fails and breaks as a test says; it stands for nothing real but its own timing."""

    kind, target, by_hand = "ssh", "web1", "ssh web1"

    def __init__(self) -> None:
        self.refuses: Exception | None = None
        self.opened = 0
        self.gate = asyncio.Event()
        self.gate.set()
        self.breaks: asyncio.Queue[ServerError] = asyncio.Queue()

    async def open(self) -> None:
        self.opened += 1
        await self.gate.wait()
        if self.refuses is not None:
            raise self.refuses

    async def broken(self) -> ServerError:
        return await self.breaks.get()

    async def check(self) -> float | None:
        return 0.25

    async def dial_tcp(self, host: str, port: int, name: str, *, as_port: bool = False) -> Dial:
        return UnixDial("/none", name)

    async def dial_unix(self, path: str) -> Dial:
        return UnixDial(path)

    def argv(self, command: Sequence[str], *, given: bool = False) -> tuple[str, ...]:
        return tuple(command)

    def judged(self, ran: Ran, command: Sequence[str]) -> Ran:
        return ran

    def login_argv(self) -> tuple[str, ...]:
        return ()

    async def adopt(self) -> None:
        return None

    async def close(self) -> None:
        return None


class NoJitter(random.Random):
    """Always the longest delay, which it notes."""

    def __init__(self) -> None:
        super().__init__(1)
        self.most: list[float] = []

    def uniform(self, a: float, b: float) -> float:
        self.most.append(b)
        return a


def fault(kind: Fault) -> ServerError:
    return ServerError(f"web-1: {kind}", "what to do", fault=kind)


@pytest.fixture
def way() -> ToldWay:
    return ToldWay()


@pytest.fixture
def changes() -> list[ServerState]:
    return []


@pytest.fixture
async def link(way: ToldWay, changes: list[ServerState]) -> AsyncIterator[Link]:
    state = ServerState("web-1", "ssh", Shown("web1"))
    made = Link(way, state, SystemClock(), lambda: changes.append(made.state), NoJitter())
    yield made
    await made.close()
    assert made.state.phase is Phase.IDLE


async def test_nothing_is_opened_before_somebody_asks(link: Link, way: ToldWay) -> None:
    await asyncio.sleep(0)
    assert (way.opened, link.state.phase) == (0, Phase.IDLE)
    assert await link.ready() is way
    assert (way.opened, link.state.phase) == (1, Phase.UP)
    await wait_until_async(lambda: link.state.latency == 0.25)


async def test_all_wait_for_one_first_attempt(link: Link, way: ToldWay) -> None:
    way.gate.clear()
    waiting = [asyncio.create_task(link.ready()) for _ in range(20)]
    await wait_until_async(lambda: link.state.phase is Phase.CONNECTING)
    way.gate.set()
    assert await asyncio.gather(*waiting) == [way] * 20
    assert way.opened == 1


@pytest.mark.parametrize("kind", sorted(STOPS))
async def test_keys_and_logins_stop_until_a_person_retries(link: Link, way: ToldWay, kind: Fault) -> None:
    way.refuses = fault(kind)
    with pytest.raises(ServerError, match=str(kind)):
        await link.ready()
    await asyncio.sleep(0.2)
    assert (way.opened, link.state.phase, link.state.retry_at) == (1, Phase.STOPPED, None)
    assert (link.state.why, link.state.hint, link.state.by_hand) == (
        f"web-1: {kind}",
        "what to do",
        "ssh web1",
    )
    way.refuses = None
    link.retry()
    await wait_until_async(lambda: link.state.phase is Phase.UP)
    assert (link.state.fault, link.state.why, link.state.hint) == (Fault.NONE, "", "")


async def test_everything_else_is_tried_again_less_and_less_often(link: Link, way: ToldWay) -> None:
    way.refuses = fault(Fault.REFUSED)
    with pytest.raises(ServerError):
        await link.ready()
    await wait_until_async(lambda: way.opened >= 10)
    rng = link._rng
    assert isinstance(rng, NoJitter)
    assert rng.most[:8] == [0.5, 1.0, 2.0, 4.0, 8.0, 16.0, CAP, CAP]
    assert link.state.reconnects == 0
    way.refuses = None
    await wait_until_async(lambda: link.state.phase is Phase.UP)


async def test_what_breaks_is_opened_again_and_counted(
    link: Link, way: ToldWay, changes: list[ServerState]
) -> None:
    await link.ready()
    way.breaks.put_nowait(fault(Fault.LOST))
    await wait_until_async(lambda: link.state.reconnects == 1)
    phases = [state.phase for state in changes]
    assert [phase for phase, before in zip(phases, [None, *phases], strict=False) if phase is not before] == [
        Phase.CONNECTING,
        Phase.UP,
        Phase.LOST,
        Phase.CONNECTING,
        Phase.UP,
    ]
    lost = next(state for state in changes if state.phase is Phase.LOST)
    assert (lost.fault, lost.latency) == (Fault.LOST, None)
    assert lost.retry_at is not None


async def test_a_further_attempt_that_takes_long_keeps_nobody_waiting(link: Link, way: ToldWay) -> None:
    way.refuses = fault(Fault.TIMED_OUT)
    with pytest.raises(ServerError):
        await link.ready()
    way.gate.clear()
    await wait_until_async(lambda: link.state.phase is Phase.CONNECTING)
    began = asyncio.get_running_loop().time()
    with pytest.raises(ServerError, match="no answer in time"):
        await link.ready()
    assert asyncio.get_running_loop().time() - began < 3
    way.refuses = None
    way.gate.set()
    await wait_until_async(lambda: link.state.phase is Phase.UP)


@pytest.mark.parametrize(
    "error", [AnswerError("odd", "see there"), OSError(28, "No space left"), ValueError("a bug in a way")]
)
async def test_other_failures_are_words_too(link: Link, way: ToldWay, error: Exception) -> None:
    way.refuses = error
    with pytest.raises(ServerError, match="web-1: failed") as caught:
        await link.ready()
    assert caught.value.hint
    way.refuses = None
    await wait_until_async(lambda: link.state.phase is Phase.UP)


async def test_who_runs_through_it_is_noted_once(link: Link) -> None:
    for name in ("web-health", "web-logs", "web-health"):
        link.use(name)
    assert link.state.uses == ("web-health", "web-logs")
