from dataclasses import replace

from collectors.model.level import Level
from collectors.model.practice import Practice
from collectors.model.subject import SubjectId
from collectors.model.verdict import Verdict
from collectors.text import Shown
from console.engine.state import Acting, ArmState, Mute, Snapshot
from console.keys import key_map
from console.present.header import footer_words, header_words, key_name
from console.settings import Settings
from tests.console.findings.readings import queue
from tests.console.present.scene import row, snapshot, source
from tests.console.present.shop import SERVICES, shop
from widgets.cell import Cell


def words(snap: Snapshot, settings: Settings, **changed: str) -> tuple[list[str], list[str]]:
    told = {"held_since": "", "screen": "", "clock": "14:03:22 UTC"} | changed
    acting = Acting(ArmState(protected=settings.protected))
    left, right = header_words(snap, settings, acting=acting, now=snap.now, **told)
    return [_word(cell) for cell in left], [_word(cell) for cell in right]


def _word(cell: Cell) -> str:
    return f"{cell.mark} {cell.text}".strip()


def settings(name: str = "shop", environment: str = "lab", *, protected: bool = False) -> Settings:
    return Settings(name=name, environment=environment, protected=protected, services=SERVICES)


def test_the_header_says_where_one_is_and_how_the_fleet_is() -> None:
    left, right = words(shop(), settings())
    assert left == ["quarterdeck", "shop · lab"]
    assert right == ["● 1 ok", "▲ 1 warning", "? 2 unknown", "✖ 1 critical", "? 3 stale", "14:03:22 UTC"]


def test_what_is_protected_held_or_without_environment_says_so() -> None:
    left, right = words(
        snapshot(), settings(environment="", protected=True), held_since="14:01", screen="queues"
    )
    assert left == ["quarterdeck", "shop · no environment · read-only", "› queues"]
    assert right == ["▲ HELD since 14:01", "14:03:22 UTC"]
    assert words(snapshot(), settings("", "lab"))[0] == ["quarterdeck", "lab"]


def test_mutes_and_notes_are_told() -> None:
    mutes = (Mute(queue().subject.id, Shown("known"), 0.0),)
    snap = snapshot([row(queue())], mutes=mutes, note=Shown("recording stopped: disk full"))
    assert words(snap, settings())[1] == [
        "● 1 ok", "1 muted", "▲ recording stopped: disk full", "14:03:22 UTC",
    ]  # fmt: skip


def test_sources_are_counted_stale_when_they_are_late_or_fail() -> None:
    sources = [
        source("a", Practice.QUEUES, why="refused"),
        source("b", Practice.QUEUES, answered=60.0),
        source("c", Practice.QUEUES),
        source("d", Practice.QUEUES, answered=None),
    ]
    assert "? 2 stale" in words(snapshot(sources=sources), settings())[1]


def test_a_service_counts_once_by_its_worst_level() -> None:
    rows = [row(queue(str(level)), level) for level in Level]
    assert words(snapshot(rows), settings())[1] == ["✖ 1 critical", "14:03:22 UTC"]


def test_the_footer_names_the_keys_in_force_as_many_as_fit() -> None:
    told = [cell.text for cell in footer_words(key_map({}), 200)]
    assert told[:2] == ["1-9,0 practices", "f fleet"]
    assert "/ filter" in told
    assert "? help" in told
    for width in (10, 40, 80, 120):
        fitting = [cell.text for cell in footer_words(key_map({}), width)]
        assert fitting == told[: len(fitting)]
        assert len("   ".join(fitting)) <= max(width, len("1-9,0 practices"))
    bound = [cell.text for cell in footer_words(key_map({"go.fleet": ("home",), "app.filter": ()}), 200)]
    assert "home fleet" in bound
    assert "/ filter" not in bound


def test_keys_are_named_as_they_are_printed() -> None:
    assert [key_name(key) for key in ("slash", "escape", "ctrl+r", "x")] == ["/", "Esc", "ctrl+r", "x"]


def test_a_finding_that_belongs_to_no_place_of_the_fleet_counts_for_itself() -> None:
    question = SubjectId(Practice.LOGS, "errors", "", b"level>=error | count")
    found = Verdict(Level.WARNING, "pinned-question", "", Practice.LOGS, Shown("errors: 6"), subject=question)
    snap = snapshot([row(queue())], findings=(found,))
    assert words(snap, settings())[1] == ["● 1 ok", "▲ 1 warning", "14:03:22 UTC"]
    # a place under the collector's own name is raised, and counted once
    own = queue(service="")
    found = replace(found, practice=Practice.QUEUES, subject=own.subject.id)
    assert words(snapshot([row(own)], findings=(found,)), settings())[1] == ["▲ 1 warning", "14:03:22 UTC"]
