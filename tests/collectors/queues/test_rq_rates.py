"""Rates between two looks at RQ, against random histories whose truth is known."""

from collections import deque
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from collectors.model.quantity import Known, Quantity
from collectors.queues.rq.rates import Mark, rates
from collectors.queues.rq.workers import Worker

NAME = b"mail"
HISTORY = st.lists(
    st.tuples(
        st.sampled_from(("push", "take", "end", "fail", "elsewhere", "again", "look", "look")),
        st.integers(1, 4),
    ),
    max_size=60,
)


def worker(queues: bytes) -> Worker:
    return Worker(b"rq:worker:w", exists=True, alive=True, word="idle", queues=queues, birth=0.0)


class Shop:
    """One queue and one worker, which may serve other queues too."""

    def __init__(self, *, shared: bool) -> None:
        self.ready: deque[tuple[int, int]] = deque()
        self.held: list[int] = []
        self.dead = 0
        self.numbers = self.stamps = 0
        self.worker = worker(b"mail,other" if shared else NAME)
        self.came = self.left = self.failed = 0
        self.at = 0.0

    def push(self, number: int) -> None:
        self.stamps += 1
        self.ready.append((number, self.stamps))
        self.came += 1

    def do(self, what: str, count: int) -> None:
        for _ in range(count):
            if what == "push":
                self.numbers += 1
                self.push(self.numbers)
            elif what == "take" and self.ready:
                self.held.append(self.ready.popleft()[0])
                self.left += 1
            elif what == "end" and self.held:
                self.held.pop(0)
                self.worker = replace(self.worker, done=self.worker.done + 1)
            elif what in ("fail", "again") and self.held:
                number = self.held.pop(0)
                self.worker = replace(self.worker, failed=self.worker.failed + 1)
                self.failed += 1
                if what == "again":
                    self.push(number)
                else:
                    self.dead += 1
            elif what == "elsewhere" and self.worker.queues != NAME:
                self.worker = replace(self.worker, done=self.worker.done + 1, failed=self.worker.failed + 1)

    def mark(self) -> Mark:
        self.at += 1
        tail = self.ready[-1] if self.ready else None
        return Mark(
            at=self.at,
            wall=self.at,
            ready=len(self.ready),
            taken=len(self.held),
            dead=self.dead,
            tail=b"%d" % tail[0] if tail else None,
            tail_time=b"%d" % tail[1] if tail else None,
            workers={self.worker.key: self.worker},
        )


def holds(quantity: Quantity, truth: int) -> bool:
    value = quantity.value or 0
    if quantity.known is Known.EXACT:
        return value == truth
    if quantity.known is Known.AT_LEAST:
        return value <= truth
    return quantity.known is Known.ABOUT and abs(value - truth) <= (quantity.margin or 0)


@given(HISTORY, st.booleans())
@settings(max_examples=400, deadline=None)
def test_what_is_said_of_a_queue_always_holds_the_truth(history: list[tuple[str, int]], shared: bool) -> None:
    shop = Shop(shared=shared)
    shop.do("push", 3)
    then = shop.mark()
    shop.came = shop.left = shop.failed = 0
    for what, count in [*history, ("look", 1)]:
        if what != "look":
            shop.do(what, count)
            continue
        now = shop.mark()
        places = [index for index, (number, _) in enumerate(shop.ready) if b"%d" % number == then.tail]
        behind = len(shop.ready) - 1 - places[-1] if places else None
        same = bool(places) and b"%d" % shop.ready[places[-1]][1] == then.tail_time
        found = rates(NAME, then, now, behind, same_tail=same, known=now.workers)
        assert holds(found.add, shop.came), (found.add, shop.came)
        assert holds(found.drain, shop.left), (found.drain, shop.left)
        assert holds(found.failure, shop.failed), (found.failure, shop.failed)
        if not shared:
            assert found.drain.known is found.add.known is found.failure.known is Known.EXACT
        shop.came = shop.left = shop.failed = 0
        then = now


def mark(at: float, **changes: object) -> Mark:
    values: dict[str, object] = {"wall": at, "ready": 0, "taken": 0, "dead": 0, "tail": None}
    values |= {"tail_time": None, "workers": {}}
    return Mark(at=at, **{**values, **changes})  # type: ignore[arg-type] # a test's shorthand


def test_a_worker_born_since_is_counted_from_its_first_job() -> None:
    born = replace(worker(NAME), birth=1.5, done=4)
    found = rates(
        NAME, mark(1), mark(2, workers={born.key: born}), None, same_tail=False, known={born.key: born}
    )
    assert (found.drain.known, found.drain.value) == (Known.EXACT, 4)


def test_a_worker_that_came_from_nowhere_or_lost_its_counts_makes_no_exact_rate() -> None:
    old = replace(worker(NAME), birth=0.5, done=100)
    expired = replace(old, exists=False)
    reborn = replace(old, birth=1.5, done=1)
    for then, now in (
        (mark(1), mark(2, workers={old.key: old})),
        (mark(1, workers={old.key: old}), mark(2, workers={old.key: expired})),
        (mark(1, workers={old.key: old}), mark(2, workers={old.key: reborn})),
    ):
        found = rates(NAME, then, now, None, same_tail=False, known=now.workers)
        assert (found.drain.known, found.drain.value) == (Known.AT_LEAST, 0)


def test_the_same_moment_twice_is_no_rate() -> None:
    assert rates(NAME, mark(1), mark(1), None, same_tail=False, known={}).add.known is Known.NEEDS_SAMPLES
