"""drains.drain on a service: readiness off, traffic gone, TERM, in flight, exited; one phase at a time."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from collectors.action import (
    Action,
    ActionSpec,
    Argument,
    Control,
    Outcome,
    Plan,
    RefusedError,
    Request,
    Result,
    Risk,
    StoppedError,
)
from collectors.base import Context
from collectors.drains._telling import DEADLINE, LONGEST, Told, deadline_of
from collectors.drains.http.planning import planned
from collectors.drains.http.quieting import Quieting, flight_of
from collectors.drains.http.ready import put_back
from collectors.drains.http.switching import Look, follows, looking, turn
from collectors.drains.process.ending import Ending, Flight, was_told
from collectors.drains.process.named import Named, named
from collectors.errors import SourceError
from collectors.hands import DrainHands
from collectors.model.reading import Reading
from collectors.text import Shown
from collectors.transport.read.processes import Identity

if TYPE_CHECKING:
    from collectors.drains.http import HttpDrain  # noqa: F401 - the base below names it in a string

_CHOICES = ("no", "yes")


class Drain(Action["HttpDrain", DrainHands]):
    """Drains one instance by its own switch and, where that is asked, tells its process to stop."""

    spec: ClassVar[ActionSpec] = ActionSpec(
        id="drains.drain",
        words="Take its readiness off and wait until nothing comes; stop=yes tells it to end then.",
        risk=Risk.DISRUPTIVE,
        arguments=(
            Argument("stop", "tell its process to stop once nothing comes", default="no", choices=_CHOICES),
            DEADLINE,
            Argument("settle", "for how long nothing must have come", default="5s"),
            Argument("quiet", "requests a second that count as none, such as a balancer's checks", "0"),
            Argument(
                "hurry",
                "stop it even where what is in flight will not end within its grace",
                default="no",
                choices=_CHOICES,
            ),
        ),
        undoable=True,
        deadline=LONGEST,
    )
    kind: ClassVar[str] = "drain"

    def unfit(self, reading: Reading) -> str:  # noqa: ARG002 - by its options alone
        """Why not: with neither a switch nor a process."""
        options = self.collector.options
        if options.drain_url is None and not (options.pid_file or options.unit or options.port):
            return "it has no switch and no process that are known: set drain_url, or pid_file, unit or port"
        return ""

    async def plan(self, request: Request) -> Plan:
        """The phases that will be gone through, and whom they hit."""
        return await planned(self.spec, self.collector, request)

    async def run(self, plan: Plan, hands: DrainHands, control: Control) -> Outcome:
        """Go through the phases; whatever ends it before TERM leaves the readiness off, and owed."""
        told = Told(control)
        try:
            async with looking(self.collector) as look, named(self.collector.options, self._context) as one:
                return await self._phases(plan, hands, control, told, look, one)
        except (StoppedError, RefusedError, SourceError) as error:
            if not told.off and not told.ending:
                raise
            known = not isinstance(error, SourceError)
            words = f"{error.why}; {_standing(told)}"
            return told.outcome(Result.FAILED if known else Result.UNKNOWN, words)

    async def reconcile(self, plan: Plan, kept: Sequence[Mapping[str, Any]]) -> Outcome:
        """By what was written down before each write, the readiness, and the process of the plan."""
        if not kept:
            return _found(Result.FAILED, "nothing was done: it ended before the first phase", owes=False)
        async with looking(self.collector) as look, named(self.collector.options, self._context) as one:
            reading = await look()
            identity = _identity(plan)
            process = await one.alive(identity) if identity is not None else None
            gone = identity is not None and (process is None or process.ended)
        stopping = was_told(kept)
        if gone:
            words = "its process has exited; how is not known"
            result = Result.DONE if stopping else Result.FAILED
            words += "" if stopping else ", and it had not been told to by us"
            return _found(result, words, owes=False)
        off = reading is not None and reading.ready is False
        if stopping:
            words = "its process still runs: it finishes what it has, or TERM did not reach it"
            answers = reading is not None and str(reading.phase) != "gone"
            return _found(Result.UNKNOWN, words, owes=off and answers)
        if reading is None or reading.ready is None:
            words = "its readiness cannot be seen now; it was not told to stop"
            return _found(Result.UNKNOWN, words, owes=True)
        if not off:
            words = "it is ready: its switch was not turned, or turned back since"
            return _found(Result.FAILED, words, owes=False)
        if plan.request.argument("stop", "no") == "yes":
            return _found(Result.FAILED, "its readiness is off, and it was not told to stop", owes=True)
        words = "its readiness is off; whether traffic had gone was not seen"
        return _found(Result.DONE, words, owes=True)

    async def undo(
        self,
        plan: Plan,  # noqa: ARG002 - the options say where the switch is
        kept: Sequence[Mapping[str, Any]],
        hands: DrainHands,
        control: Control,
    ) -> Outcome:
        """Readiness on again, until it was told to stop."""
        if was_told(kept):
            raise RefusedError("it was told to stop: that cannot be taken back")
        await control.step()
        return await put_back(self.collector, hands, control)

    @property
    def _context(self) -> Context:
        return self.collector.context

    async def _phases(
        self, plan: Plan, hands: DrainHands, control: Control, told: Told, look: Look, one: Named
    ) -> Outcome:
        until = deadline_of(plan, control, told.began)
        identity = _identity(plan)
        if identity is not None:
            await _same(one, identity)
        await control.step()
        if self.collector.options.drain_url is not None:
            if not await self._off(hands, control, told, look, until):
                words = "its switch is turned, and its readiness did not follow: it may still get requests"
                return told.outcome(Result.FAILED, words)
            quieting = Quieting(plan, look, told, control)
            if not await quieting.passed(until):
                words = f"{quieting.words} at the deadline; its readiness is off"
                return told.outcome(Result.FAILED, words)
            if identity is None:
                return told.outcome(Result.DONE, "drained: its readiness is off, and nothing comes")
            grace, end = _first_end(plan)
            hurry = plan.request.argument("hurry") == "yes"
            if not await quieting.will_end(grace, until, hurry=hurry, end=end):
                words = f"not told to stop: {quieting.words} would be cut {grace:g} s after TERM"
                return told.outcome(Result.FAILED, f"{words}; its readiness is off")
        if identity is None:
            raise RefusedError("it has no switch, and is not to be stopped: there is nothing to do")
        return await self._end(plan, hands, control, told, look, one, identity, until)

    async def _off(self, hands: DrainHands, control: Control, told: Told, look: Look, until: float) -> bool:
        await control.keep({"phase": "off"})
        try:
            said = await turn(self.collector, hands, ready=False)
        except SourceError:
            told.off = True  # it may have got the request
            raise
        told.off = True
        followed = await follows(look, told, control, ready=False, until=until)
        told.passed(f"readiness off ({said})" if followed else f"readiness not off ({said})")
        return followed

    async def _end(
        self,
        plan: Plan,
        hands: DrainHands,
        control: Control,
        told: Told,
        look: Look,
        one: Named,
        identity: Identity,
        until: float,
    ) -> Outcome:
        # its ports must be known before it closes them
        await one.look(identity)
        one.grace, one.cut = plan.detail["grace"], plan.detail.get("cut")
        ending = Ending(one, identity, told, control)
        await ending.stop(hands, self.collector.options.unit)

        async def flight() -> Flight:
            return flight_of(await look())

        return await ending.watch(until, flight)


def _identity(plan: Plan) -> Identity | None:
    """The process that is to be stopped; None where none is."""
    told = plan.detail.get("process")
    return Identity.kept(told) if told else None


def _first_end(plan: Plan) -> tuple[float | None, str]:
    """Seconds after TERM until something cuts what is in flight, and what that is."""
    grace, cut = plan.detail["grace"], plan.detail.get("cut")
    if cut is not None and (grace is None or cut < grace):
        return cut, "its own limit"
    return grace, "SIGKILL"


async def _same(one: Named, identity: Identity) -> None:
    process = await one.alive(identity)
    if process is None or process.ended:
        raise RefusedError("its process has ended or was started anew since the plan", "plan it again")


def _standing(told: Told) -> str:
    if told.ending:
        return "it was told to stop, and has not been seen to exit"
    return "its readiness is off"


def _found(result: Result, words: str, *, owes: bool) -> Outcome:
    count = 1 if result is Result.DONE else 0
    return Outcome(result=result, count=count, words=Shown(words), owes=owes)
