"""The only holder of writers: runs what was planned, verifies, writes down, takes back."""

import asyncio
import contextlib
import secrets
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from collectors.action import ActionSpec, Hands, Outcome, Plan, RefusedError, Result
from collectors.base import Collector
from collectors.errors import QuarterdeckError, SourceError
from collectors.model.practice import Practice
from collectors.model.subject import Subject
from collectors.text import Shown, one_line
from collectors.transport.write import open_hands
from console.actions import guard
from console.actions.aftermath import WATCHED, aftermath
from console.actions.custom import CommandAction, RequestAction
from console.actions.journal import Journal
from console.actions.past import Past, past_words
from console.actions.planner import Planned, Planner, within
from console.actions.plans import outcome_json, plan_of, plan_record, subject_of
from console.actions.quiet import Quiet
from console.actions.records import Records
from console.actions.run import Run
from console.actions.targets import target_text
from console.actions.undo import UndoStore
from console.actions.who import Who
from console.engine.source import Source
from console.engine.state import Acting, Event, SourceId

FIND_OUT_WITHIN = 30.0
"""Seconds for finding out what became of an interrupted run."""

VERIFY_WITHIN = 20.0
"""Seconds for the look afterwards."""

BEYOND_DEADLINE = 15.0
"""Seconds that an action has, past its deadline, to end by itself."""

LEASE_BEYOND = 60.0
"""Seconds by which a lease outlives the deadline, should we die."""

WATCH_EVERY = 1.0
"""Seconds between two looks at what runs out: arming, debts, mutes of what we did ourselves."""

MOST_ENDED = 50
"""Ended actions that the screens still show."""


class Runner:
    """One for a console. All methods are for the core's loop, unless they say otherwise."""

    def __init__(self, planner: Planner, journal: Journal, undo: UndoStore, who: Who) -> None:
        self.planner = planner
        self.records = Records(planner.core, journal, who)
        self._core = planner.core
        self._undo = undo
        self._runs: dict[str, Run] = {}
        self.rights: dict[tuple[SourceId, str], str] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._quiet = Quiet(self._core.store)
        self.publish()

    @property
    def journal(self) -> Journal:
        """What was done, by all consoles of this name."""
        return self.records.journal

    def publish(self) -> None:
        """Show what is done and owed; from any thread."""
        acts = tuple(run.state for run in self._runs.values())
        owed = self.records.story.owed(self._core.clock.wall())
        self._core.store.put_acting(Acting(self.planner.arming.state, acts[-MOST_ENDED:], owed))

    async def watch(self) -> None:
        """Until cancelled: let arming, debts and the mutes of what we did ourselves run out in time."""
        while True:
            self.publish()
            under_way = [owed for run in self._runs.values() if (owed := run.owed) is not None]
            self._quiet.keep((*self._core.store.snapshot().acting.owed, *under_way))
            await asyncio.sleep(WATCH_EVERY)

    async def arm(self, reason: str) -> None:
        """Arm the console, and write it down; raises RefusedError where neither can be."""
        self.planner.arming.arm(reason)
        try:
            await self.records.write("arm", why=str(one_line(reason)))
        except RefusedError:
            self.planner.arming.disarm()
            raise
        self.publish()

    async def disarm(self) -> None:
        """Put the catch back on, and write it down."""
        self.planner.arming.disarm()
        self.publish()
        await self.records.write("disarm")

    async def look_for_rights(self, source: SourceId) -> None:
        """Find out what the user of a source's writer lacks; ``rights`` tells it from then on.

        A writer of its own (``act_url``) is not dialled before it may be used: then nothing is known.
        """
        found = self._core.source(source)
        if found is None or (self.planner.arming.why_not[0] and found.settings.acts_apart):
            return

        async def ask(collector: Collector[Any]) -> dict[str, str]:
            lacking: dict[str, str] = {}
            for action in collector.actions:
                hands = await open_hands(action.kind, collector)
                try:
                    lacking[action.spec.id] = await hands.why_not(action.needs)
                finally:
                    await hands.close()
            return lacking

        with contextlib.suppress(QuarterdeckError):
            told = await within(FIND_OUT_WITHIN, found.act(ask), "the look at the rights")
            self.rights.update({(source, action): why for action, why in told.items()})
            self._core.store.wake()

    async def start(self, planned: Planned, typed: str | None = None) -> Run:
        """Begin what was planned; raises RefusedError where it may not be, and then nothing was touched.

        ``typed``: None for nothing, empty for a yes, else what the operator typed.
        """
        await self.planner.check(planned, typed)
        return await self._begin(planned.plan)

    async def undo(self, run: str) -> Run:
        """Take a run back; raises RefusedError where that cannot be."""
        story = await self.records.read()
        past = story.runs.get(run)
        if past is None or past.undoes:
            raise RefusedError(f"the journal has no run {run!r}", "`quarterdeck journal` lists them")
        if run in story.undone():
            raise RefusedError(f"{run} was taken back already")
        if not self._undo.has(run) or self._undo.is_running(run):
            raise RefusedError(f"nothing is kept to take {run} back", "while it runs, and after a day")
        plan = await self._plan_of(past)
        against = list(guard.standing(plan.spec, plan.service, self._core.settings, self.planner.arming))
        if against or not plan.spec.undoable:
            raise RefusedError("; ".join(against) or f"{past.action} cannot be taken back")
        return await self._begin(plan, undoes=run)

    def stop(self, run: str = "", why: str = "stopped by the operator") -> int:
        """Stop one run, or all; how many were told."""
        told = [one for name, one in self._runs.items() if one.outcome is None and run in ("", name)]
        for one in told:
            one.stop(why)
        return len(told)

    def answer(self, run: str, yes: bool) -> None:  # noqa: FBT001 - a plain answer
        """Answer what a run asks."""
        if run in self._runs:
            self._runs[run].answer(yes)

    async def close(self, seconds: float) -> None:
        """Stop all that runs and wait for it; what does not end is written down as interrupted."""
        self.stop(why="the console is leaving")
        tasks = set(self._tasks)
        if tasks:
            await asyncio.wait(tasks, timeout=seconds)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def reconcile(self) -> list[Past]:
        """Close the records of runs that nobody saw end, by reading what became of them; those closed."""
        closed = []
        for past in (await self.records.read()).open():
            if past.id in self._runs or self._undo.is_running(past.id):
                continue
            try:
                outcome = await within(FIND_OUT_WITHIN, self._found_out(past), "finding out")
                await self.records.write(
                    "outcome", id=past.id, reconciled=True, **outcome_json(outcome, past.id)
                )
            except (RefusedError, SourceError):
                continue
            closed.append(replace(past, outcome=outcome_json(outcome, past.id)))
            self._tell(closed[-1])
        await self.records.read()
        self.publish()
        return closed

    async def _found_out(self, past: Past) -> Outcome:
        plan, kept = await self._plan_of(past), self._undo.read(past.id)
        source = self.planner.source(plan.request.subject)
        return await source.act(
            lambda collector: self.planner.action_of(collector, plan).reconcile(plan, kept)
        )

    async def _plan_of(self, past: Past) -> Plan:
        """The plan that the journal keeps; raises RefusedError where it cannot be made again."""
        try:
            subject = subject_of(past.plan)
            about = Subject(subject, str(past.plan["service"]), Shown(past.plan["label"]))

            async def spec(collector: Collector[Any]) -> ActionSpec:
                return self.planner.action(collector, past.action, about).spec

            return plan_of(past.plan, await self.planner.source(subject).act(spec))
        except (LookupError, TypeError, ValueError) as error:
            raise RefusedError(f"the journal's record of {past.id} cannot be read: {error}") from None

    async def _begin(self, plan: Plan, *, undoes: str = "") -> Run:
        """Open the hands, write the intent down and let it run; raises RefusedError, and SourceError."""
        subject = plan.request.subject
        if any(run.outcome is None and run.plan.request.subject == subject for run in self._runs.values()):
            raise RefusedError(f"something is done to {plan.target} already", "wait for it, or stop it")
        source = self.planner.source(subject)
        hands = await source.act(lambda collector: self._prepared(collector, plan))
        try:
            run = await self._noted(plan, undoes)
        except BaseException:
            await source.act(lambda _collector: hands.close())
            raise
        self._runs[run.state.id] = run
        self.publish()
        perform = self._perform(source, run, hands, undoes)
        task = asyncio.get_running_loop().create_task(perform, name=f"act {run.state.id}")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return run

    async def _prepared(self, collector: Collector[Any], plan: Plan) -> Hands:
        """Hands that reach the server that was planned for, with the rights that are needed."""
        action = self.planner.action_of(collector, plan)
        hands: Hands
        if isinstance(action, (CommandAction, RequestAction)):
            hands = await action.open_hands()
        else:
            hands = await open_hands(action.kind, collector)
        try:
            lacking, remedy = await hands.why_not(action.needs), "give `act_url` a user who may"
        except BaseException:
            await hands.close()
            raise
        if plan.server and hands.server != plan.server:
            lacking, remedy = "the server is another one than the plan's, or has another role", "plan anew"
        if lacking:
            await hands.close()
            raise RefusedError(lacking, remedy)
        return hands

    async def _noted(self, plan: Plan, undoes: str) -> Run:
        """A run whose intent is on disk."""
        stamp = datetime.fromtimestamp(self._core.clock.wall(), UTC).strftime("%Y%m%dT%H%M%S")
        name = f"{stamp}-{secrets.token_hex(3)}"
        file = await asyncio.to_thread(self._undo.begin, name)
        run = Run(name, plan, self._core.clock, self.publish, file)
        try:
            more = {"undoes": undoes} if undoes else {}
            why = str(self.planner.arming.state.reason)
            await self.records.write("intent", id=name, plan=plan_record(plan), why=why, **more)
        except BaseException:
            run.close()
            self._undo.drop(name)
            raise
        return run

    async def _perform(self, source: Source, run: Run, hands: Hands, undoes: str) -> None:
        """From the first write to the outcome in the journal; never raises."""
        seconds = run.plan.spec.deadline + BEYOND_DEADLINE
        try:
            call = source.act(lambda collector: self._there(collector, run, hands, undoes))
            outcome = await within(seconds, call, "the action")
        except asyncio.CancelledError:
            words = Shown("interrupted: the console left before it ended")
            outcome = Outcome(result=Result.UNKNOWN, count=run.state.done, words=words)
        except Exception as error:  # noqa: BLE001 - one of the four boundaries: an action must not end the console
            outcome = run.ended_by(error)
        name = run.state.id
        try:
            await self.records.write("outcome", id=name, **outcome_json(outcome, name))
        except RefusedError as error:
            words = one_line(f"{outcome.words}; and this could not be written down: {error.why}")
            outcome = replace(outcome, words=words)
        run.close()
        undoable = not undoes and run.plan.spec.undoable and outcome.owes is not False
        run.end(outcome, undo=undoable and self._undo.has(name))
        if outcome.result is Result.DONE and undoes in self._runs:
            self._runs[undoes].show(undo=False)
        self._tell(Past(name, {"plan": plan_record(run.plan)}, outcome_json(outcome, name), undoes))
        subject = run.plan.request.subject
        self._core.refresh((SourceId(subject.collector, subject.instance),))
        if subject.practice is Practice.CACHES and outcome.count and not undoes:
            self._core.spawn(self._tell_cost(run), f"aftermath {name}")

    async def _tell_cost(self, run: Run) -> None:
        """What taking keys out of a cache cost, once that can be told: in the journal and beside it."""
        ended = self._core.clock.wall()
        await asyncio.sleep(WATCHED)
        subject, plan, core = run.plan.request.subject, run.plan, self._core
        found = aftermath(
            core.history, core.store.snapshot(), core.settings.services, subject, run.state.began, ended
        )
        words = one_line(f"after {plan.spec.id} {plan.target}: {'; '.join(found.lines)}", 400)
        with contextlib.suppress(RefusedError):
            await self.records.write("aftermath", id=run.state.id, words=str(words), worse=found.worse)
        core.store.add_event(Event(core.clock.wall(), "action", plan.service, words, subject.practice))

    async def _there(self, collector: Collector[Any], run: Run, hands: Hands, undoes: str) -> Outcome:
        """The part that runs where the collector lives."""
        plan = run.plan
        action, lease = self.planner.action_of(collector, plan), target_text(plan.request.subject)
        holder_name = f"{self.records.who.name} {run.state.id}"
        try:
            run.bind()
            seconds = plan.spec.deadline + LEASE_BEYOND
            holder = await hands.hold(lease, holder_name, seconds)
            if holder and await self.records.is_over(holder):
                await hands.let_go(lease, holder)
                holder = await hands.hold(lease, holder_name, seconds)
            if holder:
                raise RefusedError(f"{holder} acts on it now", "wait for that, or ask")
            try:
                if undoes:
                    return await action.undo(plan, self._undo.read(undoes), hands, run)
                outcome = await action.run(plan, hands, run)
            finally:
                with contextlib.suppress(QuarterdeckError):
                    await hands.let_go(lease, holder_name)
        finally:
            await hands.close()
        run.show(phase="verifying")
        try:
            return await within(VERIFY_WITHIN, action.verify(plan, outcome), "the look afterwards")
        except SourceError as error:
            return replace(outcome, lines=(*outcome.lines, Shown(f"not verified: {error.why}")))

    def _tell(self, past: Past) -> None:
        """An event for what changed, which is a mark on the charts."""
        service, practice = str(past.plan.get("service", "")), subject_of(past.plan).practice
        self._core.store.add_event(
            Event(self._core.clock.wall(), "action", service, past_words(past), practice)
        )
