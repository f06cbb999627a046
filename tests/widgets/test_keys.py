"""Every key of every widget does something, under an id of its own."""

import pytest
from textual.binding import Binding
from textual.keys import Keys
from textual.widget import Widget

from widgets.detail import DetailView
from widgets.logbars import LogBars
from widgets.loglines import LogView
from widgets.sentences import SentenceList
from widgets.table import LiveTable
from widgets.timechart import TimeChart

WIDGETS: list[type[Widget]] = [LiveTable, DetailView, SentenceList, LogView, LogBars, TimeChart]
NAMED = {key.value for key in Keys}


@pytest.mark.parametrize("widget", WIDGETS, ids=lambda widget: widget.__name__)
def test_bindings_name_real_keys_and_real_actions(widget: type[Widget]) -> None:
    for binding in widget.BINDINGS:
        assert isinstance(binding, Binding)
        assert binding.id
        assert binding.tooltip
        assert hasattr(widget, "action_" + binding.action.split("(")[0])
        for key in binding.key.split(","):
            assert len(key) == 1 or key in NAMED, key


def test_ids_are_unique() -> None:
    ids = [binding.id for widget in WIDGETS for binding in widget.BINDINGS if isinstance(binding, Binding)]
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize("widget", WIDGETS, ids=lambda widget: widget.__name__)
def test_every_panel_has_help(widget: type[Widget]) -> None:
    assert widget.HELP
