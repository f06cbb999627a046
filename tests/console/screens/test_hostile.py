"""Whatever a queue, a service, a log line or an error calls itself: it is shown, and obeyed by nobody."""

import pytest
from textual.widgets import Input

from collectors.errors import UnreachableError
from collectors.model.practice import Practice
from console.lab import control
from console.lab.processes import LabError
from tests.console.screens.deeds import Deeds, actions_of
from tests.console.screens.road import acting, choose, on_top, open_menu, planned, put_cursor
from tests.console.screens.stage import FILLED, Part, Stage, batch, record, settings_of, staged
from tests.servers.waiting import wait_until_async
from widgets.table import LiveTable

HOSTILE = [
    "[@click=app.quit]x[/]",
    "[/",
    "oops [/foo] [red] \\[",
    "ends in \\",
    "\x1b[2J\x1b[?1049l",
    "\x1b]52;c;ZXZpbA==\x07",
    "\x1b]0;owned\x07\x1b]8;;http://evil\x1b\\link",
    "\x9b2J\x9d0;x\x9c",
    "\u202egnp.exe\u2066\u200b\ufeff",
    "\x00\x0e\x0f\x7f\r\n\t\v",
    "\ud800 lone",
    "e\u0301" + "\u0301" * 50,
    "👩\u200d👩\u200d👧 家族 ",
    "x" * 100_000,
    "{0.__class__} %s $HOME `id`",
]
ALL = " ".join(HOSTILE[:13])


def key(text: str) -> bytes:
    """What a source would send."""
    return text.encode("utf-8", "surrogatepass")


def hostile_parts() -> dict[Practice, Part]:
    """Collectors that call everything by hostile names."""
    parts = {practice: Part(keys=[key(text) for text in HOSTILE], word=ALL) for practice in FILLED}
    for part in parts.values():
        part.detail_text = ALL
    return parts


def assert_harmless(stage: Stage) -> None:
    assert stage.app.is_running
    assert not stage.app._exit
    assert len(stage.app.screen_stack) <= 3
    wrong = {char for char in stage.text() if not char.isprintable() and char != "\n"}
    assert not wrong, [hex(ord(char)) for char in wrong]


async def test_every_screen_shows_it_as_text(monkeypatch: pytest.MonkeyPatch) -> None:
    await every_screen_shows_it_as_text((120, 40), monkeypatch)


async def every_screen_shows_it_as_text(size: tuple[int, int], monkeypatch: pytest.MonkeyPatch) -> None:
    names = [text for text in HOSTILE[:9] if text]
    settings = settings_of(services=names, name=ALL, environment="lab")
    async with staged(monkeypatch, parts=hostile_parts(), settings=settings, size=size) as stage:
        stage.app.ring.append(
            batch(*[record(place, text, field=text) for place, text in enumerate(HOSTILE)], service=names[0])
        )
        for place in ("f", *(practice.key for practice in Practice), "S"):
            await stage.press(place)
            for keys in (("down", "right"), ("?",), ("escape",), ("a",), ("escape",), ("y",), ("z",), ("z",)):
                await stage.press(*keys)
                assert_harmless(stage)
            await stage.press("enter")
            await stage.pilot.pause(0.1)
            assert_harmless(stage)
            await stage.press("escape")


async def test_opening_reaches_exactly_that_queue(monkeypatch: pytest.MonkeyPatch) -> None:
    async with staged(monkeypatch, parts=hostile_parts()) as stage:
        part = stage.parts[Practice.QUEUES]
        await stage.press("2")
        for text in HOSTILE:
            part.details.clear()
            table = stage.screen.query_one(LiveTable)
            wanted = next(row.key for row in table.rows if row.key.key == key(text))  # type: ignore[attr-defined]  # a SubjectId
            assert table.go_to(wanted)
            await stage.press("enter")
            await wait_until_async(lambda: part.details, 5, repr(text))
            assert {subject.key for subject, _ in part.details} == {key(text)}
            assert_harmless(stage)
            await stage.press("escape")


async def test_errors_of_sources_are_text(monkeypatch: pytest.MonkeyPatch) -> None:
    async with staged(monkeypatch) as stage:
        for part in stage.parts.values():
            part.error = UnreachableError(ALL, ALL)
        await wait_until_async(lambda: all(one.failure for one in stage.snapshot.sources), 10)
        for place in ("f", "1", "2", "5", "S"):
            await stage.press(place, "down", "y")
            await stage.pilot.pause(0.1)
            assert_harmless(stage)
        assert "[@click=app.quit]x[/]" in stage.text()


async def test_a_click_on_markup_does_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    async with staged(monkeypatch, parts=hostile_parts()) as stage:
        for place in ("2", "5", "S", "f"):
            await stage.press(place)
            await stage.pilot.pause(0.1)
            lines = stage.text().splitlines()
            spots = [(line.index("@click"), y) for y, line in enumerate(lines) if "@click" in line]
            assert spots or place in "S5f"
            for spot in spots:
                await stage.pilot.click(offset=spot)
                await stage.pilot.pause()
                assert_harmless(stage)


async def test_what_is_copied_and_told_is_clean(monkeypatch: pytest.MonkeyPatch) -> None:
    async with staged(monkeypatch, parts=hostile_parts()) as stage:
        await stage.press("2")
        table = stage.screen.query_one(LiveTable)
        for text in HOSTILE:
            wanted = next(row.key for row in table.rows if row.key.key == key(text))  # type: ignore[attr-defined]  # a SubjectId
            table.go_to(wanted)
            await stage.press("y")
            assert stage.app.clipboard
            assert all(char.isprintable() for char in stage.app.clipboard)

        async def fails(name: str, lab: object) -> None:
            raise LabError(ALL)

        monkeypatch.setattr(control, "start", fails)
        monkeypatch.setattr(stage.app, "lab", object())
        (run, *_) = [run for name, _, run in stage.app.lab_commands() if name.startswith("start")]
        await run()  # type: ignore[misc]  # a coroutine function
        await stage.pilot.pause(0.1)
        assert_harmless(stage)
        assert "@click" in stage.text()


async def test_a_filter_of_markup_is_text(monkeypatch: pytest.MonkeyPatch) -> None:
    async with staged(monkeypatch, parts=hostile_parts()) as stage:
        await stage.press("2", "/", *"[/red] [@click=app.quit]", "enter")
        await stage.until("no row holds '[/red] [@click=app.quit]'")
        assert_harmless(stage)
        await stage.press("5", "/", *"[/", "enter")
        await stage.pilot.pause(0.1)
        assert_harmless(stage)


HOSTILE_DEEDS = [text for text in HOSTILE if len(text) < 1000]


async def test_every_dialog_of_an_action_shows_it_as_text(monkeypatch: pytest.MonkeyPatch) -> None:
    await every_dialog_of_an_action_shows_it_as_text((120, 40), monkeypatch)


async def every_dialog_of_an_action_shows_it_as_text(
    size: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    deeds = Deeds(words=ALL, server=ALL, undo=ALL, lacking="", count=2)
    parts = hostile_parts()
    parts[Practice.QUEUES].actions = actions_of(deeds)
    settings = {"name": ALL, "environment": ALL, "protected": True}
    async with acting(monkeypatch, deeds, parts=parts, settings=settings, armed=ALL, size=size) as stage:
        for text in HOSTILE_DEEDS:
            await put_cursor(stage, key(text))
            await choose(stage, "touch")
            await planned(stage)
            assert_harmless(stage)
            await stage.press("right", "enter")
            await wait_until_async(lambda: len(stage.app.screen_stack) == 1, 20, repr(text))
            await wait_until_async(lambda: not stage.app.store.acting.running, 20, repr(text))
            assert_harmless(stage)
        assert {name for _, name in deeds.writes} == {key(text) for text in HOSTILE_DEEDS}
        await put_cursor(stage, key(HOSTILE[0]))
        await choose(stage, "retry")
        await stage.press(*ALL[:40], "tab", "right", "enter")
        await planned(stage)
        assert_harmless(stage)
        screen = on_top(stage)
        screen.set_focus(screen.query_one(Input))
        screen.query_one(Input).value = screen._bundle.phrase  # type: ignore[union-attr]  # it has one
        await stage.press("enter", "enter")
        await wait_until_async(lambda: any(act.question for act in stage.app.store.acting.acts), 20)
        for keys in (("A",), ("down",), ("?",), ("escape",), ("g", "u"), ("escape",), ("f", "q")):
            await stage.press(*keys)
            assert_harmless(stage)
        await stage.press("escape", ":", *"arm [/", "enter")
        await stage.pilot.pause(0.1)
        assert_harmless(stage)
        await stage.app.action_go("journal")
        await wait_until_async(lambda: stage.screen.query_one(LiveTable).rows, 20)
        for keys in (("down",), ("enter",), ("escape",), ("v",), ("/", *"[/red]", "enter"), ("escape",)):
            await stage.press(*keys)
            assert_harmless(stage)


async def test_what_an_error_says_in_a_dialog_is_text(monkeypatch: pytest.MonkeyPatch) -> None:
    deeds = Deeds(error=UnreachableError(ALL, ALL), unfit="")
    async with acting(monkeypatch, deeds) as stage:
        await choose(stage, "touch")
        await planned(stage)
        assert "[@click=app.quit]x[/]" in stage.text()
        lines = stage.text().splitlines()
        for y, line in enumerate(lines):
            if "@click" in line:
                await stage.pilot.click(offset=(line.index("@click"), y))
                assert_harmless(stage)
        await stage.press("escape")
        deeds.unfit = ALL
        await open_menu(stage)
        await stage.press("G")
        assert_harmless(stage)
        await stage.press("enter")
        assert_harmless(stage)
