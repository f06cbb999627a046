"""The ways to other machines: the state of each, what runs through it, why it is down and what to do."""

from collections.abc import Mapping, Sequence

from collectors.model.level import Level
from collectors.transport.servers.spec import Server
from collectors.transport.servers.state import Phase, ServerState
from console.engine.state import Freshness, Snapshot, SourceState
from console.present.cells import level_cell
from console.present.fitting import fitted
from console.present.words import counted, span
from widgets.cell import Cell, Column, Row

COLUMNS = (
    Column("server", "server", 20),
    Column("state", "state", 30),
    Column("since", "since", 8, right=True),
    Column("latency", "latency", 8, right=True),
    Column("reconnects", "again", 6, right=True),
    Column("way", "way", 8),
    Column("target", "target", 22),
    Column("uses", "what runs through it", 24, grow=True),
)
GIVE_WAY = ("reconnects", "way", "target", "latency", "since", "uses")
"""Columns that leave, in this order, where the screen is narrow."""

LEVELS = {
    Phase.IDLE: Level.NONE,
    Phase.CONNECTING: Level.NONE,
    Phase.UP: Level.OK,
    Phase.LOST: Level.WARNING,
    Phase.STOPPED: Level.CRITICAL,
}
DOWN = (Phase.STOPPED, Phase.LOST)
"""Where there is no way."""

_ORDER = (Phase.STOPPED, Phase.LOST, Phase.CONNECTING, Phase.UP, Phase.IDLE)


def table(snapshot: Snapshot, width: int) -> tuple[tuple[Column, ...], tuple[Row, ...]]:
    """Columns and rows for a screen of ``width`` cells."""
    return fitted(COLUMNS, rows(snapshot), GIVE_WAY, width)


def rows(snapshot: Snapshot) -> tuple[Row, ...]:
    """One row for each server, those in trouble first; a row's key is the server's name."""
    states = sorted(snapshot.servers, key=lambda state: _ORDER.index(state.phase))
    return tuple(Row(state.name, _cells(state, snapshot)) for state in states)


def facts(
    state: ServerState, snapshot: Snapshot, servers: Mapping[str, Server]
) -> tuple[tuple[str, Cell], ...]:
    """All that is known of one server, a line each; what is not known or does not apply is left out."""
    through = sources_of(state.name, snapshot)
    over = [server.name for server in servers.values() if server.jump == state.name]
    retry = state.retry_at - snapshot.now if state.retry_at is not None else None
    found = (
        ("state", level_cell(LEVELS[state.phase], state_words(state))),
        ("why", Cell("" if state.why == f"{state.name}: {state.fault}" else str(state.why))),
        ("at", Cell(f"{state.hop}, on the way there" if state.hop else "")),
        ("do", Cell(str(state.hint))),
        ("by hand", Cell(str(state.by_hand))),
        ("next try", Cell(f"in {span(max(0.0, retry))}" if retry is not None else "")),
        ("target", Cell(f"{state.target}, by {state.way}")),
        ("latency", Cell(span(state.latency) if state.latency is not None else "")),
        ("reconnects", Cell(str(state.reconnects))),
        ("collectors", Cell(", ".join(_told(source, snapshot.now) for source in through) or "none")),
        ("jump for", Cell(", ".join(over))),
    )
    return tuple((label, cell) for label, cell in found if cell.text)


def sources_of(server: str, snapshot: Snapshot) -> tuple[SourceState, ...]:
    """The sources that are reached through a server."""
    return tuple(source for source in snapshot.sources if source.server == server)


def state_words(state: ServerState) -> str:
    """``stopped: changed host key``, or the state alone."""
    return (
        f"{state.phase}: {state.fault}" if state.fault and state.phase is not Phase.UP else str(state.phase)
    )


def sentence(state: ServerState) -> str:
    """One sentence on a server, with the remedy, and the command to run by hand."""
    why = str(state.why)
    words = why if why.startswith(state.name) else f"{state.name}: {why or state_words(state)}"
    if state.hint:
        words += f" – {state.hint}"
    if state.phase in DOWN and state.by_hand and state.by_hand not in words:
        words += f"; by hand: {state.by_hand}"
    return words


def stopped(servers: Sequence[ServerState]) -> tuple[str, ...]:
    """The servers that want a person, each once: a hop that failed stands for all behind it."""
    return tuple(dict.fromkeys(state.hop or state.name for state in servers if state.phase is Phase.STOPPED))


def stopped_cells(servers: Sequence[ServerState]) -> tuple[Cell, ...]:
    """For the header: which server is stopped, or how many; nothing where none is."""
    names = stopped(servers)
    if not names:
        return ()
    return (
        level_cell(
            Level.CRITICAL, f"{names[0] if len(names) == 1 else counted(len(names), 'server')} stopped"
        ),
    )


def lines(servers: Sequence[ServerState]) -> tuple[str, ...]:
    """For the command line: one sentence for each server that there is no way to."""
    return tuple(sentence(state) for state in servers if state.phase in DOWN)


def as_json(servers: Sequence[ServerState]) -> list[dict[str, object]]:
    """The servers in the report of ``check --json``."""
    return [
        {
            "name": state.name,
            "way": state.way,
            "phase": str(state.phase),
            "fault": str(state.fault),
            "why": str(state.why),
            "hint": str(state.hint),
            "by_hand": str(state.by_hand),
        }
        for state in servers
    ]


def _cells(state: ServerState, snapshot: Snapshot) -> tuple[Cell, ...]:
    hint, used = sentence(state), sources_of(state.name, snapshot)
    through = ", ".join(dict.fromkeys(source.id.collector for source in used))
    return (
        level_cell(LEVELS[state.phase], state.name, hint=hint),
        Cell(state_words(state), hint=hint),
        Cell(span(max(0.0, snapshot.now - state.since)) if state.phase is not Phase.IDLE else "–", hint=hint),
        Cell(span(state.latency) if state.latency is not None else "–", hint=hint),
        Cell(str(state.reconnects), hint=hint),
        Cell(state.way, hint=hint),
        Cell(str(state.target), hint=hint),
        Cell(f"{len(used)}: {through}" if used else "nothing", hint=hint),
    )


def _told(source: SourceState, now: float) -> str:
    fresh = source.freshness(now)
    return source.id.text if fresh is Freshness.LIVE else f"{source.id.text} ({fresh})"
