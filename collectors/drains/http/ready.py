"""drains.ready on a service: its readiness on again."""

import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from collectors.action import Action, ActionSpec, Control, Outcome, Plan, Request, Result, Risk
from collectors.drains._telling import ALONE, READY, Told
from collectors.drains.http.switching import TURNS_WITHIN, follows, looking, turn
from collectors.hands import DrainHands, http_server
from collectors.model.reading import Reading
from collectors.text import Shown, one_line

if TYPE_CHECKING:
    from collectors.drains.http import HttpDrain

NO_SWITCH = "it has no readiness switch that is known: set drain_url"

SPEC = ActionSpec(READY, "Put its readiness on again: it takes new work.", Risk.SAFE, deadline=60.0)


class Ready(Action["HttpDrain", DrainHands]):
    """Turns the switch back, and waits until the readiness says so."""

    spec: ClassVar[ActionSpec] = SPEC
    kind: ClassVar[str] = "drain"

    def unfit(self, reading: Reading) -> str:  # noqa: ARG002 - by its options alone
        """Why not: without a switch."""
        return NO_SWITCH if self.collector.options.drain_url is None else ""

    async def plan(self, request: Request) -> Plan:
        """One request."""
        options = self.collector.options
        url = options.drain_url
        line = f"{options.ready_method} {url.shown}" if url is not None else ""
        return Plan(
            spec=self.spec,
            request=request,
            target=one_line(self.collector.context.collector, 120),
            service=self.collector.context.service,
            server=http_server(options.url),
            sample=(one_line(line, 200),) if line else (),
            warnings=(Shown(ALONE),),
            refusals=(Shown(NO_SWITCH),) if url is None else (),
        )

    async def run(self, plan: Plan, hands: DrainHands, control: Control) -> Outcome:  # noqa: ARG002 - the options say all
        """Turn it once, and look until the readiness has followed."""
        await control.step()
        return await put_back(self.collector, hands, control)

    async def reconcile(self, plan: Plan, kept: Sequence[Mapping[str, Any]]) -> Outcome:  # noqa: ARG002 - what is there counts
        """Ready is ready, whoever turned it."""
        async with looking(self.collector) as look:
            reading = await look()
        if reading is None or reading.ready is None:
            words = Shown("whether it is ready cannot be seen now")
            return Outcome(result=Result.UNKNOWN, count=0, words=words)
        if reading.ready:
            return Outcome(result=Result.DONE, count=1, words=Shown("it is ready"))
        return Outcome(result=Result.FAILED, count=0, words=Shown("it is not ready"))


async def put_back(collector: "HttpDrain", hands: DrainHands, control: Control) -> Outcome:
    """Readiness on, and seen to be on; raises as ``turn`` does."""
    told = Told(control)
    said = await turn(collector, hands, ready=True)
    async with looking(collector) as look:
        until = time.monotonic() + TURNS_WITHIN
        if await follows(look, told, control, ready=True, until=until):
            told.passed(f"ready ({said})")
            return told.outcome(Result.DONE, "it is ready again", owes=False)
    told.passed(f"not ready ({said})")
    words = "its switch is turned back, and it is not ready: look at its health"
    return told.outcome(Result.FAILED, words, owes=True)
