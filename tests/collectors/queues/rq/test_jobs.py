"""The dead one by one, with calls that are read and never run."""

import json
import os
import pickle
import time
import zlib
from base64 import b64encode
from contextlib import suppress
from pathlib import Path
from typing import Any, cast

import pytest
import redis
from hypothesis import given
from hypothesis import strategies as st
from rq import Queue
from rq.serializers import JSONSerializer

from collectors.inert import PayloadError
from collectors.model.quantity import Known
from collectors.model.subject import SubjectId
from collectors.queues.rq import RqCollector
from collectors.queues.rq.payload import call
from tests.collectors.queues.looking import everything, write_commands
from tests.collectors.queues.rq.dying import JOBS, StartWorker, bury, watching


class Mailer:
    def send(self, to: str) -> None:
        raise ConnectionError(to)


async def rows_of(url: str) -> tuple[list[dict[str, Any]], str]:
    async with watching(url) as collector:
        assert isinstance(collector, RqCollector)
        context = collector.context
        subject = SubjectId(collector.practice, context.collector, context.instance, b"mail")
        detail = await collector.detail(subject, "jobs")
    return [dict(zip(detail.columns, row, strict=True)) for row in detail.rows], detail.note


async def test_dead_jobs_are_told_one_by_one_newest_first(
    valkey_db: str, client: "redis.Redis", start_worker: StartWorker
) -> None:
    Queue("mail", connection=client).enqueue(f"{JOBS}.boom", "gateway 7 is down", description="my own words")
    assert start_worker("mail", "burst").wait(30) == 0
    older = bury(client, "nap", 1.5, ago=90, error="ValueError: 7")
    client.config_resetstat()
    before = everything(client)
    rows, note = await rows_of(valkey_db)
    assert everything(client) == before
    with redis.Redis.from_url(valkey_db) as other:
        assert write_commands(other) == set()
    assert note == ""
    newest, oldest = rows
    assert newest["call"] == f"{JOBS}.boom('gateway 7 is down')", "not what the application says of it"
    assert newest["error"] == "ConnectionError: gateway # is down"
    assert 0 <= newest["age"].value < 60
    assert oldest["id"] == older
    assert oldest["call"] == f"{JOBS}.nap(1.5)"
    assert 85 < oldest["age"].value < 150


async def test_only_the_newest_are_read(valkey_db: str, client: "redis.Redis") -> None:
    for index in range(60):
        bury(client, "nap", index, ago=100 - index)
    rows, note = await rows_of(valkey_db)
    assert len(rows) == 50
    assert note == "the newest 50 of 60 dead jobs"


async def test_each_serializer_and_what_cannot_be_read(
    valkey_db: str, client: "redis.Redis", tmp_path: Path
) -> None:
    witness = tmp_path / "ran"
    home = Queue("mail", connection=client, serializer=JSONSerializer)
    json_job = home.create_job(f"{JOBS}.boom", args=("x",), kwargs={"to": [1]})
    calls = {
        "json": json_job.data,
        "instance": pickle.dumps(("send", Mailer(), ("a",), {})),
        "evil": pickle.dumps(("f", None, (Evil(witness),), {})),
        "odd": pickle.dumps([1, 2]),
        "noise": b"\x00\x01",
    }
    for index, (name, data) in enumerate(calls.items()):
        job = bury(client, "nap", 0, job_id=name, ago=10 + index, description=f"it is {name}")
        client.hset(f"rq:job:{job}", "data", zlib.compress(data))
    large = bury(client, "nap", 0, job_id="large", ago=50)
    client.hset(f"rq:job:{large}", "data", os.urandom(200_000))
    bomb = bury(client, "nap", 0, job_id="bomb", ago=60)
    client.hset(f"rq:job:{bomb}", "data", zlib.compress(b"N" * 5_000_000))
    plain = bury(client, "nap", 0, job_id="plain", ago=70)
    client.hset(f"rq:job:{plain}", "data", pickle.dumps(("f", None, (7,), {})))
    lost = bury(client, "nap", 0, job_id="lost", ago=80)
    client.delete(f"rq:job:{lost}")
    rows, _note = await rows_of(valkey_db)
    told = {str(row["id"]): str(row["call"]) for row in rows}
    assert told["json"] == f"{JOBS}.boom('x', to=[1])"
    assert told["instance"].endswith("Mailer().send('a')")
    # a long path is cut
    assert told["evil"].startswith(f"f({os.system.__module__}.system('touch {witness.parents[1]}")
    assert told["odd"] == "it is odd (not read: no call of RQ)"
    assert told["noise"] == "it is noise (not read: no whole pickle (ValueError))"
    assert told["large"].endswith("(200,000 bytes of data)")
    assert told["bomb"].endswith("(not read: a call of more than 64 KiB)")
    assert told["plain"] == "f(7)"
    assert told["lost"] == " (without data: RQ has dropped it)".strip()
    [gone] = [row for row in rows if row["id"] == "lost"]
    assert gone["age"].known is Known.UNKNOWN
    assert rows[-1] is gone
    assert list(tmp_path.iterdir()) == []  # noqa: ASYNC240 - nothing else waits here


class Evil:
    def __init__(self, witness: Path) -> None:
        self.witness = witness

    def __reduce__(self) -> Any:
        return os.system, (f"touch {self.witness}",)


async def test_hostile_fields_are_shown_as_text(valkey_db: str, client: "redis.Redis") -> None:
    client.sadd("rq:queues", "rq:queue:mail")
    client.zadd("rq:failed:mail", {"\x1b[2J": time.time() + 500})
    job = {
        "data": zlib.compress(pickle.dumps(("f\x1b[31m", None, ("\u202eevil\n[red]",), {}))),
        "ended_at": b"\xff",
    }
    client.hset("rq:job:\x1b[2J", mapping=cast("Any", job))
    client.xadd("rq:results:\x1b[2J", {"exc_string": b64encode(zlib.compress(b"Error: \x1b[0m"))})
    [row], _note = await rows_of(valkey_db)
    for name in ("id", "call", "error"):
        assert "\x1b" not in row[name]
        assert "\n" not in row[name]
        assert "\u202e" not in row[name]


@given(data=st.binary(max_size=200) | st.binary(max_size=200).map(zlib.compress))
def test_any_data_gives_a_call_or_one_error(data: bytes) -> None:
    with suppress(PayloadError):
        assert len(call(data, 80)) <= 80


def test_json_that_is_too_deep_or_too_long() -> None:
    for text in (
        b"[" * 60_000,
        b"[1" + b"0" * 10_000 + b"]",
        b'{"a": 1}',
        b"[1, 2",
        json.dumps([1] * 4).encode(),
    ):
        with pytest.raises(PayloadError):
            call(zlib.compress(text))
