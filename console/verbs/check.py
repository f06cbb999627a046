"""``check`` and ``show``: poll without a screen, judge, print, exit by the level."""

import asyncio
import contextlib
import json
import sys
from collections.abc import Iterator
from typing import Any

from collectors.model.practice import Practice
from collectors.options import parse_duration
from console.cli import USAGE, Wanted
from console.engine.core import Core
from console.present import plain, servers
from console.present.report import EXIT, level_of, report
from console.present.words import counted
from console.settings import Settings
from console.verbs.sourcing import settings_or_exit
from console.verbs.watching import changes


def run_check(wanted: Wanted, duration: str, *, as_json: bool) -> int:
    """Poll once, or for ``duration``; print lines or JSON; the exit status is the level's."""
    seconds = _seconds(duration)
    settings = settings_or_exit(wanted)
    core = asyncio.run(_polled(settings, seconds))
    snapshot = core.store.snapshot()
    level = level_of(snapshot, settings.services)
    if as_json:
        print_json(_report(core))
    else:
        for line in plain.fleet_lines(snapshot, settings.services):
            print(line)
        failed = sum(source.failure is not None for source in snapshot.sources)
        for sentence in servers.lines(snapshot.servers):
            print(f"quarterdeck: {sentence}", file=sys.stderr)
        tail = f", {counted(failed, 'source')} failed" if failed else ""
        print(f"{level}: {counted(len(snapshot.rows), 'reading')}{tail}", file=sys.stderr)
    return EXIT[level]


def run_show(wanted: Wanted, practice: str, duration: str, *, as_json: bool, watch: bool) -> int:
    """Print one practice's panel; with ``watch`` what changes, for ``duration`` or until ctrl+c."""
    try:
        shown = Practice(practice)
    except ValueError:
        print(f"quarterdeck: no practice {practice!r}; there are {', '.join(Practice)}", file=sys.stderr)
        return USAGE
    seconds = _seconds(duration)
    settings = settings_or_exit(wanted)
    if watch:
        core = asyncio.run(_watched(settings, seconds, shown, as_json=as_json))
    else:
        core = asyncio.run(_polled(settings, seconds, shown))
        if as_json:
            print_json(_report(core, shown))
        else:
            print("\n".join(_panel(core, shown)))
    return EXIT[level_of(core.store.snapshot(), settings.services, shown)]


def print_json(value: object) -> None:
    """One JSON document on stdout, readable by people."""
    print(json.dumps(value, ensure_ascii=True, indent=2))


async def _polled(settings: Settings, seconds: float, practice: Practice | None = None) -> Core:
    """A core that has polled every source of ``practice`` (or all) once, or for ``seconds``."""
    core = Core(settings, only=practice)
    if seconds > 0:
        await core.start()
        await asyncio.sleep(seconds)
        await core.settle()
    else:
        await core.once()
    await core.stop()
    return core


async def _watched(settings: Settings, seconds: float, practice: Practice, *, as_json: bool) -> Core:
    """A core that has been watched for ``seconds`` (0: for ever), each change printed as it came."""
    core = Core(settings, only=practice)
    told = _JsonChanges(core, practice) if as_json else _LineChanges(core, practice)
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds or None), contextlib.aclosing(changes(core, 0.5)) as changed:
            async for _ in changed:
                for line in told.new():
                    print(line, flush=True)
    return core


class _LineChanges:
    """The lines of a practice's panel that were not there before."""

    def __init__(self, core: Core, practice: Practice) -> None:
        self._core, self._practice = core, practice
        self._before: list[str] = []

    def new(self) -> list[str]:
        lines = list(_panel(self._core, self._practice))
        before, self._before = self._before, lines
        return list(plain.changed_lines(before, lines))


class _JsonChanges:
    """The report of a practice, where more of it changed than when it was read."""

    def __init__(self, core: Core, practice: Practice) -> None:
        self._core, self._practice = core, practice
        self._before: object = None

    def new(self) -> list[str]:
        told = _report(self._core, self._practice)
        facts = [{**reading, "taken": None} for reading in told["readings"]]
        before, self._before = self._before, {**told, "readings": facts}
        return [] if before == self._before else [json.dumps(told, ensure_ascii=True)]


def _report(core: Core, practice: Practice | None = None) -> dict[str, Any]:
    settings = core.settings
    return report(core.store.snapshot(), settings.environment, settings.services, practice)


def _panel(core: Core, practice: Practice) -> Iterator[str]:
    snapshot = core.store.snapshot()
    yield from plain.practice_lines(snapshot, core.history, practice)
    for source in snapshot.sources:
        if source.failure is not None:
            hint = f" – {source.failure.hint}" if source.failure.hint else ""
            yield f"failed     {source.id.text}: {source.failure.why}{hint}"


def _seconds(duration: str) -> float:
    if not duration:
        return 0.0
    try:
        return parse_duration(duration)
    except ValueError as error:
        print(f"quarterdeck: --for {duration}: {error}", file=sys.stderr)
        raise SystemExit(USAGE) from None
