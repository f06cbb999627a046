"""What is published on a broker by whoever may: heartbeats and answers are read, all else is nothing."""

import base64
import json
import pickle
from typing import Any

import pytest

from collectors.drains.celery.asking import queues_in
from collectors.drains.celery.bus import Names, Reply, answers_in, beat_in, broadcast
from collectors.drains.celery.look import quiet_of

BEAT = {
    "hostname": "w1@web", "type": "worker-heartbeat", "pid": 7, "freq": 2.0, "active": 3, "processed": 9,
    "sw_ver": "5.7.0",
}  # fmt: skip


def message(told_body: Any, /, **changes: Any) -> bytes:
    told: dict[str, Any] = {
        "body": base64.b64encode(json.dumps(told_body).encode()).decode(),
        "content-type": "application/json",
        "headers": {"ticket": "t"},
        "properties": {"body_encoding": "base64"},
    }
    return json.dumps(told | changes).encode()


def test_a_heartbeat() -> None:
    beat = beat_in(message(BEAT))
    assert beat is not None
    assert (beat.node, beat.kind, beat.pid, beat.active, beat.processed) == (b"w1@web", "heartbeat", 7, 3, 9)
    plain = message(None, body=json.dumps(BEAT), properties={})
    assert beat_in(plain) == beat, "a body need not be in base64"
    fast = beat_in(message(BEAT | {"freq": 0}))
    assert fast is not None
    assert fast.freq == 0.5


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"\xff",
        b"[]",
        b"{}",
        b"[" * 100000,
        message([]),
        message(BEAT | {"type": "task-sent"}),
        message(BEAT | {"type": None}),
        message(BEAT | {"hostname": ""}),
        message(BEAT | {"hostname": 7}),
        message(BEAT | {"hostname": "x" * 300}),
        message(BEAT | {"active": "3"}),
        message(BEAT | {"active": -1}),
        message(BEAT | {"pid": None}),
        message(BEAT | {"processed": 2**60}),
        message(BEAT, body="no base64!"),
        message(BEAT, body=None),
        message(BEAT, **{"content-type": "application/x-python-serialize"}),
    ],
)
def test_what_is_no_heartbeat(payload: bytes) -> None:
    assert beat_in(payload) is None
    assert answers_in([payload], "u") == ()


class Trap:
    def __reduce__(self) -> Any:
        return (pytest.fail, ("it was unpickled",))


def test_what_could_be_pickled_is_never_opened() -> None:
    body = base64.b64encode(pickle.dumps(Trap())).decode()
    for kind in ("application/x-python-serialize", "application/json"):
        assert answers_in([message(None, body=body, **{"content-type": kind})], "t") == ()


def test_answers_bear_the_ticket_of_their_question() -> None:
    mine, other = message({"w1@web": [1]}), message({"w2@web": [2]}, headers={"ticket": "other"})
    assert answers_in([mine, other, message({"w3@web": 3}, headers=None)], "t") == ((b"w1@web", [1]),)


def test_a_broadcast_is_what_kombu_reads() -> None:
    told = json.loads(broadcast("cancel_consumer", {"queue": "q"}, b"w1@web", Reply("a", "t")))
    body = json.loads(base64.b64decode(told["body"]))
    assert body["destination"] == ["w1@web"]
    assert body["reply_to"] == {"exchange": "reply.celery.pidbox", "routing_key": "a"}
    assert body["ticket"] == "t"
    assert "reply_to" not in json.loads(
        base64.b64decode(json.loads(broadcast("shutdown", {}, None, None))["body"])
    )


def test_names_with_a_prefix_and_a_database() -> None:
    names = Names(b"shop:", 3)
    assert (names.bus, names.beats) == (b"shop:/3.celery.pidbox", b"shop:/3.celeryev/worker.*")
    assert names.nodes == b"shop:_kombu.binding.celery.pidbox"
    assert names.inbox("a") == b"shop:a.reply.celery.pidbox"
    assert names.route("a") == b"a\x06\x16\x06\x16a.reply.celery.pidbox"
    members = [b"\x06\x16\x06\x16w1@a.b.celery.pidbox", b"junk", b"\x06\x16\x06\x16x.other"]
    assert names.nodes_in(members) == (b"w1@a.b",)


@pytest.mark.parametrize(
    ("mark", "queues"),
    [
        ([b"7", b'["a", "b"]'], ("a", "b")),
        ([b"7", b'["a", 1]'], ("a",)),
        ([None, None], None),
        ([b"7", None], None),
        ([b"x", b"[]"], None),
        ([b"7", b"{}"], None),
        ([b"7", b"{"], None),
    ],
)
def test_what_is_written_down(mark: list[bytes | None], queues: tuple[str, ...] | None) -> None:
    found = quiet_of(mark)
    assert (found.queues if found else None) == queues


@pytest.mark.parametrize(
    ("answer", "queues"),
    [(None, ()), ([], ()), ([{"name": "a"}, {}, 3], ("a",)), ("nonsense", ()), ({"error": "x"}, ())],
)
def test_queues_of_an_answer(answer: object, queues: tuple[str, ...]) -> None:
    assert queues_in(answer) == queues
