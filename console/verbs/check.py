"""``check`` and ``show``: poll without a screen, judge, print, exit by the level."""

import asyncio
import json
import sys
from collections.abc import Iterator

from collectors.model.practice import Practice
from collectors.options import parse_duration
from console.cli import USAGE, Wanted
from console.engine.core import Core
from console.present import plain
from console.present.report import EXIT, level_of, report
from console.present.words import counted
from console.settings import Settings
from console.verbs.sourcing import settings_or_exit


def run_check(wanted: Wanted, duration: str, *, as_json: bool) -> int:
    """Poll once, or for ``duration``; print lines or JSON; the exit status is the level's."""
    settings = settings_or_exit(wanted)
    core = asyncio.run(_polled(settings, _seconds(duration)))
    snapshot = core.store.snapshot()
    level = level_of(snapshot, settings.services)
    if as_json:
        print_json(report(snapshot, settings.environment, settings.services))
    else:
        for line in plain.fleet_lines(snapshot, settings.services):
            print(line)
        failed = sum(source.failure is not None for source in snapshot.sources)
        tail = f", {counted(failed, 'source')} failed" if failed else ""
        print(f"{level}: {counted(len(snapshot.rows), 'reading')}{tail}", file=sys.stderr)
    return EXIT[level]


def run_show(wanted: Wanted, practice: str, duration: str, *, as_json: bool, watch: bool) -> int:
    """Print one practice's panel; with ``watch`` again at each change, until ctrl+c."""
    try:
        shown = Practice(practice)
    except ValueError:
        print(f"quarterdeck: no practice {practice!r}; there are {', '.join(Practice)}", file=sys.stderr)
        return USAGE
    settings = settings_or_exit(wanted)
    if watch:
        return asyncio.run(_watched(settings, shown, as_json=as_json))
    core = asyncio.run(_polled(settings, _seconds(duration), shown))
    snapshot = core.store.snapshot()
    for line in _panel(core, shown, as_json=as_json):
        print(line)
    return EXIT[level_of(snapshot, settings.services, shown)]


def print_json(value: object) -> None:
    """One JSON document on stdout, readable by people."""
    json.dump(value, sys.stdout, ensure_ascii=True, indent=2)
    sys.stdout.write("\n")


async def _polled(settings: Settings, seconds: float, practice: Practice | None = None) -> Core:
    """A core that has polled every source of ``practice`` (or all) once, or for ``seconds``."""
    core = Core(settings, only=practice)
    if seconds > 0:
        await core.start()
        await asyncio.sleep(seconds)
        core.judge()
    else:
        await core.once()
    await core.stop()
    return core


async def _watched(settings: Settings, practice: Practice, *, as_json: bool) -> int:
    core = Core(settings, only=practice)
    dirty = asyncio.Event()
    core.store.on_wake = dirty.set
    await core.start()
    before: list[str] = []
    try:
        while True:
            await dirty.wait()
            dirty.clear()
            core.store.clear()
            lines = list(_panel(core, practice, as_json=as_json))
            new = lines if as_json else list(plain.changed_lines(before, lines))
            if new:
                print("\n".join(new), flush=True)
            before = lines
            await asyncio.sleep(0.5)
    finally:
        await core.stop()


def _panel(core: Core, practice: Practice, *, as_json: bool) -> Iterator[str]:
    snapshot = core.store.snapshot()
    if as_json:
        told = report(snapshot, core.settings.environment, core.settings.services, practice)
        yield json.dumps(told, ensure_ascii=True)
        return
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
