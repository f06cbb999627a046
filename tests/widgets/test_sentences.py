from typing import Any

from textual.app import App, ComposeResult
from textual.widgets import Input

from collectors.model.level import Level
from widgets.sentences import Sentence, SentenceList


class Shell(App[None]):
    def __init__(self, **options: Any) -> None:
        super().__init__()
        self.needs = SentenceList(**options)
        self.opened: list[SentenceList.FindingOpened] = []

    def compose(self) -> ComposeResult:
        yield self.needs
        yield Input()

    def on_sentence_list_finding_opened(self, event: SentenceList.FindingOpened) -> None:
        self.opened.append(event)

    def lines(self) -> list[str]:
        return [
            self.needs.render_line(y).text.rstrip()
            for y in range(self.needs.scrollable_content_region.height)
        ]


def sentences(count: int) -> list[Sentence]:
    return [Sentence(i, Level.CRITICAL, f"svc-{i}", f"reason {i}") for i in range(count)]


async def test_five_lines_and_the_count_of_the_rest(until: Any) -> None:
    app = Shell()
    async with app.run_test(size=(60, 20)):
        app.needs.show(sentences(19))
        await until(lambda: len(app.lines()) == 6)
        assert app.lines()[0] == "✖ svc-0          reason 0"
        assert app.lines()[5] == "  +14 more"


async def test_it_is_as_high_as_there_is_something_to_say(until: Any) -> None:
    app = Shell()
    async with app.run_test(size=(60, 20)):
        app.needs.show(sentences(2))
        await until(lambda: len(app.lines()) == 2)
        app.needs.show([], empty="all 9 services are well; nothing is muted")
        await until(lambda: app.lines() == ["all 9 services are well; nothing is muted"])


async def test_moving_and_opening(until: Any) -> None:
    app = Shell()
    async with app.run_test(size=(60, 20)) as pilot:
        app.needs.show(sentences(19))
        await until(lambda: len(app.lines()) == 6)
        app.needs.focus()
        await pilot.press("j", "j", "enter")
        await until(lambda: app.opened)
        assert (app.opened[0].index, app.opened[0].key, app.opened[0].control) == (2, 2, app.needs)
        await pilot.press("G")
        assert app.lines()[4].endswith("reason 18")
        assert app.lines()[5] == "  14 above"
        await pilot.press("g")
        assert app.lines()[0].endswith("reason 0")
        await pilot.click(SentenceList, offset=(10, 4))
        await until(lambda: len(app.opened) == 2)
        assert app.opened[1].index == 3


async def test_the_cursor_stays_with_its_sentence(clock: Any, until: Any) -> None:
    app = Shell(clock=clock)
    async with app.run_test(size=(60, 20)) as pilot:
        app.needs.show(sentences(3))
        await until(lambda: len(app.lines()) == 3)
        app.needs.focus()
        await pilot.press("down")
        clock.advance(6)
        app.needs.show(sentences(3)[::-1])
        await pilot.press("enter")
        await until(lambda: app.opened)
        assert (app.opened[0].index, app.opened[0].key) == (1, 1)


async def test_nothing_opens_on_an_empty_list(until: Any) -> None:
    app = Shell()
    async with app.run_test(size=(60, 20)) as pilot:
        app.needs.show([])
        app.needs.focus()
        await pilot.press("enter", "down", "G", "up")
        assert app.opened == []


async def test_ascii_only(until: Any) -> None:
    app = Shell(ascii_only=True)
    async with app.run_test(size=(30, 20)):
        app.needs.show([Sentence(1, level, "größe-des-warenkorbs", "ä … " * 30) for level in Level][:1])
        app.needs.show([Sentence(level, level, "größe-des-warenkorbs", "ä … " * 30) for level in Level])
        await until(lambda: len(app.lines()) == 5)
        assert all(line.isascii() for line in app.lines())
