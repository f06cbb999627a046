"""drains.ready of a Celery worker: back on the queues that a console took it off."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from collectors.action import Action, ActionSpec, Argument, Control, Outcome, Plan, Request, Result, Risk
from collectors.drains._telling import READY
from collectors.drains.celery.asking import Bus
from collectors.drains.celery.look import Node
from collectors.drains.celery.quieting import take_again
from collectors.hands import RedisHands
from collectors.model.reading import Reading
from collectors.text import Shown, one_line
from collectors.transport.read.redis import RedisReader

if TYPE_CHECKING:
    from collectors.drains.celery import CeleryDrain  # noqa: F401 - the base below names it in a string


class Ready(Action["CeleryDrain", RedisHands]):
    """Sends ``add_consumer`` for each queue that was written down, or that is named."""

    spec: ClassVar[ActionSpec] = ActionSpec(
        READY,
        "Put a worker back on its queues: it takes new tasks.",
        Risk.SAFE,
        arguments=(
            Argument("queues", "which, with commas between; those that it was taken off", default=""),
        ),
        deadline=60.0,
    )
    kind: ClassVar[str] = "redis"
    needs: ClassVar[tuple[str, ...]] = ("EVAL", "PUBLISH", "SADD", "SREM", "EXPIRE", "DEL", "LRANGE")

    def unfit(self, reading: Reading) -> str:  # noqa: ARG002 - queues may be named for any
        """Why not: never."""
        return ""

    async def plan(self, request: Request) -> Plan:
        """The queues, by what was written down."""
        node, server = await self._found(request.subject.key)
        named = tuple(part.strip() for part in request.argument("queues").split(",") if part.strip())
        refusals = []
        queues = named or (node.quiet.queues if node.quiet else ())
        if not queues:
            refusals.append("no console wrote down a queue that it was taken off: name them, queues=a,b")
        elif not named and not node.is_quiet:
            refusals.append("it was started anew since, and takes from its queues: there is nothing to do")
        name = one_line(node.name, 120)
        return Plan(
            spec=self.spec,
            request=request,
            target=name,
            service=self.collector.context.service_of(str(name)),
            server=server,
            sample=tuple(one_line(f"add_consumer {queue}", 200) for queue in queues[:5]),
            refusals=tuple(Shown(line) for line in refusals),
            detail={"queues": list(queues)},
        )

    async def run(self, plan: Plan, hands: RedisHands, control: Control) -> Outcome:
        """Tell it, and look until it takes from them."""
        await control.step()
        queues = tuple(plan.detail["queues"])
        names, node = self.collector.names, plan.request.subject.key
        async with Bus(hands, names) as bus:
            return await take_again(bus, names, node, queues, control)

    async def reconcile(self, plan: Plan, kept: Sequence[Mapping[str, Any]]) -> Outcome:  # noqa: ARG002 - what is there counts
        """What is written down goes with the last step."""
        node, _server = await self._found(plan.request.subject.key)
        if node.quiet is None:
            return Outcome(result=Result.DONE, count=1, words=Shown("it takes from its queues"))
        return Outcome(result=Result.UNKNOWN, count=0, words=Shown("whether it takes from them was not seen"))

    async def _found(self, name: bytes) -> tuple[Node, str]:
        reader = RedisReader(self.collector.context, self.collector.options, role="plan")
        try:
            look, _ = await self.collector.looked(reader)
            server = f"{reader.server.run_id} {reader.server.role}".strip()
        finally:
            await reader.close()
        return look.nodes.get(name) or Node(name), server
