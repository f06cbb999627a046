"""What an operator's user lacks is said before anything is done, and what is asked for is enough."""

from typing import Any

import pytest
import redis
from rq import Queue

from collectors.action import Action, Result
from collectors.queues.rq import RqCollector
from collectors.transport.write import open_hands
from tests.collectors.acting import KeepingControl, plan, run, undo
from tests.collectors.queues.rq.dying import JOBS, bury, killed, watching
from tests.servers.fixtures import MakeValkey

READS = "-@all +@read -@dangerous +info +ping +select +client|setname +acl|whoami +acl|dryrun"


def writer(*actions: type[Action[Any, Any]]) -> str:
    """A user who may read, and what the actions need."""
    needs = {need for action in actions for need in action.needs}
    return f"user writer on >pw ~* &* {READS} {' '.join('+' + need.lower() for need in sorted(needs))}"


@pytest.mark.parametrize("action", RqCollector.actions, ids=lambda action: action.spec.id)
async def test_every_right_that_an_action_needs_is_asked_for(
    make_valkey: MakeValkey, action: type[Action[Any, Any]]
) -> None:
    needs = action.needs
    server = make_valkey(
        [
            f"user reader on >pw ~* &* {READS}",
            writer(action),
            *(f"user no-{need.lower()} on >pw ~* &* {READS} +@all -{need.lower()}" for need in needs),
        ]
    )

    async def lacking(user: str) -> str:
        async with watching(server.url_of(user=user, password="pw")) as collector:
            hands = await open_hands("redis", collector)
            try:
                return await hands.why_not(needs)
            finally:
                await hands.close()

    assert await lacking("writer") == ""
    assert await lacking("reader") == f"the user reader may not {', '.join(needs)}"
    for need in needs:
        assert await lacking(f"no-{need.lower()}") == f"the user no-{need.lower()} may not {need}"


async def test_the_rights_that_are_asked_for_are_enough(make_valkey: MakeValkey) -> None:
    server = make_valkey([writer(*RqCollector.actions)])
    url = server.url_of(user="writer", password="pw")
    with redis.Redis.from_url(server.url) as client:
        jobs = [bury(client, "nap", 0, ago=index + 1, ttl=3600) for index in range(9)]
        Queue("mail", connection=client).enqueue(f"{JOBS}.nap", 0)
        client.set("rq:scheduler-lock:mail", "somebody")
        async with watching(url) as collector:
            control = KeepingControl(answers=[True, True])
            made = await plan(collector, "queues.retry", b"mail", canary="1s", delay="5m")
            await killed(collector, made, control, scripts=2, written=True)
            assert (await undo(collector, made, control.kept)).count == 3
            chosen: tuple[tuple[str, Any], ...] = (
                ("queues.delete", {"ids": made.items[-1].decode()}),
                ("queues.purge", {"of": "dead"}),
                ("queues.purge", {"of": "ready"}),
            )
            for action, more in chosen:
                control = KeepingControl()
                made = await plan(collector, action, b"mail", **more)
                assert (await run(collector, made, control)).result is Result.DONE
                assert (await undo(collector, made, control.kept)).result is Result.DONE
            for action in ("queues.pause", "queues.resume"):
                assert (await run(collector, await plan(collector, action, b"mail"))).result is Result.DONE
        assert client.zcard("rq:failed:mail") == 3
        assert client.llen("rq:queue:mail") == 7
    assert len(jobs) == 9
