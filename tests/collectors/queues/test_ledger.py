"""The watermark ledger and the rates, against random pushes and pops whose truth is known."""

from collections import deque

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collectors.model.quantity import Known, Quantity, Unit, about, at_least, exact, needs_samples, unknown
from collectors.queues._ledger import Ledger
from collectors.queues._rates import Between, time_to_empty

EPSILON = 1e-6
STEPS = st.lists(
    st.tuples(
        st.sampled_from(("push", "pop", "look", "lost look")),
        st.integers(0, 9),
        st.floats(0.001, 30, allow_nan=False),
    ),
    max_size=80,
)


def holds(quantity: Quantity, truth: float) -> bool:
    """Whether what is said of a value is true."""
    if quantity.known is Known.EXACT:
        return abs((quantity.value or 0) - truth) <= EPSILON
    if quantity.known is Known.AT_LEAST:
        return (quantity.value or 0) <= truth + EPSILON
    if quantity.known is Known.ABOUT:
        return abs((quantity.value or 0) - truth) <= (quantity.margin or 0) + EPSILON
    return True


class Truth:
    """A queue that knows when each of its elements came, and a watcher that does not."""

    def __init__(self) -> None:
        self.now = 100.0
        self.queue: deque[tuple[int, float]] = deque()
        self.numbers = 0
        self.came = self.left = 0
        self.mark: int | None = None
        self.ledger = Ledger()

    def push(self, count: int) -> None:
        for _ in range(count):
            self.queue.append((self.numbers, self.now))
            self.numbers += 1
        self.came += count

    def pop(self, count: int) -> None:
        for _ in range(min(count, len(self.queue))):
            self.queue.popleft()
            self.left += 1

    def look(self, *, lost: bool) -> None:
        began = self.now
        behind = sum(number > self.mark for number, _ in self.queue) if self.mark is not None else None
        there = any(number == self.mark for number, _ in self.queue)
        came = behind if there and not lost else None
        drained = self.mark is not None and not there and not lost
        flow = self.ledger.look(began, self.now, len(self.queue), came, drained=drained)
        if flow is not None:
            assert_between(flow.came, self.came)
            assert_between(flow.left, self.left)
        self.came = self.left = 0
        self.mark = self.queue[-1][0] if self.queue else None

    def check(self) -> None:
        assert self.ledger.length == len(self.queue)
        truth = self.now - self.queue[0][1] if self.queue else 0.0
        assert holds(self.ledger.age(self.now), truth), (self.ledger.age(self.now), truth)


def assert_between(found: Between, truth: int) -> None:
    assert found.low <= truth
    assert found.high is None or truth <= found.high


@given(STEPS)
@settings(max_examples=300, deadline=None)
def test_what_the_ledger_says_always_holds_the_truth(steps: list[tuple[str, int, float]]) -> None:
    truth = Truth()
    truth.push(3)
    for what, count, seconds in steps:
        truth.now += seconds
        if what == "push":
            truth.push(count)
        elif what == "pop":
            truth.pop(count)
        else:
            truth.look(lost=what == "lost look")
            truth.check()


def test_an_age_is_a_lower_bound_until_everything_unwatched_has_left() -> None:
    truth = Truth()
    truth.push(5)
    truth.now = 200
    truth.look(lost=False)
    assert truth.ledger.age(200) == at_least(0, Unit.SECONDS)
    truth.now = 210
    truth.push(2)
    truth.look(lost=False)
    assert truth.ledger.age(210) == at_least(10, Unit.SECONDS)
    truth.pop(4)
    truth.now = 220
    truth.look(lost=False)
    assert truth.ledger.age(220) == at_least(20, Unit.SECONDS), "one of the first five is left"
    truth.pop(1)
    truth.now = 230
    truth.look(lost=False)
    assert truth.ledger.age(230) == about(25, 5, Unit.SECONDS), "it came between 200 and 210"
    truth.pop(9)
    truth.look(lost=False)
    assert truth.ledger.age(230) == exact(0, Unit.SECONDS)


def test_a_contradiction_blurs_instead_of_lying() -> None:
    ledger = Ledger()
    ledger.look(0, 0, 0, None)
    ledger.look(10, 10, 3, None)
    flow = ledger.look(20, 20, 2, 5)
    assert flow is not None
    assert (flow.came, flow.left) == (Between(0, None), Between(1, None))
    assert holds(ledger.age(20), 15)


def test_the_ledger_stays_short_and_true_over_a_long_watch() -> None:
    truth = Truth()
    truth.look(lost=False)
    for _ in range(5000):
        truth.now += 1
        truth.push(1)
        truth.look(lost=False)
    assert len(truth.ledger._buckets) <= 2000
    for _ in range(60):
        truth.now += 1
        truth.pop(83)
        truth.look(lost=False)
        truth.check()


def test_bounds_become_rates() -> None:
    assert Between(6, 6).rate(2) == exact(3, Unit.PER_SECOND)
    assert Between(4, 8).rate(2) == about(3, 1, Unit.PER_SECOND)
    assert Between(4, None).rate(2) == at_least(2, Unit.PER_SECOND)
    assert Between(4, 8).rate(0) == needs_samples()
    assert Between(4, 8).shifted(-6) == Between(0, 2)
    assert Between(4, None).shifted(3) == Between(7, None)


PER_SECOND = Unit.PER_SECOND


@pytest.mark.parametrize(
    ("ready", "add", "drain", "expected"),
    [
        (exact(0), needs_samples(), needs_samples(), exact(0, Unit.SECONDS)),
        (exact(9), needs_samples(), needs_samples(), needs_samples(Unit.SECONDS)),
        (exact(12), exact(1, PER_SECOND), exact(4, PER_SECOND), about(4, None, Unit.SECONDS)),
        (exact(12), exact(4, PER_SECOND), exact(4, PER_SECOND), unknown(Unit.SECONDS)),
        (exact(12), exact(4, PER_SECOND), exact(1, PER_SECOND), unknown(Unit.SECONDS)),
        (exact(12), at_least(0, PER_SECOND), exact(4, PER_SECOND), unknown(Unit.SECONDS)),
        (unknown(), exact(1, PER_SECOND), exact(4, PER_SECOND), unknown(Unit.SECONDS)),
    ],
)
def test_time_to_empty_is_said_only_of_a_queue_that_shrinks(
    ready: Quantity, add: Quantity, drain: Quantity, expected: Quantity
) -> None:
    assert time_to_empty(ready, add, drain) == expected
