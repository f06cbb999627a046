"""Rates of a cache from two INFO answers: without our own look-ups, and never a wrong zero."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors.caches.redis.rates import Mark, mark_of, rates
from collectors.model.quantity import Known
from collectors.transport.read.redis_probes import Probes

INFO = {
    "run_id": "a1",
    "keyspace_hits": "1000",
    "keyspace_misses": "500",
    "evicted_keys": "7",
    "expired_keys": "9",
    "rejected_connections": "0",
    "total_error_replies": "3",
    "total_commands_processed": "9000",
    "total_connections_received": "40",
}


def mark(at: float, own: tuple[int, int] = (0, 0), doubt: int = 0, lost: int = 0, **more: int) -> Mark:
    info = {
        name: value if name == "run_id" else str(int(value) + more.get(name, 0))
        for name, value in INFO.items()
    }
    probes = Probes(hits_at_info=own[0], misses_at_info=own[1], doubt_at_info=doubt, lost=lost)
    return mark_of(info, probes, at)


def test_the_first_look_needs_another() -> None:
    first = rates(None, mark(1.0))
    for value in (
        first.hit_ratio,
        first.lookups,
        first.evictions,
        first.expirations,
        first.rejections,
        first.own,
    ):
        assert value.known is Known.NEEDS_SAMPLES


def test_rates_are_differences_by_seconds() -> None:
    now = mark(
        12.0, keyspace_hits=90, keyspace_misses=10, evicted_keys=20, expired_keys=5, rejected_connections=1
    )
    found = rates(mark(10.0), now)
    assert found.hit_ratio.value == 0.9
    assert (found.lookups.value, found.evictions.value, found.expirations.value) == (50, 10, 2.5)
    assert (found.rejections.value, found.errors.value) == (0.5, 0)


def test_own_look_ups_are_taken_out_exactly() -> None:
    now = mark(11.0, own=(40, 1060), keyspace_hits=90 + 40, keyspace_misses=10 + 1060)
    found = rates(mark(10.0), now)
    assert (found.hit_ratio.value, found.hit_ratio.known) == (0.9, Known.EXACT)
    assert (found.lookups.value, found.own.value) == (100, 1100)


def test_no_look_ups_are_no_ratio_though_we_looked() -> None:
    found = rates(mark(10.0), mark(11.0, own=(0, 80), keyspace_misses=80))
    assert found.hit_ratio.known is Known.UNKNOWN
    assert found.lookups.value == 0


@pytest.mark.parametrize("name", ["keyspace_hits", "total_commands_processed", "evicted_keys"])
def test_a_counter_that_goes_back_is_a_reset(name: str) -> None:
    then = mark(10.0)
    found = rates(replace(then, told=then.told | {name: 1e9}), mark(11.0))
    assert found.hit_ratio.known is Known.NEEDS_SAMPLES
    assert found.evictions.known is Known.NEEDS_SAMPLES


def test_another_process_is_a_restart_though_its_counters_are_higher() -> None:
    now = replace(mark(11.0, keyspace_hits=5), run_id="b2")
    assert rates(mark(10.0), now).hit_ratio.known is Known.NEEDS_SAMPLES


def test_a_clock_that_stands_still_divides_nothing() -> None:
    assert rates(mark(10.0), mark(10.0, keyspace_hits=5)).lookups.known is Known.NEEDS_SAMPLES


@pytest.mark.parametrize("missing", ["keyspace_hits", "keyspace_misses"])
def test_counters_that_are_not_told_are_unknown_and_not_awaited(missing: str) -> None:
    info = {name: value for name, value in INFO.items() if name != missing}
    then, now = mark_of(info, Probes(), 1.0), mark_of(info, Probes(), 2.0)
    assert rates(None, then).hit_ratio.known is Known.UNKNOWN
    assert rates(then, now).hit_ratio.known is Known.UNKNOWN
    assert rates(then, now).lookups.known is Known.UNKNOWN
    assert rates(then, now).evictions.value == 0


def test_own_look_ups_on_the_way_are_a_margin() -> None:
    found = rates(mark(10.0), mark(11.0, doubt=10, keyspace_hits=90, keyspace_misses=10))
    assert (found.hit_ratio.known, found.hit_ratio.value, found.hit_ratio.margin) == (Known.ABOUT, 0.9, 0.1)
    assert (found.lookups.known, found.lookups.margin) == (Known.ABOUT, 10)


def test_what_was_on_the_way_last_time_is_a_margin_too() -> None:
    found = rates(mark(10.0, doubt=10), mark(11.0, keyspace_hits=90, keyspace_misses=10))
    assert (found.hit_ratio.known, found.hit_ratio.margin) == (Known.ABOUT, 0.1)


def test_a_ratio_that_may_be_ours_alone_is_unknown() -> None:
    found = rates(mark(10.0), mark(11.0, doubt=4, keyspace_misses=4))
    assert found.hit_ratio.known is Known.UNKNOWN
    lost = rates(mark(10.0, lost=3), mark(11.0, lost=5, keyspace_misses=2))
    assert lost.hit_ratio.known is Known.UNKNOWN


def test_what_was_lost_long_ago_is_no_doubt_today() -> None:
    found = rates(mark(10.0, lost=5), mark(11.0, lost=5, keyspace_hits=1))
    assert (found.hit_ratio.value, found.hit_ratio.known) == (1.0, Known.EXACT)


@given(
    others=st.tuples(st.integers(0, 500), st.integers(0, 500)),
    before=st.integers(0, 50),
    under_way=st.integers(0, 50),
    arrived=st.integers(0, 50),
)
def test_the_truth_lies_within_the_margin(
    others: tuple[int, int], before: int, under_way: int, arrived: int
) -> None:
    """``under_way`` own misses overlap the INFO, ``arrived`` of them came before it, the ledger has none."""
    seen = min(arrived, under_way)
    now = mark(
        11.0,
        own=(0, before),
        doubt=under_way,
        keyspace_hits=others[0],
        keyspace_misses=others[1] + before + seen,
    )
    found = rates(mark(10.0), now)
    truth = others[0] / sum(others) if sum(others) else None
    if found.hit_ratio.value is None:
        assert truth is None or under_way
    else:
        assert 0 <= found.hit_ratio.value <= 1
        assert truth is not None
        assert abs(found.hit_ratio.value - truth) <= (found.hit_ratio.margin or 0) + 1e-9
