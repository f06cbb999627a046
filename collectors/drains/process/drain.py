"""drains.drain of a process: TERM, once, or systemctl stop; watched to its exit. Never SIGKILL."""

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from collectors.action import Action, ActionSpec, Control, Outcome, Plan, RefusedError, Request, Result, Risk
from collectors.drains._telling import ALONE, DEADLINE, LONGEST, Told, deadline_of, span_argument
from collectors.drains.process.ending import Ending, was_told
from collectors.drains.process.named import Running, cut_warnings, named
from collectors.drains.process.place import server_of
from collectors.hands import DrainHands
from collectors.model.drains import DrainReading, Phase
from collectors.model.reading import Reading
from collectors.text import Shown, one_line
from collectors.transport.read.processes import Identity

if TYPE_CHECKING:
    from collectors.drains.process import ProcessDrain  # noqa: F401 - the base below names it in a string


class Drain(Action["ProcessDrain", DrainHands]):
    """Tells one process to stop: the one that has the number and the start of the plan."""

    spec: ClassVar[ActionSpec] = ActionSpec(
        id="drains.drain",
        words="Tell it to stop (SIGTERM, or systemctl stop), and watch it until it has exited.",
        risk=Risk.DISRUPTIVE,
        arguments=(DEADLINE,),
        deadline=LONGEST,
    )
    kind: ClassVar[str] = "drain"

    def unfit(self, reading: Reading) -> str:
        """Why not: one that stops already, or has exited."""
        phase = reading.phase if isinstance(reading, DrainReading) else Phase.UNKNOWN
        if phase is Phase.STOPPING:
            return "it stops already: a second signal may end it at once"
        return "it has exited" if phase is Phase.EXITED else ""

    async def plan(self, request: Request) -> Plan:
        """The process that is there now, what it has open, and how long it has."""
        options, context = self.collector.options, self.collector.context
        refusals: list[str] = []
        deadline = span_argument(request, "deadline", "10m", LONGEST, refusals.append)
        async with named(options, context) as one:
            running = await one.found()
        if running.seen.phase is Phase.STOPPING:
            refusals.append("it stops already: a second signal may end it at once")
        how = f"systemctl stop --no-block {options.unit}" if options.unit else "SIGTERM, once"
        open_ones = "not known" if running.seen.sessions is None else f"{running.seen.sessions} now"
        kill = "" if running.grace is None else f"; SIGKILL by its supervisor {running.grace:g} s after that"
        lines = [f"{how}: {running.label}", f"watch its connections ({open_ones})", f"until it exits{kill}"]
        lines += [running.serving.words] if running.serving else []
        return Plan(
            spec=self.spec,
            request=request,
            target=one_line(context.instance or running.label, 120),
            service=context.service,
            server=server_of(context),
            sample=tuple(one_line(line, 200) for line in lines),
            warnings=tuple(one_line(line, 300) for line in _warnings(running)),
            refusals=tuple(one_line(line, 300) for line in refusals),
            detail={
                "process": list(running.identity),
                "grace": running.grace,
                "cut": running.cut,
                "deadline": deadline,
            },
        )

    async def run(self, plan: Plan, hands: DrainHands, control: Control) -> Outcome:
        """Signal it once and watch."""
        told, identity = Told(control), Identity.kept(plan.detail["process"])
        async with named(self.collector.options, self.collector.context) as one:
            one.grace, one.cut = plan.detail["grace"], plan.detail.get("cut")
            process = await one.alive(identity)
            if process is None or process.ended:
                raise RefusedError("it has ended, or was started anew, since the plan", "plan it again")
            await control.step()
            await one.look(identity)
            ending = Ending(one, identity, told, control)
            await ending.stop(hands, self.collector.options.unit)
            return await ending.watch(deadline_of(plan, control, told.began))

    async def reconcile(self, plan: Plan, kept: Sequence[Mapping[str, Any]]) -> Outcome:
        """By whether that very process is still there."""
        async with named(self.collector.options, self.collector.context) as one:
            process = await one.alive(Identity.kept(plan.detail["process"]))
        gone = process is None or process.ended
        if not was_told(kept):
            words = "it was not told to stop" + (", and has ended by itself" if gone else "")
            return Outcome(result=Result.FAILED, count=0, words=Shown(words))
        if gone:
            words = "it has exited; how is not known"
            return Outcome(result=Result.DONE, count=1, words=Shown(words))
        words = "it still runs: it finishes what it has, or the signal did not reach it"
        return Outcome(result=Result.UNKNOWN, count=0, words=Shown(words))


def _warnings(running: Running) -> Iterator[str]:
    yield "once it is told to stop, nothing is taken back"
    if running.seen.sessions:
        yield (
            f"{running.seen.sessions} connections are open to it: while its balancer sends, what comes after "
            "the signal is lost; drain it there first"
        )
    if running.seen.sessions is None:
        yield "what it has open cannot be seen: traffic may still reach it"
    yield from cut_warnings(running)
    if running.grace is None:
        yield "when its supervisor sends SIGKILL is not known: set grace"
    yield ALONE
