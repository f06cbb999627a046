import json
from dataclasses import replace

from collectors.model.practice import Practice
from collectors.text import Shown
from collectors.transport.servers.spec import Server
from collectors.transport.servers.state import Fault, Phase, ServerState
from console.present import servers
from console.present.header import counts
from console.present.needs import needs
from console.present.report import report
from console.settings import Settings
from tests.console.present.scene import NOW, pictured, same_as_golden, snapshot, source


def state(name: str, phase: Phase, fault: Fault = Fault.NONE, **more: object) -> ServerState:
    values = {"since": NOW - 90, "by_hand": Shown(f"ssh -F /run/wrapper {name}"), **more}
    return ServerState(name, "ssh", Shown(f"ops@{name}.internal"), phase, fault, **values)  # type: ignore[arg-type]  # any field


def behind(name: str) -> ServerState:
    why = Shown(f"{name}: changed host key of bastion")
    return state(name, Phase.STOPPED, Fault.KEY_CHANGED, hop="bastion", why=why)


STATES = (
    state("idle", Phase.IDLE),
    state("well", Phase.UP, latency=0.031, reconnects=2),
    state("begins", Phase.CONNECTING, reconnects=1),
    state("lost", Phase.LOST, Fault.TIMED_OUT, why=Shown("no answer for 6 s"), retry_at=NOW + 4),
    state(
        "bastion",
        Phase.STOPPED,
        Fault.KEY_CHANGED,
        why=Shown("bastion: changed host key"),
        hint=Shown("find out who changed it"),
    ),
    behind("behind-1"),
    behind("behind-2"),
)
SOURCES = (
    source("jobs", Practice.QUEUES, "orders", server="well"),
    source("db", Practice.POOLS, "orders", server="lost", why="lost: no answer in time", answered=60.0),
    source("log", Practice.LOGS, "orders", server="lost", why="lost: no answer in time", answered=None),
    source("a", Practice.QUEUES, "mail", server="behind-1", why="behind-1: changed host key", answered=None),
    source("b", Practice.QUEUES, "mail", server="behind-2", why="behind-2: changed host key", answered=None),
    source("direct", Practice.QUEUES, "mail", why="refused", answered=None),
)
SPECS = {name: Server(name, name, jump="bastion" if name.startswith("behind") else "") for name in
         [one.name for one in STATES]}  # fmt: skip


def test_every_server_with_its_state_those_in_trouble_first() -> None:
    shown = snapshot(sources=SOURCES, servers=STATES)
    rows = servers.rows(shown)
    hints = "".join(f"{one.cells[0].hint}\n" for one in rows)
    same_as_golden("servers.txt", pictured(servers.COLUMNS, rows) + "\n" + hints)
    assert [one.key for one in rows] == ["bastion", "behind-1", "behind-2", "lost", "begins", "well", "idle"]


def test_a_narrow_screen_keeps_name_and_state() -> None:
    columns, rows = servers.table(snapshot(sources=SOURCES, servers=STATES), 60)
    assert {"server", "state"} <= {column.key for column in columns}
    assert all(len(one.cells) == len(columns) for one in rows)


def told(name: str) -> dict[str, str]:
    shown = snapshot(sources=SOURCES, servers=STATES)
    found = shown.server(name)
    assert found is not None
    return {label: cell.text for label, cell in servers.facts(found, shown, SPECS)}


def test_the_facts_of_a_stopped_server_say_why_what_to_do_and_what_to_run() -> None:
    assert told("bastion") == {
        "state": "stopped: changed host key",
        "do": "find out who changed it",
        "by hand": "ssh -F /run/wrapper bastion",
        "target": "ops@bastion.internal, by ssh",
        "reconnects": "0",
        "collectors": "none",
        "jump for": "behind-1, behind-2",
    }
    assert told("behind-1")["at"] == "bastion, on the way there"
    assert (told("lost")["next try"], told("lost")["collectors"]) == ("in 4 s", "db (stale), log (failed)")
    assert (told("well")["latency"], told("well")["collectors"]) == ("31 ms", "jobs")


def test_what_needs_somebody_folds_under_the_server_that_is_not_reached() -> None:
    found = needs(snapshot(sources=SOURCES, servers=STATES), {})
    assert {(need.service, need.text, need.press) for need in found} == {
        (
            "bastion",
            "stopped: changed host key, on the way to behind-1, behind-2; 2 sources without fresh values",
            ":servers",
        ),
        ("lost", "lost: no answer in time; 2 sources without fresh values", ":servers"),
        ("mail", "direct: refused", ":sources"),
    }
    assert len({need.key for need in found}) == 3


def test_the_header_names_the_one_that_stopped_or_counts_them() -> None:
    assert "✖ bastion stopped" in header(STATES)
    other = replace(STATES[4], name="db-1")
    assert "✖ 2 servers stopped" in header((*STATES, other))
    assert not any("stopped" in words for words in header(STATES[:4]))


def header(states: tuple[ServerState, ...]) -> list[str]:
    return [f"{cell.mark} {cell.text}" for cell in counts(snapshot(servers=states), Settings())]


def test_the_report_tells_each_server_and_an_empty_list_where_there_is_none() -> None:
    reported = report(snapshot(servers=STATES[4:5]), "lab", {})
    assert reported["servers"] == [
        {
            "name": "bastion",
            "way": "ssh",
            "phase": "stopped",
            "fault": "changed host key",
            "why": "bastion: changed host key",
            "hint": "find out who changed it",
            "by_hand": "ssh -F /run/wrapper bastion",
        }
    ]
    assert json.loads(json.dumps(reported)) == reported
    assert report(snapshot(), "lab", {})["servers"] == []
    assert servers.lines(STATES)[1] == (
        "bastion: changed host key – find out who changed it; by hand: ssh -F /run/wrapper bastion"
    )
