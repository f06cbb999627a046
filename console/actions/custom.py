"""Actions of the configuration itself: one program or one request for one subject, each once."""

import asyncio
import shlex
import signal
from collections.abc import Coroutine, Iterable, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any, ClassVar, TypeVar, cast
from urllib.parse import quote

from collectors.action import (
    Action,
    ActionSpec,
    Control,
    Outcome,
    Plan,
    RefusedError,
    Request,
    Result,
    StoppedError,
)
from collectors.errors import TimedOutError
from collectors.hands import THIS_MACHINE, HttpAnswer, HttpHands, ProcessHands, http_server
from collectors.model.reading import Reading
from collectors.model.subject import Subject
from collectors.text import Shown, one_line
from collectors.transport.tls import TlsFiles
from collectors.transport.write import http as http_writer
from collectors.transport.write import process as process_writer
from console.actions import filling
from console.settings import Settings
from console.settings.template import PLACES
from console.settings.values import CustomAction, CustomRequest

BEYOND = process_writer.GRACE + process_writer.AFTER_KILL + 5.0
"""Seconds that a run has past its own time-out, to end what it started."""

MOST_LINES = 5
"""Lines of what was said that an outcome tells."""

T = TypeVar("T")
H = TypeVar("H")


class _Custom(Action[Subject, H]):
    """What programs and requests have in common; ``collector`` is the subject that is acted on."""

    noun: ClassVar[str]

    def __init__(self, subject: Subject, settings: CustomAction) -> None:
        super().__init__(subject)
        self.settings = settings
        self.values = filling.values_of(subject)

    def unfit(self, reading: Reading) -> str:
        """Empty where the configuration offers it on this subject."""
        return "" if fits(self.settings, reading.subject) else "the configuration offers it elsewhere"

    async def plan(self, request: Request) -> Plan:
        """The one thing that will be done, word for word; nothing is asked of anybody for it."""
        refusals = await self._refusals()
        complete = not any(filling.lacking(self.settings, self.values))
        return Plan(
            spec=self.spec,
            request=request,
            target=self.collector.label,
            service=self.collector.service,
            server=self._server(),
            sample=filling.samples(self._sample()) if complete else (),
            warnings=tuple(one_line(words, 300) for words in (*self._warnings(), "it cannot be taken back")),
            refusals=tuple(one_line(words, 300) for words in refusals),
            detail={} if refusals else self._detail(),
        )

    async def reconcile(self, plan: Plan, kept: Sequence[Mapping[str, Any]]) -> Outcome:  # noqa: ARG002 - nothing is kept
        """Unknown: neither a program nor a server can be asked afterwards whether it was us."""
        words = f"{self.noun} was begun, and how it ended cannot be found out from here: look at the source"
        return Outcome(result=Result.UNKNOWN, count=0, words=Shown(words))

    async def open_hands(self) -> H:
        """Hands for this action on this subject; RefusedError where its texts cannot be filled in."""
        refusals = list(filling.lacking(self.settings, self.values))
        if refusals:
            raise RefusedError("; ".join(refusals))
        return self._hands()

    def _hands(self) -> H:
        raise NotImplementedError

    def _server(self) -> str:
        raise NotImplementedError

    def _sample(self) -> Iterable[str]:
        raise NotImplementedError

    def _warnings(self) -> Iterable[str]:
        raise NotImplementedError

    async def _refusals(self) -> list[str]:
        """Why it may not be run; what is wrong with single values where all of them are there."""
        found = [] if fits(self.settings, self.collector) else ["the configuration offers it elsewhere"]
        return [*found, *filling.lacking(self.settings, self.values)]

    def _detail(self) -> dict[str, Any]:
        return {"values": self.values, "told": filling.told(self.settings, self.values)}

    async def _begin(self, plan: Plan, control: Control) -> None:
        """The last look before it is done: nothing but what the plan shows."""
        refusals = await self._refusals()
        if refusals:
            raise RefusedError("; ".join(refusals))
        if dict(plan.detail) != self._detail():
            raise RefusedError("it is another one now than in the plan", "plan it anew")
        await control.step()
        control.report(0, f"{self.noun} is under way")


class CommandAction(_Custom[ProcessHands]):
    """Runs a program on this machine."""

    kind: ClassVar[str] = "process"
    noun: ClassVar[str] = "the program"

    async def run(self, plan: Plan, hands: ProcessHands, control: Control) -> Outcome:
        """Run it once; done is status 0. TimedOutError where it did not end in time."""
        await self._begin(plan, control)
        seconds = self.settings.timeout
        try:
            work = hands.run(filling.argv(self.settings, self.values), seconds)
            status, said = await _unless_stopped(work, control, seconds + BEYOND)
        except StoppedError as error:
            return _stopped(error, "the program was sent TERM, and what it had done by then is not known")
        except TimedOutError as error:
            hint = filling.unsaid(error.hint, self.settings)
            raise TimedOutError(error.why, hint) from None
        lines = filling.last_lines(said, self.settings, MOST_LINES)
        if status == 0:
            return Outcome(result=Result.DONE, count=1, words=Shown("it ended with status 0"), lines=lines)
        last = f": {lines[-1]}" if lines else ""
        return Outcome(result=Result.FAILED, count=0, words=one_line(f"{_ended(status)}{last}"), lines=lines)

    def _hands(self) -> ProcessHands:
        return process_writer.Hands(filling.environment(self.settings, self.values))

    def _server(self) -> str:
        return THIS_MACHINE

    def _sample(self) -> Iterable[str]:
        yield shlex.join(filling.told(self.settings, self.values))
        if self.settings.env:
            yield "with " + ", ".join(f"{name}={text}" for name, text in self.settings.env)

    def _warnings(self) -> Iterable[str]:
        yield "its exit status alone tells whether it worked"
        yield (
            f"after {self.settings.timeout:g} s it is sent TERM, and {process_writer.GRACE:g} s later it is "
            "killed with its process group: it is a program of our own"
        )

    async def _refusals(self) -> list[str]:
        found = await super()._refusals()
        if found:
            return found
        program = self.settings.command[0].fill(self.values)
        given = process_writer.clean_environment(filling.environment(self.settings, self.values))
        if await asyncio.to_thread(process_writer.find_program, program, given) is None:
            found.append(f"{one_line(program, 80)} is no program on this machine")
        return [*found, *filling.wrong_arguments(self.settings, self.values)]


class RequestAction(_Custom[HttpHands]):
    """Sends a request."""

    kind: ClassVar[str] = "http"
    noun: ClassVar[str] = "the request"

    async def run(self, plan: Plan, hands: HttpHands, control: Control) -> Outcome:
        """Send it once, under the plan's hash as its key; SourceError where no answer came."""
        await self._begin(plan, control)
        request = self._request
        headers = {"Idempotency-Key": plan.hash, **filling.headers(request, self.values)}
        url, body = filling.url(request, self.values), filling.body(request, self.values)
        try:
            work = hands.send(request.method, url.reveal(), headers, body)
            answer = await _unless_stopped(work, control, self.settings.timeout + BEYOND)
        except StoppedError as error:
            return _stopped(error, "the request may have been sent, and its answer was not waited for")
        result, words = _judged(answer)
        lines = filling.last_lines(answer.body, self.settings, MOST_LINES)
        return Outcome(result=result, count=int(result is Result.DONE), words=Shown(words), lines=lines)

    def _hands(self) -> HttpHands:
        request = self._request
        files = TlsFiles(request.ca_file, request.client_cert, request.client_key)
        url = filling.url(request, self.values)
        return http_writer.Hands([url], files, seconds=self.settings.timeout)

    @property
    def _request(self) -> CustomRequest:
        return cast("CustomRequest", self.settings.request)

    def _server(self) -> str:
        # no place stands in the host: it is the same whatever the values are
        return http_server(filling.url(self._request, dict.fromkeys(PLACES, "x")))

    def _sample(self) -> Iterable[str]:
        return filling.told(self.settings, self.values)

    def _warnings(self) -> Iterable[str]:
        yield "its status alone tells whether it worked"
        yield f"it is sent once; without an answer in {self.settings.timeout:g} s its outcome is unknown"

    async def _refusals(self) -> list[str]:
        found = await super()._refusals()
        return found or list(filling.wrong_request(self._request, self.values))


@dataclass(frozen=True, slots=True)
class Custom:
    """One ``[actions.NAME]`` as it is listed; its hands come from the action, and not from a collector."""

    settings: CustomAction
    spec: ActionSpec

    def fits(self, subject: Subject) -> bool:
        """Whether the configuration offers it on this subject."""
        return fits(self.settings, subject)

    def on(self, subject: Subject) -> CommandAction | RequestAction:
        """The action for one subject, as it was last read."""
        kind = CommandAction if self.settings.request is None else RequestAction
        made = cast("type[CommandAction | RequestAction]", type(kind.__name__, (kind,), {"spec": self.spec}))
        return made(subject, self.settings)


def custom_actions(settings: Settings) -> tuple[Custom, ...]:
    """All actions of the configuration itself, in its order; their ids are ``custom.NAME``."""
    return tuple(Custom(one, _spec(one)) for one in settings.actions.values())


def _spec(action: CustomAction) -> ActionSpec:
    return ActionSpec(action.id, str(one_line(action.words)), action.risk, deadline=action.timeout + BEYOND)


def fits(action: CustomAction, subject: Subject) -> bool:
    """Whether an action is offered on a subject: each of target, practice and service fits that is set."""
    if action.practice not in (None, subject.practice) or action.service not in ("", subject.service):
        return False
    if not action.target:
        return True
    if "/" not in action.target:
        return fnmatchcase(subject.collector, action.target)
    where = [subject.collector, *([subject.instance] if subject.instance else [])]
    key = subject.id.key
    names = {key.decode("utf-8", "replace"), quote(key, safe=""), str(subject.label)}
    paths = [f"{place}/{name}" for name in names for place in (where[0], "/".join(where))]
    return any(fnmatchcase(path, action.target) for path in paths)


async def _unless_stopped(work: Coroutine[Any, Any, T], control: Control, seconds: float) -> T:
    """What comes of ``work``; where the run is stopped first, it is cancelled and StoppedError raised."""
    task, watch = asyncio.ensure_future(work), asyncio.ensure_future(control.pause(seconds))
    try:
        await asyncio.wait({task, watch}, return_when=asyncio.FIRST_COMPLETED)
        if not task.done() and watch.exception() is not None:
            task.cancel()
            await asyncio.wait({task})
            if task.cancelled():
                await watch
        return await task
    finally:
        task.cancel()
        watch.cancel()
        await asyncio.gather(task, watch, return_exceptions=True)


def _stopped(error: StoppedError, words: str) -> Outcome:
    return Outcome(result=Result.UNKNOWN, count=0, words=one_line(f"{error.why}: {words}"))


def _ended(status: int) -> str:
    if status > 0:
        return f"it ended with status {status}"
    try:
        return f"it was ended by {signal.Signals(-status).name}"
    except ValueError:
        return f"it was ended by signal {-status}"


def _judged(answer: HttpAnswer) -> tuple[Result, str]:
    """What a status says of the request; a gateway's word on a server behind it says nothing."""
    words = f"it was answered with {answer.status}"
    if answer.status == 202:
        return Result.DONE, f"{words}: accepted, and perhaps still to be done"
    if 200 <= answer.status < 300:
        return Result.DONE, words
    if answer.status in (502, 504):
        return Result.UNKNOWN, f"{words}: a gateway had no answer from the server behind it"
    if 300 <= answer.status < 400:
        return Result.FAILED, f"{words}: redirects are not followed"
    return Result.FAILED, words
