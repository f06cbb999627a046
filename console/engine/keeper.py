"""Keeps a run: records it, and gives the start what earlier runs left: their past, marks, log positions."""

import asyncio
import contextlib
import os
import time
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from collectors.model.sweep import Sweep
from collectors.model.verdict import Verdict
from console.engine.core import Core
from console.engine.folders import state_folder
from console.engine.history import History
from console.engine.marks import Marks
from console.engine.positions import PositionFile
from console.engine.recording import SUFFIX, Recorder, RecordingError, prune, read_back
from console.engine.state import Event, SourceId

PAST = 3600.0
"""Seconds of earlier runs that a start reads back."""

TICK = 1.0

BETWEEN = 0.2
"""Seconds between two writings of positions at least."""


class Keeper:
    """Hangs on a Core before it starts. Raises RecordingError where nothing can be recorded.

    A run without a ``path`` of its own goes on in another file when one is full.
    """

    def __init__(self, core: Core, environ: Mapping[str, str], *, path: Path | None = None) -> None:
        settings = core.settings
        self._core = core
        self._folder = state_folder(environ, settings.name, settings.environment)
        self._marks = Marks(self._folder)
        self._positions = PositionFile(self._folder)
        self._told: set[Event] = set()
        self._moved = asyncio.Event()
        self._rolls = path is None
        self._before = 0
        self.sweeps = 0
        self.read_back = 0
        self._recorder = self._open(path)
        if core.emits:
            # a run that shows no records leaves those of the next one to it
            core.positions = self._positions.of
        core.on_sweep = self._swept
        core.on_findings = self._found
        core.on_event = self._happened

    @property
    def path(self) -> Path:
        """The file that is written now."""
        return self._recorder.path

    @property
    def written(self) -> int:
        """Bytes written so far, to all files of this run."""
        return self._before + self._recorder.written

    @property
    def stopped(self) -> str:
        """Why the recording has ended, empty while it goes on."""
        return self._recorder.stopped

    async def restore(self) -> None:
        """Read the last hour of earlier runs, in a thread, into the history and what changed."""
        past = History()
        folder, since = self._folder / "recordings", time.time() - PAST
        self.read_back, events = await asyncio.to_thread(read_back, folder, past, since)
        self._core.history.take_past(past)
        self._add(events)

    async def run(self) -> None:
        """Restore, then flush now and then and pick up marks, until cancelled."""
        since = time.time() - PAST
        await self.restore()
        while True:
            self._add(await asyncio.to_thread(self._marks.new, since))
            await self._follow(TICK)
            if self._recorder.due(time.time()):
                await asyncio.to_thread(self._recorder.flush)
                self._look_after()

    async def _follow(self, seconds: float) -> None:
        """For so long, write positions soon after the pass that moved them: a crash repeats little."""
        loop = asyncio.get_running_loop()
        until = loop.time() + seconds
        while (left := until - loop.time()) > 0:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._moved.wait(), left)
                await asyncio.to_thread(self._positions.save)
                # many collectors would move them all the time
                await asyncio.sleep(min(BETWEEN, max(0.0, until - loop.time())))
            self._moved.clear()
        await asyncio.to_thread(self._positions.save)

    def close(self) -> None:
        """Write what is pending."""
        self._recorder.close()
        self._positions.save()

    def _open(self, path: Path | None = None) -> Recorder:
        settings = self._core.settings
        stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S%f")
        own = self._folder / "recordings" / f"{stamp}-{os.getpid()}{SUFFIX}"
        recorder = Recorder(path or own, settings.name, settings.environment, _version())
        if path is None:
            prune(own.parent)
        return recorder

    def _look_after(self) -> None:
        """Go on in another file where this one is nearly full; say so where nothing is recorded any more."""
        if self._rolls and self._recorder.nearly_full:
            try:
                fuller, self._recorder = self._recorder, self._open()
            except RecordingError as error:
                self._core.store.put_note(str(error))
                return
            self._before += fuller.written
            fuller.close()
        if self._positions.failed and self._positions.failed not in self._core.store.snapshot().note:
            self._core.store.put_note(self._positions.failed)
        if self._recorder.stopped and self._recorder.stopped not in self._core.store.snapshot().note:
            self._core.store.put_note(f"recording stopped: {self._recorder.stopped}")

    def _add(self, events: Iterable[Event]) -> None:
        """Add events that are not known yet; what an earlier run recorded is not recorded again."""
        for event in events:
            if event not in self._told:
                self._told.add(event)
                self._core.store.add_event(event)

    def _swept(self, source: SourceId, sweep: Sweep, verdicts: tuple[Verdict, ...]) -> None:
        self.sweeps += 1
        if self._positions.moved:
            self._moved.set()
        self._recorder.sweep(source, sweep, verdicts)

    def _found(self, at: float, findings: tuple[Verdict, ...]) -> None:
        self._recorder.findings(at, findings)

    def _happened(self, event: Event) -> None:
        self._recorder.event(event)


def _version() -> str:
    try:
        return version("quarterdeck")
    except PackageNotFoundError:
        return "0"
