"""One log record: everything that its line tells."""

from collections.abc import Iterator
from typing import ClassVar

from textual.widget import Widget

from collectors.model.logs import LogRecord
from collectors.text import LINE_LIMIT, shown
from console.engine.state import Snapshot
from console.present.words import rfc3339, say
from console.screens.base import ConsoleScreen
from widgets.cell import Cell
from widgets.detail import DetailView, Facts


class RecordScreen(ConsoleScreen):
    """One record, its fields, and the line as it came."""

    TITLE_WORDS = "logs · record"
    HELP = "One record with all its fields. y copies its message, Esc goes back."
    DEFAULT_CSS = "RecordScreen DetailView { height: 1fr; border: round $border-blurred; }"
    AUTO_FOCUS: ClassVar[str] = "DetailView"

    def __init__(self, record: LogRecord, service: str) -> None:
        super().__init__()
        self._record = record
        self._service = service

    def body(self) -> Iterator[Widget]:
        """One scrolling panel."""
        yield DetailView(say=say, ascii_only=self.console.ascii_only)

    def paint(self, _snapshot: Snapshot) -> None:
        """Show the record; it never changes."""
        view = self.query_one(DetailView)
        self.fill(view, lambda: self._paint_record(view))

    def _paint_record(self, view: DetailView) -> None:
        record = self._record
        level = record.severity.word if record.severity is not None else "not told"
        told = "" if record.timed else " (arrival: the line tells no time)"
        head = [
            ("time", Cell(rfc3339(record.time) + told)),
            ("level", Cell(level)),
            ("service", Cell(self._service)),
            ("message", Cell(record.message)),
        ]
        if not record.parsed:
            head.append(("note", Cell("the line does not fit the recognised format of its stream")))
        if record.hostile:
            head.append(
                ("note", Cell("the line holds control or invisible characters; they are shown as marks"))
            )
        if record.lost_bytes:
            head.append(
                ("note", Cell(f"{record.lost_bytes} bytes of the line were over the cap and are lost"))
            )
        fields = tuple((str(name), Cell(value)) for name, value in record.fields)
        raw = shown(record.raw, LINE_LIMIT)
        view.show(
            (Facts("record", tuple(head)), Facts("fields", fields), Facts("line", (("raw", Cell(raw)),)))
        )

    def hint(self) -> str:
        """The message."""
        return self._record.message
