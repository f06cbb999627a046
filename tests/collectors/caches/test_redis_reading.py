"""INFO's answer as a reading: units, and what is not said is unknown."""

from typing import Any, ClassVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors.base import Context
from collectors.caches.redis import RedisCache, RedisCacheOptions
from collectors.caches.redis.rates import mark_of, rates
from collectors.caches.redis.reading import keys_of, reading_of
from collectors.errors import AnswerError
from collectors.model.caches import CacheReading
from collectors.model.practice import Practice
from collectors.model.quantity import Known, Quantity, Unit, exact
from collectors.secret import SecretUrl
from collectors.transport.read.redis_info import parse_info
from collectors.transport.read.redis_probes import Probes

CONTEXT = Context(collector="cache")
SUBJECT = CONTEXT.subject(Practice.CACHES, b"db0")


def reading(**info: str) -> CacheReading:
    return reading_of(SUBJECT, 0, info, rates(None, mark_of(info, Probes(), 1.0)))


def test_units_are_ours() -> None:
    found = reading(
        latest_fork_usec="2500",
        expired_stale_perc="12.50",
        blocked_clients="3",
        connected_slaves="2",
        used_memory="250000000",
        used_memory_rss="300000000",
        mem_fragmentation_ratio="1.20",
        instantaneous_ops_per_sec="77",
    )
    extra = dict(found.extra)
    assert extra["redis.fork"] == exact(0.0025, Unit.SECONDS)
    assert extra["redis.stale"] == exact(0.125, Unit.RATIO)
    assert (extra["redis.blocked"].value, extra["redis.replicas"].value) == (3, 2)
    assert found.fragmentation == exact(1.2, Unit.RATIO)
    assert found.operations == exact(77, Unit.PER_SECOND)


def test_of_nothing_everything_is_unknown_and_nothing_0() -> None:
    found = reading()
    assert {value.value for value in found.quantities().values()} == {None}
    assert (found.word, found.note, found.policy, found.role, found.persistence, found.parts) == (
        "",
        "",
        "",
        "",
        "",
        (),
    )


def test_a_database_that_info_leaves_out_is_empty_and_not_unknown() -> None:
    assert keys_of({"used_memory": "1", "db0": "keys=5,expires=2"}, 1) == (exact(0), exact(0))
    assert keys_of({"db0": "keys=5,expires=2,avg_ttl=0"}, 0) == (exact(5), exact(2))
    assert keys_of({"db0": "keys=five"}, 0)[0].known is Known.UNKNOWN
    assert keys_of({"db0": "keys=5"}, 0)[1].known is Known.UNKNOWN
    assert reading(db0="keys=5").keys_without_ttl.known is Known.UNKNOWN


def test_every_database_with_keys_is_a_part() -> None:
    found = reading(db10="keys=1,expires=0", db2="keys=7,expires=0", dbx="keys=9", used_memory="1")
    assert [(part.name, part.value) for part in found.parts] == [("db2", exact(7)), ("db10", exact(1))]


@pytest.mark.parametrize(
    ("info", "lag"),
    [
        ({"role": "master", "master_last_io_seconds_ago": "3"}, None),
        ({"role": "slave", "master_link_status": "up", "master_last_io_seconds_ago": "3"}, 3),
        ({"role": "slave", "master_link_status": "down", "master_link_down_since_seconds": "60"}, 60),
        ({"role": "slave", "master_link_status": "down", "master_last_io_seconds_ago": "-1"}, None),
        ({"role": "slave", "master_link_status": "up"}, None),
    ],
)
def test_a_replicas_lag_is_since_it_last_heard(info: dict[str, str], lag: float | None) -> None:
    assert reading(**info).replica_lag.value == lag


def test_loading_and_aof_are_told() -> None:
    found = reading(
        async_loading="1", aof_enabled="1", aof_last_write_status="err", rdb_last_bgsave_status="ok"
    )
    assert found.persistence == "last save ok, append-only file err"
    assert found.note == "it could not save to disk, and may refuse writes; it is loading its data"


@given(
    st.binary(max_size=300)
    | st.just(b"db0:keys=nan,expires=inf\r\nused_memory:1e999\r\nmaxmemory:-1\r\nrole:\x1b[2J")
)
def test_whatever_a_server_says_it_is_a_reading(text: bytes) -> None:
    info = parse_info(text)
    found = reading_of(SUBJECT, 0, info, rates(None, mark_of(info, Probes(), 1.0)))
    assert all(isinstance(value, Quantity) for value in found.quantities().values())
    assert found.role.isprintable()


async def test_a_refusal_that_is_no_missing_right_is_told_as_what_it_is() -> None:
    class Script:
        """Busy at INFO and free again at once, which a real server is by chance only."""

        answers: ClassVar[list[list[Any]]] = [[ValueError("BUSY a script runs")], [7]]

        async def ask_each(self, *_: object) -> list[Any]:
            return self.answers.pop(0)

        def explained(self, refusal: Exception) -> AnswerError:
            return AnswerError(str(refusal))

    cache = RedisCache(RedisCacheOptions(url=SecretUrl("redis://h/0")), CONTEXT)
    cache._reader = Script()  # type: ignore[assignment] # stands for the reader
    with pytest.raises(AnswerError, match="BUSY"):
        await cache.collect()
