"""One action while it runs: pace, stop, deadline, questions, and what undo needs."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from collectors.action import Outcome, Plan, RefusedError, Result, StoppedError
from collectors.clock import Clock
from collectors.text import Shown, one_line
from console.actions.targets import target_text
from console.actions.undo import UndoFile
from console.engine.state import ActState, Owed

ANSWER_WITHIN = 60.0
"""Seconds for which a question waits; no answer is a no."""

TOLD_EVERY = 0.1
"""Seconds between two reports that are shown."""


class Run:
    """The runner's side of an action: what ``collectors.action.Control`` describes.

    It is made by the runner, bound to the loop on which the action runs, and told by any thread.
    """

    def __init__(
        self, run: str, plan: Plan, clock: Clock, publish: Callable[[], None], file: UndoFile | None
    ) -> None:
        self.plan = plan
        self.finished = asyncio.Event()
        self.outcome: Outcome | None = None
        self.deadline = 0.0
        self._clock = clock
        self._publish = publish
        self._file = file
        self._loop: asyncio.AbstractEventLoop | None = None
        self._over: asyncio.Event | None = None
        self._answer: asyncio.Future[bool] | None = None
        self._why = ""
        self._next = 0.0
        self._told = 0.0
        total = plan.count.value
        self.state = ActState(
            id=run,
            action=plan.spec.id,
            subject=plan.request.subject,
            target=plan.target,
            service=plan.service,
            phase="running",
            began=clock.wall(),
            until=clock.boottime() + plan.spec.deadline,
            total=None if total is None else int(total),
        )

    @property
    def owed(self) -> Owed | None:
        """What will be owed, while it is being done; None once it has ended, and where nothing will be."""
        plan, state = self.plan, self.state
        if plan.owed is None or self.outcome is not None:
            return None
        action, words = plan.owed
        target = target_text(state.subject)
        return Owed(
            state.id, action, state.subject, target, state.service, one_line(words), plan.request.cut_off
        )

    def bind(self) -> None:
        """Begin on the running loop."""
        self._loop = asyncio.get_running_loop()
        self._over = asyncio.Event()
        self._next = self._loop.time()
        self.deadline = self._loop.time() + self.plan.spec.deadline
        if self._why:
            self._over.set()

    def stop(self, why: str = "stopped by the operator") -> None:
        """End it at the next step; from any thread."""
        self._why = self._why or why
        if self._loop is not None and self._over is not None:
            self._loop.call_soon_threadsafe(self._over.set)

    def answer(self, yes: bool) -> None:  # noqa: FBT001 - a plain answer
        """Answer what it asks; from any thread."""
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._answered, yes)

    async def step(self, items: int = 1) -> None:
        """Wait for the turn of ``items`` more; raises StoppedError where it is over."""
        loop = self._checked()
        rate = self.plan.request.rate
        if rate:
            self._next = max(self._next, loop.time() - 1.0 / rate)
            await self.pause(self._next - loop.time())
            self._next += items / rate
        else:
            await asyncio.sleep(0)
        self._checked()

    async def pause(self, seconds: float) -> None:
        """Wait; raises StoppedError as soon as it is over."""
        loop = self._checked()
        over = self._over
        if seconds > 0 and over is not None:
            try:
                async with asyncio.timeout(min(seconds, max(0.0, self.deadline - loop.time()))):
                    await over.wait()
            except TimeoutError:
                pass
        self._checked()

    def report(self, done: int, words: str = "") -> None:
        """Show how far it is, at most ten times a second."""
        self.state = replace(self.state, done=done, words=one_line(words) if words else self.state.words)
        now = self._clock.boottime()
        if now - self._told >= TOLD_EVERY:
            self._told = now
            self._publish()

    async def keep(self, record: Mapping[str, Any]) -> None:
        """Write what undo needs to disk; raises RefusedError if it cannot be kept."""
        if self._file is not None:
            await asyncio.to_thread(self._file.keep, record)

    async def ask(self, question: str) -> bool:
        """Ask, and wait for an answer; none within ANSWER_WITHIN is a no."""
        loop = self._checked()
        self._answer = loop.create_future()
        self.show(phase="asking", question=one_line(question))
        end = loop.time() + ANSWER_WITHIN
        try:
            while not self._answer.done() and loop.time() < end:
                await self.pause(0.1)
            return self._answer.done() and self._answer.result()
        finally:
            self._answer = None
            self.show(phase="running", question=Shown(""))

    def show(self, **changed: Any) -> None:  # noqa: ANN401 - fields of ActState
        """Change what the screens say of it."""
        self.state = replace(self.state, **changed)
        self._publish()

    def end(self, outcome: Outcome, *, undo: bool) -> None:
        """Note how it ended."""
        self.outcome = outcome
        self.show(
            phase=str(outcome.result),
            ended=self._clock.wall(),
            done=outcome.count,
            words=outcome.words,
            question=Shown(""),
            undo=undo,
        )
        self.finished.set()

    def close(self) -> None:
        """Let the undo file go."""
        if self._file is not None:
            self._file.close()

    def ended_by(self, error: Exception) -> Outcome:
        """What an action that ended by an error has come to: stopped and refused are failed."""
        why = getattr(error, "why", None) or one_line(f"bug: {type(error).__name__}: {error}")
        hint = getattr(error, "hint", "")
        known = isinstance(error, (StoppedError, RefusedError))
        done = self.state.done
        words = f"{why}; {done} done before" if done else f"{why}"
        return Outcome(
            result=Result.FAILED if known else Result.UNKNOWN,
            count=done,
            words=one_line(words),
            lines=(Shown(hint),) if hint else (),
        )

    def _answered(self, yes: bool) -> None:  # noqa: FBT001 - a plain answer
        if self._answer is not None and not self._answer.done():
            self._answer.set_result(yes)

    def _checked(self) -> asyncio.AbstractEventLoop:
        loop = asyncio.get_running_loop()
        if self._why:
            raise StoppedError(self._why)
        if loop.time() >= self.deadline:
            raise StoppedError(f"its deadline of {self.plan.spec.deadline:g} s has passed")
        return loop
