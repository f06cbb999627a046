"""Lines of all services in the order of their times: of one trace, or around one moment."""

import asyncio
from collections.abc import Callable, Iterator
from typing import ClassVar

from textual.binding import BindingType
from textual.content import Content
from textual.widget import Widget

from collectors.model.logs import LogRecord
from collectors.text import shown
from console.engine.state import Snapshot
from console.logs.kin import Kin, belongs
from console.logs.ring import Entry, Ring
from console.present.words import counted, rfc3339, span
from console.screens.logscreen import LogScreen
from console.screens.logsource import Gathered, Look
from widgets.lineview import quiet_key
from widgets.loglines import LogView

STEP = 4000
"""Entries looked at between two turns of the keys."""

MOST = 20_000
"""Lines that are gathered; the newest ones stay."""

NEAR = 10.0
"""Seconds before and after a moment."""

WIDEST = 3600.0


async def gather(ring: Ring, wanted: Callable[[LogRecord], bool]) -> list[tuple[int, Entry]]:
    """The ring's entries that are wanted, newest first looked at, in slices; MOST at the most."""
    first, end = ring.bounds()
    found: list[tuple[int, Entry]] = []
    while end > first and len(found) < MOST:
        number, entries = ring.span(max(first, end - STEP), end)
        found += [(number + at, entry) for at, entry in enumerate(entries) if wanted(entry.record)]
        end = max(first, end - STEP)
        await asyncio.sleep(0)
    return found


class MomentScreen(LogScreen):
    """What was gathered once: it does not follow, and nothing of it leaves."""

    HELP = (
        "Lines of all services in the order of their times, with their distance from the first one or from "
        "the line that you came from. ctrl+r gathers again, o shows more around it, Esc goes back."
    )
    DEFAULT_CSS = "MomentScreen LogView { height: 1fr; border: round $border-blurred; }"
    AUTO_FOCUS: ClassVar[str] = "LogView"
    BINDINGS: ClassVar[list[BindingType]] = [quiet_key("ctrl+r", "gather", "gather again", "moment.gather")]

    def __init__(self, origin: tuple[int, Entry], look: Look, kin: Kin | None = None) -> None:
        super().__init__(look)
        self._origin = origin
        self._kin = kin
        self._near = NEAR
        self._gathered: Gathered | None = None

    def body(self) -> Iterator[Widget]:
        """The lines."""
        yield LogView(ascii_only=self.console.ascii_only, id="records", classes="zoomable")

    @property
    def records(self) -> Gathered | None:
        """What was gathered."""
        return self._gathered

    def on_mount(self) -> None:
        """Gather."""
        self.action_gather()

    def paint(self, _snapshot: Snapshot) -> None:
        """Nothing of it changes by itself."""

    def title_words(self) -> str:
        """A trace, a request or a moment."""
        return f"logs · {self._kin.kind if self._kin is not None else 'moment'}"

    def action_gather(self) -> None:
        """Look through what is in memory."""
        self.run_worker(self._gather(), name="gather", exclusive=True, exit_on_error=False)

    def action_around(self) -> None:
        """Show three times as much around the moment; from a trace, go to the moment of its line."""
        if self._kin is not None:
            super().action_around()
            return
        self._near = min(WIDEST, self._near * 3)
        self.action_gather()

    async def _gather(self) -> None:
        number, origin = self._origin
        kin, at, near = self._kin, origin.record.time, self._near
        if kin is not None:
            needles = kin.needles
            found = await gather(self.console.ring, lambda record: belongs(record, kin, needles))
        else:
            found = await gather(self.console.ring, lambda record: abs(record.time - at) <= near)
        if all(one != number for one, _ in found):
            found.append((number, origin))
        times = [entry.record.time for _, entry in found]
        self._gathered = Gathered(found, self.look, min(times) if kin is not None else at)
        services = {entry.subject.service for _, entry in found}
        lines = f"{counted(len(found), 'line')} of {counted(len(services), 'service')}"
        if kin is not None:
            words = f"{kin.kind}:{kin.id} · {lines} in {span(max(times) - min(times))}"
        else:
            words = f"{rfc3339(at)} ± {span(near)} · {lines}"
        view = self.lines
        view.border_title = Content(shown(words))
        view.show(self._gathered)
        view.say(note="gathered once: ctrl+r gathers again" + (", newest kept" if len(found) >= MOST else ""))
        view.hold(self._gathered.seq(number), go=True)
