"""The boundary of every panel: what cannot be shown is said in it, and the others go on."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from textual.widget import Widget

from collectors.model.level import Level
from collectors.model.quantity import Unit
from collectors.text import one_line
from console.terminal import crash
from widgets.bars import StatusLine
from widgets.cell import Cell
from widgets.chart import LineChart
from widgets.chartdata import Chart
from widgets.detail import DetailView
from widgets.plan import PlanView
from widgets.sentences import SentenceList
from widgets.table import LiveTable

MOST_REPORTS = 10
"""Faults of panels of which a report is written in one run."""


class Reporting(Protocol):
    """What remembers the faults of panels, and the report of each."""

    panel_faults: dict[str, Path | None]


def fill(console: Reporting, panel: Widget, show: Callable[[], None]) -> None:
    """Run ``show``, which fills ``panel``; where it fails the panel says so."""
    try:
        show()
    except Exception as error:  # noqa: BLE001 - one of the four boundaries: a plug-in's value must not end the console
        _say_in(panel, _failure(console.panel_faults, error))


def _failure(reports: dict[str, Path | None], error: Exception) -> str:
    """What a panel says that cannot be shown; a fault is reported once, however often it is met."""
    what = one_line(f"{type(error).__name__}: {error}")
    if what not in reports and len(reports) < MOST_REPORTS:
        reports[what] = crash.write_report(error, os.environ)
    report = reports.get(what)
    return f"this panel cannot be shown: {what}" + (f". Report: {report}" if report else "")


def _say_in(panel: Widget, words: str) -> None:
    match panel:
        case LiveTable():
            panel.show((), (), empty=words)
        case DetailView():
            panel.show((), empty=words)
        case PlanView():
            panel.show(Cell(words, Level.UNKNOWN), ())
        case SentenceList():
            panel.show((), empty=words)
        case LineChart():
            panel.show(Chart("", Unit.COUNT, (), empty=words))
        case StatusLine():
            panel.show((Cell(words, Level.UNKNOWN),))
        case _:
            panel.display = False
