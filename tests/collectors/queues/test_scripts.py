"""What the scripts of the queue actions send: each command has its reason, and its right is asked for."""

import re
from typing import Any

import pytest
import redis

from collectors.action import RefusedError
from collectors.base import Context
from collectors.queues.redis import ListCollector
from collectors.queues.redis import delete as list_delete
from collectors.queues.redis import purge as list_purge
from collectors.queues.redis import retry as list_retry
from collectors.queues.redis import scripts as lists
from collectors.queues.streams import purge as stream_purge
from collectors.queues.streams import retry as stream_retry
from collectors.queues.streams import scripts as streams
from collectors.secret import SecretUrl
from collectors.transport.write.redis import open_hands
from tests.collectors.acting import plan, run
from tests.collectors.queues.looking import looking
from tests.servers.fixtures import MakeValkey

NOTES = {
    "HSET": "what a run did, in the step that did it",
    "EXPIRE": "notes and quarantines end by themselves",
}
WRITES: dict[str, dict[str, str]] = {
    "MOVE": NOTES | {
        "LPUSH": "to the queue", "RPUSH": "the same", "LREM": "out of the list, by its bytes",
        "LPOP": "what was pushed, where LREM is refused", "RPOP": "the same",
    },
    "RESTORE": NOTES | {
        "LPUSH": "to an end of the list", "RPUSH": "the same", "LINSERT": "to its place",
        "LSET": "the place is marked and unmarked again", "LREM": "out of the queue",
        "PEXPIREAT": "the list ends when it would have",
    },
    "TAKE": NOTES | {
        "RENAMENX": "the whole list at once", "LPUSH": "one by one", "RPUSH": "the same", "LPOP": "the same",
        "RPOP": "the same", "HINCRBY": "how many, over all batches",
    },
    "GIVE": {
        "RENAME": "the whole list at once", "LPUSH": "one by one", "RPUSH": "the same", "LPOP": "the same",
        "RPOP": "the same", "PEXPIREAT": "the list ends when it would have", "PEXPIRE": "the same",
        "PERSIST": "the same",
    },
    "COPY": NOTES | {"XADD": "the copy", "XACK": "the old entry", "XDEL": "the copy, where XACK is refused"},
    "CLAIM": NOTES | {"XCLAIM": "for another consumer"},
    "UNCOPY": NOTES | {"XCLAIM": "the old entry to its consumer", "XDEL": "the copy that nobody read"},
    "SKIP": NOTES | {"XGROUP SETID": "the read position"},
    "BACK": NOTES | {"XGROUP SETID": "the read position"},
}  # fmt: skip
READS = {
    "TYPE", "LLEN", "LPOS", "LINDEX", "EXISTS", "PTTL", "HGET", "TIME", "XPENDING", "XRANGE", "XINFO GROUPS",
    "XINFO CONSUMERS",
}  # fmt: skip
ACTIONS: dict[Any, tuple[str, ...]] = {
    list_retry.Retry: ("MOVE", "RESTORE"),
    list_delete.Delete: ("MOVE", "RESTORE"),
    list_purge.Purge: ("TAKE", "GIVE"),
    stream_retry.Retry: ("COPY", "CLAIM", "UNCOPY"),
    stream_purge.Purge: ("SKIP", "BACK"),
}
SCRIPTS: dict[str, str] = {
    name: getattr(module, name) for module in (lists, streams) for name in WRITES if hasattr(module, name)
}
_SUB = r"(?:'\s*,\s*'(SETID|GROUPS|CONSUMERS))?"


def sent(lua: str) -> set[str]:
    """Commands in a script: every name in capitals that is the first word of a call or of a table."""
    found = re.findall(rf"(?:p?call\(|command = \{{|and |or )'([A-Z]+){_SUB}'", lua)
    return {" ".join(filter(None, names)) for names in found} - {"AFTER", "BEFORE"}


@pytest.mark.parametrize("name", WRITES)
def test_every_command_has_a_reason(name: str) -> None:
    assert sent(SCRIPTS[name]) - READS == set(WRITES[name])


def test_no_script_makes_commands_out_of_what_it_is_given() -> None:
    for lua in SCRIPTS.values():
        for call in re.findall(r"redis\.p?call\(([^,)]*)", lua):
            assert call.startswith(("'", "left and '", "to_left and '")) or call == "unpack(command", call


@pytest.mark.parametrize("action", ACTIONS, ids=lambda action: action.__module__)
def test_an_action_asks_for_the_rights_that_it_needs(action: Any) -> None:
    needed = {command for name in ACTIONS[action] for command in WRITES[name]}
    # one takes a push back only where LREM is refused, and that right was asked for
    spare = {"LPOP", "RPOP"} if action is not list_purge.Purge else set[str]()
    assert needed - spare == set(action.needs) - {"EVAL"}


async def test_rights_are_asked_for_commands_and_not_for_the_keys_of_the_probe(
    make_valkey: MakeValkey,
) -> None:
    server = make_valkey(
        [
            "user operator on >pw ~mail* ~quarterdeck:* +@all",
            "user halfway on >pw ~* +@all -lrem -xgroup|setid",
        ]
    )
    for user, lacking in (("operator", ""), ("halfway", "LREM, XGROUP SETID")):
        url = SecretUrl(server.url_of(user=user, password="pw"))
        options = ListCollector.Options(url=url, keys=("mail",))
        hands = await open_hands(ListCollector(options, Context(collector="lists", timeout=5)))
        try:
            needs = sorted({need for action in ACTIONS for need in action.needs})
            told = await hands.why_not(needs)
            assert (lacking in told) if lacking else told == "", told
        finally:
            await hands.close()


async def test_a_user_who_may_push_and_not_remove_duplicates_nothing(make_valkey: MakeValkey) -> None:
    server = make_valkey(["user halfway on >pw ~* +@all -lrem"])
    with redis.Redis.from_url(server.url) as client:
        client.lpush("mail:dead", "a", "b")
        context = Context(collector="lists", timeout=5)
        url = SecretUrl(server.url_of(user="halfway", password="pw"))
        async with looking(ListCollector, context, url=url, keys=("mail",), dead="{queue}:dead") as collector:
            made = await plan(collector, "queues.retry", b"mail", canary="50ms")
            with pytest.raises(RefusedError, match="lrem"):
                await run(collector, made)
        assert client.lrange("mail:dead", 0, -1) == [b"b", b"a"]
        assert client.exists("mail") == 0
