import random

from hypothesis import given
from hypothesis import strategies as st

from console.engine.backoff import CAP, OPENS_AFTER, Backoff
from console.engine.state import Breaker


def failed(times: int) -> Backoff:
    backoff = Backoff()
    for _ in range(times):
        backoff = backoff.trying().failed()
    return backoff


@given(st.integers(0, 60), st.floats(1.0, 60.0), st.integers())
def test_a_wait_is_never_below_the_interval_nor_above_the_cap(times: int, every: float, seed: int) -> None:
    delay = failed(times).delay(every, random.Random(seed))
    assert every <= delay <= max(CAP, every)


@given(st.integers(1, 20), st.floats(0.0, 120.0))
def test_what_the_server_asks_for_is_a_floor(times: int, floor: float) -> None:
    assert failed(times).delay(1.0, random.Random(1), floor) >= floor


def test_waits_are_spread_and_not_all_alike() -> None:
    waits = {round(failed(4).delay(1.0, random.Random(seed)), 1) for seed in range(200)}
    assert len(waits) > 50


def test_the_breaker_opens_lets_one_through_and_closes_on_success() -> None:
    assert failed(OPENS_AFTER - 1).breaker is Breaker.CLOSED
    opened = failed(OPENS_AFTER)
    assert opened.breaker is Breaker.OPEN
    assert opened.delay(1.0, random.Random(3)) >= CAP / 2
    assert opened.trying().breaker is Breaker.HALF_OPEN
    assert opened.trying().failed().breaker is Breaker.OPEN
    assert opened.trying().succeeded() == Backoff()
