"""Dead jobs as RQ itself buries them, and runs that are stopped or that die at a point of choice."""

import subprocess
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import redis
from rq import Queue
from rq.job import Job
from rq.job_lifecycle import record_job_failure

from collectors.action import Outcome, Plan
from collectors.base import Collector, Context
from collectors.queues.rq import RqCollector
from collectors.secret import SecretUrl
from collectors.transport.write import open_hands
from tests.collectors.acting import KeepingControl, find
from tests.collectors.queues.looking import looking
from tests.servers.waiting import wait_until

JOBS = "tests.collectors.queues.rq_worker"
TRACE = 'Traceback (most recent call last):\n  File "shop.py", line 7\n{}\n'
StartWorker = Callable[..., "subprocess.Popen[bytes]"]


def watching(url: str, **options: Any) -> AbstractAsyncContextManager[Collector[Any]]:
    context = Context(collector="jobs", timeout=5, attribute=(("mail*", "orders"),))
    return looking(RqCollector, context, url=SecretUrl(url), **options)


def bury(
    client: "redis.Redis",
    function: str,
    *arguments: Any,
    queue: str = "mail",
    error: str = "ConnectionError: no gateway",
    ago: float = 60,
    **more: Any,
) -> str:
    """A job that failed `ago` seconds before, written by RQ; gives its id."""
    home = Queue(queue, connection=client)
    job = home.create_job(f"{JOBS}.{function}", args=arguments, **more)
    job.ended_at = datetime.now(UTC) - timedelta(seconds=ago)
    job.started_at = job.ended_at - timedelta(seconds=1)
    job.enqueued_at = job.started_at - timedelta(seconds=3)
    with client.pipeline() as pipe:
        job.save(pipeline=pipe)
        record_job_failure(job, TRACE.format(error), pipe)
        pipe.sadd("rq:queues", home.key)
        pipe.execute()
    return str(job.id)


def dead(client: "redis.Redis", queue: str = "mail") -> int:
    return client.zcard(f"rq:failed:{queue}")


def status(client: "redis.Redis", job_id: str) -> str:
    """What RQ itself says of a job."""
    return str(Job.fetch(job_id, connection=client).get_status().value)


def serving(client: "redis.Redis", start: StartWorker, *how: str, queue: str = "mail") -> None:
    """Start a worker and wait until it serves, with its scheduler where it has one."""
    start(queue, *how)
    wait_until(lambda: client.scard(f"rq:workers:{queue}"), 30, "a worker")
    wait_until(lambda: any(cast("Any", client).pubsub_numsub(*_channels(client))), 30, "its channel")
    if "scheduler" in how:
        wait_until(lambda: client.exists(f"rq:scheduler-lock:{queue}"), 30, "its scheduler")


def _channels(client: "redis.Redis") -> list[bytes]:
    names = cast("set[bytes]", client.smembers("rq:workers"))
    return [name.replace(b"rq:worker:", b"rq:pubsub:") for name in names]


def of_jobs(client: "redis.Redis", ids: Sequence[str], queue: str = "mail") -> dict[str, Any]:
    """All that RQ has of the jobs, byte for byte: hash, expiry, results, places."""
    places = [f"rq:{kind}:{queue}" for kind in ("failed", "scheduled", "wip", "finished")]
    return {
        job_id: (
            client.hgetall(f"rq:job:{job_id}"),
            client.pexpiretime(f"rq:job:{job_id}"),
            client.xrange(f"rq:results:{job_id}"),
            client.pexpiretime(f"rq:results:{job_id}"),
            [client.zscore(place, job_id) for place in places],
            client.lpos(f"rq:queue:{queue}", job_id),
        )
        for job_id in ids
    }


class Killed(BaseException):
    """The console dies here."""


class MortalHands:
    """Hands that die with their console before or after a write, so many writes on."""

    def __init__(self, hands: Any, *, scripts: int, written: bool) -> None:
        self._hands = hands
        self._left = scripts
        self._written = written

    def __getattr__(self, name: str) -> Any:
        return getattr(self._hands, name)

    async def script(self, *arguments: Any) -> Any:
        return await self._mortal(self._hands.script, arguments)

    async def send(self, *commands: Any) -> Any:
        return await self._mortal(self._hands.send, commands)

    async def _mortal(self, write: Any, arguments: Any) -> Any:
        self._left -= 1
        if self._left < 0 and not self._written:
            raise Killed
        reply = await write(*arguments)
        if self._left < 0:
            raise Killed
        return reply


async def killed(
    collector: Collector[Any], plan: Plan, control: KeepingControl, *, scripts: int, written: bool
) -> None:
    """Run a plan until the console dies in the write after `scripts`, which is done or not."""
    action = find(collector, plan.spec.id)
    hands = await open_hands(action.kind, collector)
    try:
        await action.run(plan, MortalHands(hands, scripts=scripts, written=written), control)
    except Killed:
        return
    finally:
        await hands.close()
    raise AssertionError("it did not come that far")


async def reconciled(collector: Collector[Any], plan: Plan, control: KeepingControl) -> Outcome:
    """What the next start finds out, with a plan as the journal rebuilds it."""
    import dataclasses

    rebuilt = dataclasses.replace(plan, items=(), sample=())
    return await find(collector, plan.spec.id).reconcile(rebuilt, control.kept)
