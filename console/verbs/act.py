"""``act``: the same road as on the screen, for one action or one undo; and the list of what can be done."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from collectors.action import Outcome, RefusedError, Result
from collectors.errors import QuarterdeckError, SourceError
from console.actions.making import make_runner
from console.actions.offers import Offer, all_offers
from console.actions.planner import Planned
from console.actions.plans import outcome_json, plan_json
from console.actions.run import Run
from console.actions.runner import Runner
from console.actions.targets import find_target
from console.cli import USAGE, Wanted
from console.engine.core import Core
from console.present.acting import outcome_lines, plan_lines
from console.present.report import FORMAT
from console.settings import Settings
from console.verbs.check import print_json
from console.verbs.sourcing import say_error, settings_or_exit

REFUSED = 77
"""Exit status of what was refused; nothing was touched."""

UNREACHED = 69
"""Exit status where the source did not answer; nothing was touched."""

EXIT = {Result.DONE: 0, Result.FAILED: 1, Result.UNKNOWN: 3}
"""Exit status by outcome."""

TOLD_EVERY = 1.0
"""Seconds between two lines of progress."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What the command line asks for. ``yes``: None where it was not given."""

    action: str = ""
    target: str = ""
    arguments: Sequence[tuple[str, str]] = ()
    dry_run: bool = False
    yes: str | None = None
    maximum: int | None = None
    rate: float | None = None
    arm: str = ""
    undo: str = ""
    as_json: bool = False


def run_list(wanted: Wanted, *, as_json: bool) -> int:
    """Print every action, its targets, its risk, and why it is refused where it is."""
    settings = settings_or_exit(wanted)
    told = asyncio.run(_listed(settings))
    if as_json:
        print_json(told)
        return 0
    for action in told["actions"]:
        print(f"{action['action']:<20} {action['risk']:<12} {action['words']}")
        for target in action["targets"]:
            why = f"  refused: {'; '.join(target['refusals'])}" if target["refusals"] else ""
            print(f"  {target['target']}{why}")
    return 0


def run_act(wanted: Wanted, wish: Wish) -> int:
    """Plan, confirm, run and verify one action; the exit status tells how it ended."""
    settings = settings_or_exit(wanted)
    try:
        return asyncio.run(_acted(settings, wish))
    except RefusedError as error:
        return _refuse(error, wish, REFUSED)
    except SourceError as error:
        return _refuse(error, wish, UNREACHED)


def _refuse(error: QuarterdeckError, wish: Wish, code: int) -> int:
    say_error(error)
    if wish.as_json:
        print_json({"format": FORMAT, "refused": str(error.why), "hint": str(error.hint)})
    return code


@asynccontextmanager
async def _road(settings: Settings) -> AsyncGenerator[tuple[Core, Runner]]:
    """A core that collects nothing by itself, and its runner."""
    core = Core(settings)
    runner = make_runner(core, os.environ)
    try:
        yield core, runner
    finally:
        await runner.close(5.0)
        await core.stop()


async def _listed(settings: Settings) -> dict[str, Any]:
    async with _road(settings) as (core, runner):
        await core.once()
        snapshot = core.store.snapshot()
        await asyncio.gather(*(runner.look_for_rights(source.id) for source in snapshot.sources))
        by_action: dict[str, list[Offer]] = {}
        for offer in all_offers(runner.planner, snapshot, runner.rights):
            by_action.setdefault(offer.spec.id, []).append(offer)
        return {
            "format": FORMAT,
            "environment": settings.environment,
            "protected": settings.protected,
            "read_only": settings.console.read_only,
            "actions": [_action_json(offers) for _id, offers in sorted(by_action.items())],
        }


def _action_json(offers: Sequence[Offer]) -> dict[str, Any]:
    spec = offers[0].spec
    return {
        "action": spec.id,
        "words": spec.words,
        "risk": str(spec.risk),
        "bulk": spec.bulk,
        "undoable": spec.undoable,
        "arguments": [
            {"name": one.name, "words": one.words, "default": one.default, "required": one.required}
            for one in spec.arguments
        ],
        "targets": [
            {
                "target": offer.target,
                "label": str(offer.label),
                "service": offer.service,
                "refusals": [str(why) for why in offer.refusals],
            }
            for offer in offers
        ],
    }


async def _acted(settings: Settings, wish: Wish) -> int:
    async with _road(settings) as (core, runner):
        for past in await runner.reconcile():
            print(f"quarterdeck: {past.id} was interrupted: {past.result}", file=sys.stderr)
        if wish.arm:
            await runner.arm(wish.arm)
        if wish.undo:
            return await _followed(runner, await runner.undo(wish.undo), wish)
        planned = await _planned(core, runner, wish)
        if wish.dry_run:
            _tell_plan(planned, settings, wish)
            return REFUSED if planned.refusals else 0
        if not wish.as_json:
            _tell_plan(planned, settings, wish)
        if planned.plan.spec.bulk and planned.plan.request.maximum is None:
            words = f"{wish.action} may hit many: say how many at most with --max N"
            print(f"quarterdeck: {words}", file=sys.stderr)
            return USAGE
        return await _followed(runner, await runner.start(planned, wish.yes), wish)


async def _planned(core: Core, runner: Runner, wish: Wish) -> Planned:
    collector = wish.target.partition("/")[0]
    states = core.store.snapshot().sources
    asked = [state.id for state in states if state.id.collector == collector]
    if asked:
        await core.once(asked)
    snapshot = core.store.snapshot()
    failed = next((state.failure for state in snapshot.sources if state.id in asked and state.failure), None)
    if failed is not None:
        raise SourceError(f"{failed.source.text}: {failed.why}", failed.hint)
    subject = find_target(wish.target, snapshot)
    return await runner.planner.plan(
        subject, wish.action, dict(wish.arguments), maximum=wish.maximum, rate=wish.rate
    )


def _tell_plan(planned: Planned, settings: Settings, wish: Wish) -> None:
    """The plan: on stdout where it is what was asked for, else on stderr."""
    if wish.as_json:
        print_json({**plan_json(planned.plan), "refusals": [str(one) for one in planned.refusals]})
        return
    out = sys.stdout if wish.dry_run else sys.stderr
    for name, words in plan_lines(planned.plan, settings.environment, planned.refusals):
        print(f"{name:<10} {words}", file=out)
    if planned.consent != "none" and not planned.refusals:
        print(f"{'confirm':<10} --yes {planned.phrase}", file=out)


async def _followed(runner: Runner, run: Run, wish: Wish) -> int:
    """Wait for the end of a run; ctrl+c and SIGTERM stop it at its next step."""
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, lambda: runner.stop(run.state.id))
    told = ""
    while not run.finished.is_set():
        try:
            async with asyncio.timeout(TOLD_EVERY):
                await run.finished.wait()
        except TimeoutError:
            told = await _progress(runner, run, told, wish)
    outcome: Outcome | None = run.outcome
    if outcome is None:
        raise SourceError("the run ended without an outcome")
    if wish.as_json:
        print_json(outcome_json(outcome, run.state.id))
    else:
        print("\n".join(outcome_lines(outcome)))
        print(f"journal {run.state.id}", file=sys.stderr)
    return EXIT[outcome.result]


async def _progress(runner: Runner, run: Run, told: str, wish: Wish) -> str:
    """Tell how far it is, and hand a question to whoever is there."""
    state = run.state
    total = f" of {state.total}" if state.total is not None else ""
    words = f"{state.phase} {state.done}{total} {state.words}".rstrip()
    if words != told and not wish.as_json:
        print(words, file=sys.stderr)
    if state.question:
        yes = False
        if sys.stdin.isatty() and sys.stderr.isatty():
            print(f"{state.question} [y/N] ", end="", file=sys.stderr, flush=True)
            answer = await asyncio.to_thread(sys.stdin.readline)
            yes = answer.strip().lower() in ("y", "yes")
        runner.answer(state.id, yes)
    return words
