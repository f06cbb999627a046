"""One log record: everything that its line tells, and the line itself."""

from collections.abc import Callable, Iterator, Mapping
from typing import ClassVar

from textual.binding import BindingType
from textual.widget import Widget

from collectors.model.detail import Detail, DetailSpec
from collectors.text import Shown
from console.engine.state import Snapshot
from console.logs.edit import with_value
from console.logs.ring import Entry
from console.present import logrecord as present
from console.present.logline import NEW_LINE, unaskable
from console.present.words import say
from console.screens.base import ConsoleScreen
from console.screens.logask import ask_logs
from widgets.cell import Cell
from widgets.detail import DetailView, Facts, Section
from widgets.lineview import quiet_key

FIELDS = DetailSpec("fields", "fields", "What the line tells beside time, level and message.")


class RecordScreen(ConsoleScreen):
    """One record, its fields, its stack, and the line as it came; ``follow`` shows its trace."""

    TITLE_WORDS = "logs · record"
    HELP = (
        "One record with all its fields. The arrows choose a field: i asks for its value alone, n for all "
        "others. t follows the trace, w unfolds the stack, y copies the message, Esc goes back."
    )
    DEFAULT_CSS = "RecordScreen DetailView { height: 1fr; border: round $border-blurred; }"
    AUTO_FOCUS: ClassVar[str] = "DetailView"
    BINDINGS: ClassVar[list[BindingType]] = [
        quiet_key("w", "unfold", "unfold the stack, or fold it", "record.unfold"),
        quiet_key("t", "trace", "all lines of this trace, of all services", "logs.trace"),
        quiet_key("i", "only(True)", "only lines with the value under the cursor", "logs.only"),
        quiet_key("n", "only(False)", "no lines with the value under the cursor", "logs.without"),
    ]

    def __init__(self, entry: Entry, follow: Callable[[], None]) -> None:
        super().__init__()
        self._follow = follow
        self._record = entry.record
        self._subject = entry.subject
        self._unfolded = False

    def body(self) -> Iterator[Widget]:
        """One scrolling panel."""
        yield DetailView(say=say, ascii_only=self.console.ascii_only, with_cursor=True)

    def paint(self, _snapshot: Snapshot) -> None:
        """Show the record; it never changes."""
        view = self.query_one(DetailView)
        self.fill(view, lambda: view.show(self._sections()))

    def action_unfold(self) -> None:
        """Show all of the stack, or its ends."""
        self._unfolded = not self._unfolded
        self.paint(self.console.shown())

    def action_trace(self) -> None:
        """Show all lines of the record's trace."""
        self._follow()

    async def action_only(self, wanted: bool) -> None:  # noqa: FBT001 - as a key gives it
        """Ask for lines with the value under the cursor, or without it."""
        row = self.row()
        name, value = row.get("field", ""), row.get("value", "")
        refused = unaskable(value) if name else "choose a field with the arrows first"
        if refused:
            self.notify(refused, markup=False, timeout=2)
            return
        await ask_logs(self.console, lambda text: with_value(text, name, value, wanted=wanted))

    def row(self) -> Mapping[str, str]:
        """What the field under the cursor says: ``field`` and ``value``."""
        return self.query_one(DetailView).row

    def hint(self) -> str:
        """The message."""
        return self._record.message.replace(NEW_LINE, " / ")

    def _sections(self) -> list[Section]:
        record, subject = self._record, self._subject
        found = present.told(record)
        sections: list[Section] = [
            Facts("record", present.head(record, found, subject.service, subject.label)),
            Detail(FIELDS, ("field", "value"), record.fields, Shown("" if record.fields else "none")),
        ]
        lines = present.stack(found)
        if lines:
            sections.append(_text("stack", present.folded(lines, unfolded=self._unfolded)))
        sections.append(_text("line", present.pretty(record)))
        if record.hostile:
            sections.append(_text("its bytes where they are hostile", present.hexed(record.raw)))
        return sections


def _text(title: str, lines: list[str]) -> Facts:
    return Facts(title, tuple(("", Cell(line)) for line in lines))
