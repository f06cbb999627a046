"""What every screen of the console has: a header, a body, the cell under the cursor in words, keys."""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, ClassVar, cast

from textual.app import ComposeResult
from textual.widget import Widget

from collectors.model.subject import SubjectId
from console.engine.state import DetailKey, Snapshot, SourceId
from console.present.cells import SPANS
from console.present.deeds import is_armed
from console.present.header import footer_words, header_words
from console.present.practice import find_row
from console.screens import panels
from console.screens.charts import STEP
from console.screens.hooks import HookedScreen
from widgets.bars import HintLine, StatusLine
from widgets.cell import Cell
from widgets.table import LiveTable
from widgets.timechart import TimeChart

if TYPE_CHECKING:
    from console.screens.app import Quarterdeck


FRAME = 3
"""Lines of header, hint and keys."""

HIGH = 30
"""Lines from which on a screen always shows its lower panels."""

LOWER = 8
"""Lines that the lower panels need at the least."""


class ConsoleScreen(HookedScreen):
    """A screen that paints snapshots. Subclasses give ``body`` and ``paint``."""

    TITLE_WORDS: ClassVar[str] = ""
    DEFAULT_CSS = """
    ConsoleScreen { layout: vertical; }
    ConsoleScreen #header, ConsoleScreen #hint, ConsoleScreen #keys { height: 1; dock: none; }
    ConsoleScreen .lower { height: 1fr; layout: horizontal; }
    ConsoleScreen.-low .lower { display: none; }
    ConsoleScreen.-low LiveTable { height: 1fr; max-height: 100%; }
    ConsoleScreen.-armed #header { background: $error 35%; }
    ConsoleScreen.-armed DetailView, ConsoleScreen.-armed LineChart, ConsoleScreen.-armed SentenceList,
    ConsoleScreen.-armed LogView { border: heavy $error; }
    ConsoleScreen.-zoomed .zoomable { display: none; }
    ConsoleScreen.-zoomed .zoomable.-zoom { display: block; height: 1fr; max-height: 100%; width: 1fr; }
    """
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (118, "-wide")]  # noqa: RUF012 - as Textual declares it

    @property
    def console(self) -> "Quarterdeck":
        """The app, with its own type."""
        return cast("Quarterdeck", self.app)

    def compose(self) -> ComposeResult:
        """Header, body, hint and keys, from top to bottom."""
        yield StatusLine(ascii_only=self.console.ascii_only, id="header")
        yield from self.body()
        yield HintLine(ascii_only=self.console.ascii_only, id="hint")
        yield StatusLine(ascii_only=self.console.ascii_only, id="keys")

    def body(self) -> Iterator[Widget]:
        """What stands between header and hint."""
        raise NotImplementedError

    def paint(self, snapshot: Snapshot) -> None:
        """Show what is known now."""
        raise NotImplementedError

    def show(self, snapshot: Snapshot) -> None:
        """Paint header, body, hint and keys."""
        self.paint_header(snapshot)
        self.paint(snapshot)
        self.paint_hint()
        keys = self.query_one("#keys", StatusLine)
        self.fill(keys, lambda: keys.show(footer_words(self.console.key_map, self.size.width)))

    def fill(self, panel: Widget, show: Callable[[], None]) -> None:
        """Run ``show``, which fills ``panel``: what cannot be shown is said there, and the others go on."""
        panels.fill(self.console, panel, show)

    def paint_header(self, snapshot: Snapshot) -> None:
        """The line at the top: where, how bad, when."""
        console, line = self.console, self.query_one("#header", StatusLine)
        acting, now = console.store.acting, console.clock.boottime()

        def show() -> None:
            left, right = header_words(
                snapshot,
                console.settings,
                acting=acting,
                now=now,
                held_since=console.held_since,
                screen=self.title_words(),
                clock=console.clock_words,
            )
            line.show(left, right)

        self.fill(line, show)
        self.set_class(is_armed(acting.arm, now), "-armed")

    def title_words(self) -> str:
        """Which screen this is, for the header."""
        return self.TITLE_WORDS

    def paint_hint(self) -> None:
        """The line of the cell under the cursor."""
        line = self.query_one("#hint", HintLine)
        self.fill(line, lambda: line.show_cell(Cell(self.hint())))

    def hint(self) -> str:
        """The sentence of the cell under the cursor."""
        if words := self.pointed():
            return words
        table = self.main_table()
        cell = table.cursor_cell if table else None
        return cell.hint or cell.text if cell else ""

    def pointed(self) -> str:
        """The moment under the cursor of the chart that has the focus, in words."""
        return self.focused.words() if isinstance(self.focused, TimeChart) else ""

    def main_table(self) -> LiveTable | None:
        """The table that the keys mean, if the screen has one."""
        return self.query(LiveTable).first() if self.query(LiveTable) else None

    def subject(self) -> SubjectId | None:
        """The subject under the cursor."""
        table = self.main_table()
        key = table.cursor_key if table else None
        return key if isinstance(key, SubjectId) else None

    def marked(self) -> tuple[SubjectId, ...]:
        """The subjects of the marked rows, in the order of the rows."""
        table = self.main_table()
        if table is None or not table.marked:
            return ()
        keys = [row.key for row in table.rows if row.key in table.marked]
        return tuple(key for key in keys if isinstance(key, SubjectId))

    def clear_marks(self) -> bool:
        """Take all marks away; whether there were any."""
        table = self.main_table()
        return table is not None and table.clear_marks()

    def sources(self) -> tuple[SourceId, ...]:
        """The sources of what is under the cursor."""
        subject = self.subject()
        return (SourceId(subject.collector, subject.instance),) if subject else ()

    def service(self) -> str:
        """The service under the cursor, or empty."""
        subject = self.subject()
        row = find_row(self.console.shown(), subject) if subject else None
        return row.reading.subject.service if row else ""

    def window(self) -> tuple[float, float] | None:
        """The time under a chart's cursor, or that the charts show in the past; UTC epoch seconds."""
        console = self.console
        for chart in self.query(TimeChart):
            if chart.window is not None and chart.display:
                return chart.window
        if not console.time_shift:
            return None
        until = console.clock.wall() - console.time_shift * STEP
        return until - SPANS[-1], until

    def leave_room(self, above: int) -> None:
        """Hide the lower panels of a low screen unless ``above`` lines of the others leave room for them."""
        room = self.size.height - FRAME - above
        self.set_class(self.size.height < HIGH and room < LOWER, "-low")

    def on_resize(self) -> None:
        """Another size means other columns."""
        self.console.repaint()

    def zoom(self) -> None:
        """Show the focused panel alone, or all again."""
        if self.has_class("-zoomed"):
            self.remove_class("-zoomed")
            for panel in self.query(".-zoom"):
                panel.remove_class("-zoom")
            return
        focused = self.focused
        panels = (
            [node for node in focused.ancestors_with_self if node.has_class("zoomable")] if focused else []
        )
        if panels:
            panels[0].add_class("-zoom")
            self.add_class("-zoomed")

    def interest(self) -> tuple[frozenset[DetailKey], frozenset[SourceId]]:
        """Details and sources that are looked at here."""
        subject = self.subject()
        sources = frozenset({SourceId(subject.collector, subject.instance)}) if subject else frozenset()
        return frozenset(), sources

    def on_time_chart_moved(self) -> None:
        """Say what is under the cursor of a chart."""
        self.paint_hint()

    def on_live_table_cursor_moved(self) -> None:
        """Say what is under the cursor, and fetch what it needs."""
        self.paint_hint()
        self.console.look()
