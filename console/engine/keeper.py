"""Keeps a run: records it, and gives the start the past of earlier runs and the marks by hand."""

import asyncio
import os
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from collectors.model.sweep import Sweep
from collectors.model.verdict import Verdict
from console.engine.core import Core
from console.engine.folders import state_folder
from console.engine.marks import Marks
from console.engine.recording import SUFFIX, Recorder, prune, read_back
from console.engine.state import SourceId

PAST = 3600.0
"""Seconds of earlier runs that a start reads back."""

TICK = 1.0


class Keeper:
    """Hangs on a Core before it starts. Raises RecordingError where nothing can be recorded."""

    def __init__(self, core: Core, environ: Mapping[str, str], *, path: Path | None = None) -> None:
        settings = core.settings
        self._core = core
        self._folder = state_folder(environ, settings.name, settings.environment)
        self._marks = Marks(self._folder)
        self.sweeps = 0
        self.read_back = 0
        stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S")
        where = path or self._folder / "recordings" / f"{stamp}-{os.getpid()}{SUFFIX}"
        self._recorder = Recorder(where, settings.name, settings.environment, _version())
        if path is None:
            prune(where.parent)
        core.on_sweep = self._swept
        core.on_findings = self._found
        core.on_event = self._recorder.event

    @property
    def path(self) -> Path:
        """The file."""
        return self._recorder.path

    @property
    def written(self) -> int:
        """Bytes written so far."""
        return self._recorder.written

    @property
    def stopped(self) -> str:
        """Why the recording has ended, empty while it goes on."""
        return self._recorder.stopped

    def restore(self) -> None:
        """Read the last hour of earlier runs into the history, and their events."""
        since = time.time() - PAST
        folder = self._folder / "recordings"
        self.read_back, events = read_back(folder, self._core.history, since)
        for event in events:
            self._core.store.add_event(event)

    async def run(self) -> None:
        """Flush now and then, and pick up marks, until cancelled."""
        since = time.time() - PAST
        for event in self._marks.new(since):
            self._core.store.add_event(event)
        while True:
            await asyncio.sleep(TICK)
            for event in await asyncio.to_thread(self._marks.new, since):
                self._core.store.add_event(event)
            if self._recorder.due(time.time()):
                await asyncio.to_thread(self._recorder.flush)
                if self._recorder.stopped:
                    self._core.store.put_note(f"recording stopped: {self._recorder.stopped}")

    def close(self) -> None:
        """Write what is pending."""
        self._recorder.close()

    def _swept(self, source: SourceId, sweep: Sweep, verdicts: tuple[Verdict, ...]) -> None:
        self.sweeps += 1
        self._recorder.sweep(source, sweep, verdicts)

    def _found(self, at: float, findings: tuple[Verdict, ...]) -> None:
        self._recorder.findings(at, findings)


def _version() -> str:
    try:
        return version("quarterdeck")
    except PackageNotFoundError:
        return "0"
