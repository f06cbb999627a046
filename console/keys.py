"""Every key of the console: stable ids for [keys], defaults, words for help; no screen needed."""

from collections.abc import Mapping
from dataclasses import dataclass

from collectors.model.practice import Practice


@dataclass(frozen=True, slots=True)
class Key:
    """One binding: its id in ``[keys]``, its keys as Textual names them, the action, its words."""

    id: str
    keys: tuple[str, ...]
    action: str
    words: str
    group: str
    footer: bool = False


def _practices() -> tuple[Key, ...]:
    return tuple(
        Key(f"go.{practice}", (practice.key,), f"go('{practice}')", str(practice), "go to")
        for practice in Practice
    )


KEYS: tuple[Key, ...] = (
    Key("go.fleet", ("f",), "go('fleet')", "fleet", "go to", footer=True),
    *_practices(),
    Key("go.sources", ("S",), "go('sources')", "sources; the console about itself", "go to"),
    Key("go.servers", ("W",), "go('servers')", "servers; the ways to other machines", "go to"),
    Key("go.actions", ("A",), "go('actions')", "actions; what runs, what is owed", "go to"),
    Key("app.help", ("question_mark", "f1"), "help", "help", "console", footer=True),
    Key("app.command", ("colon", "ctrl+p"), "command_palette", "commands", "console", footer=True),
    Key("app.filter", ("slash",), "filter", "filter; ! inverts", "look", footer=True),
    Key("app.back", ("escape",), "back", "back; never quits", "go to"),
    Key("app.quit", ("q",), "quit_or_back", "quit; from a screen, back", "go to", footer=True),
    Key("app.cancel", ("ctrl+c",), "cancel", "cancel; twice quits", "console"),
    Key("app.actions", ("a",), "actions", "actions; what can be done with this row", "act", footer=True),
    Key("app.stop_all", ("X",), "stop_all", "stop everything that runs, at its next step", "act"),
    Key("app.sort", ("s",), "sort", "sort by the next column", "look"),
    Key("app.hold", ("p",), "hold", "hold; the view stands still, measuring goes on", "look", footer=True),
    Key("app.slower", ("plus",), "pace(2.0)", "poll half as often", "look"),
    Key("app.faster", ("minus",), "pace(0.5)", "poll twice as often", "look"),
    Key("app.refresh", ("ctrl+r",), "refresh_now", "look again now", "look"),
    Key("app.reload", ("R",), "reload", "load the configuration anew", "console"),
    Key("app.copy", ("y",), "copy", "copy the row", "look"),
    Key("app.earlier", ("comma", "left_square_bracket"), "shift_time(1)", "chart: earlier", "look"),
    Key("app.later", ("full_stop", "right_square_bracket"), "shift_time(-1)", "chart: later", "look"),
    Key("app.zoom", ("z",), "zoom", "the panel alone", "look"),
    Key("app.logs", ("L",), "logs_of", "logs of this subject", "go to"),
    Key("app.retry", ("r",), "retry_servers", "try again every server that has stopped", "servers"),
    Key("app.login", ("I",), "login", "log in to a server, in this terminal", "servers"),
    Key("app.mouse", ("m",), "toggle_mouse", "mouse on or off", "console"),
)
"""The console's own keys; tables and views add theirs, whose ids begin with ``table.`` and ``log.``."""


LOG_KEYS: tuple[Key, ...] = (
    Key("logs.next_error", ("e",), "error(1)", "the next error", "logs"),
    Key("logs.previous_error", ("E",), "error(-1)", "the error before", "logs"),
    Key("logs.mark", ("space",), "bookmark", "bookmark the line, or lift its bookmark", "logs"),
    Key("logs.next_mark", ("b",), "next_mark(1)", "the next bookmark", "logs"),
    Key("logs.previous_mark", ("B",), "next_mark(-1)", "the bookmark before", "logs"),
    Key("logs.only", ("i",), "only(True)", "only lines with this value", "logs"),
    Key("logs.without", ("n",), "only(False)", "no lines with this value", "logs"),
    Key("logs.undo", ("u",), "undo", "the question before", "logs"),
    Key("logs.export", ("x",), "export", "write the answer, or the lines, into a file", "logs"),
    Key("logs.trace", ("t",), "trace", "all lines of this trace, of all services", "logs"),
    Key("logs.around", ("o",), "around", "all lines of all services around this moment", "logs"),
    Key("logs.columns", ("c",), "columns", "choose fields as columns", "logs"),
    Key("logs.patterns", ("P",), "patterns", "lines of the same pattern, counted", "logs"),
)
"""The keys of the screens that show log lines."""


def key_map(bound: Mapping[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
    """The keys in force by id: the defaults, and what ``[keys]`` binds anew."""
    return {key.id: bound.get(key.id, key.keys) for key in ALL_KEYS}


def defaults() -> dict[str, tuple[str, ...]]:
    """The default keys by id."""
    return {key.id: key.keys for key in ALL_KEYS}


ALL_KEYS = (*KEYS, *LOG_KEYS)
"""Everything that ``[keys]`` takes."""
