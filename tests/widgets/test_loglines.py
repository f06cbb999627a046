from collections import deque
from typing import Any

import pytest
from textual.app import App, ComposeResult

from collectors.model.level import Level
from widgets.loglines import LogView
from widgets.logwindow import LogLine, LogWindow


class Ring:
    """The newest lines of a stream; the oldest ones fall off its front."""

    def __init__(self, size: int = 1000) -> None:
        self._lines: deque[LogLine] = deque(maxlen=size)
        self.written = 0
        self.asked = 0

    @property
    def first_seq(self) -> int:
        return self.written - len(self._lines)

    def __len__(self) -> int:
        return len(self._lines)

    def line(self, index: int) -> LogLine:
        self.asked += 1
        return self._lines[index]

    def write(self, count: int = 1, text: str = "line {}", level: Level = Level.NONE) -> None:
        for _ in range(count):
            self._lines.append(LogLine("14:03:22.125", level, text.format(self.written), "orders"))
            self.written += 1


class Shell(App[None]):
    def __init__(self, ring: Ring, **options: Any) -> None:
        super().__init__()
        self.view, self.ring = LogView(**options), ring
        self.opened: list[int] = []
        self.follows: list[bool] = []

    def compose(self) -> ComposeResult:
        yield self.view

    def on_mount(self) -> None:
        self.view.show(self.ring)

    def on_log_view_record_opened(self, event: LogView.RecordOpened) -> None:
        assert event.control is self.view
        self.opened.append(event.seq)

    def on_log_view_follow_changed(self, event: LogView.FollowChanged) -> None:
        assert event.control is self.view
        self.follows.append(event.live)

    def lines(self) -> list[str]:
        return [
            self.view.render_line(y).text.rstrip() for y in range(self.view.scrollable_content_region.height)
        ]

    def messages(self) -> list[str]:
        return [line[28:].strip() for line in self.lines()[:-1]]


async def test_newest_at_the_bottom() -> None:
    ring = Ring()
    ring.write(30)
    app = Shell(ring)
    async with app.run_test(size=(80, 11)) as pilot:
        await pilot.pause()
        assert app.messages() == [f"line {i}" for i in range(20, 30)]
        assert app.lines()[-1] == "LIVE  30 lines"
        assert app.lines()[0].startswith(" 14:03:22.125 orders")


async def test_an_empty_stream_says_why() -> None:
    app = Shell(Ring())
    async with app.run_test(size=(80, 11)) as pilot:
        app.view.show(Ring(), empty="no line in the last 5 min; orders-log is quiet")
        await pilot.press("up", "enter", "w", "g", "pageup")
        assert app.lines()[0] == "no line in the last 5 min; orders-log is quiet"
        assert app.view.live
        assert app.opened == []


async def test_it_follows(clock: Any) -> None:
    ring = Ring()
    app = Shell(ring, clock=clock)
    async with app.run_test(size=(80, 11)) as pilot:
        await pilot.pause()
        for turn in range(5):
            ring.write(7)
            clock.advance(0.3)
            app.view.lines_changed()
            assert app.messages()[min(9, 7 * (turn + 1) - 1)] == f"line {7 * (turn + 1) - 1}"


async def test_a_flood_repaints_no_more_than_four_times_a_second(
    clock: Any, regions_of: Any, until: Any
) -> None:
    ring = Ring()
    app = Shell(ring, clock=clock)
    async with app.run_test(size=(80, 11)) as pilot:
        await pilot.pause()
        clock.advance(1)
        paints: list[float] = []
        repaint = app.view.sync

        def counted() -> None:
            paints.append(clock.now)
            repaint()

        app.view.sync = counted  # type: ignore[method-assign]  # counts the repaints
        ring.asked = 0
        for _ in range(2000):
            ring.write(5)
            clock.advance(0.0005)
            app.view.lines_changed()
        assert ring.written == 10_000
        assert 1 <= len(paints) <= 5
        assert ring.asked <= 10 * (len(paints) + 1) * 2
        last = len(paints)
        await until(lambda: app.messages()[-1] == "line 9999")
        assert len(paints) == last + 1


async def test_moving_up_pauses_and_nothing_jumps_when_the_ring_drops_its_front(
    clock: Any, until: Any
) -> None:
    ring = Ring(50)
    ring.write(50)
    app = Shell(ring, clock=clock)
    async with app.run_test(size=(80, 11)) as pilot:
        await pilot.pause()
        await pilot.press("up", "up")
        assert not app.view.live
        assert app.view.cursor_seq == 47
        before = app.messages()
        assert app.lines()[7].startswith("›")
        for _ in range(10):
            ring.write(30)
            clock.advance(1)
            app.view.lines_changed()
            assert app.messages() == before
        assert app.lines()[-1].startswith("HELD +300 new")
        await pilot.press("enter")
        await until(lambda: app.opened == [47])
        await pilot.press("end")
        assert app.view.live
        assert app.messages()[-1] == "line 349"
        await until(lambda: app.follows == [False, True])


async def test_what_was_dropped_cannot_be_gone_back_to() -> None:
    ring = Ring(50)
    ring.write(50)
    app = Shell(ring)
    async with app.run_test(size=(80, 11)) as pilot:
        await pilot.press("up")
        ring.write(500)
        await pilot.press("g")
        assert app.view.cursor_seq == 40
        await pilot.press("pagedown")
        assert app.view.cursor_seq == 49
        await pilot.press("down")
        assert app.view.cursor_seq == 500
        assert app.messages()[-2:] == ["line 49", "line 500"]
        await pilot.press("up")
        assert app.view.cursor_seq == 49
        await pilot.press("down", "pagedown", "pagedown", "g")
        assert app.view.cursor_seq == 500
        assert app.messages()[0] == "line 500"


async def test_a_long_gap_costs_nothing(clock: Any) -> None:
    ring = Ring(50)
    ring.write(50)
    app = Shell(ring, clock=clock)
    async with app.run_test(size=(80, 11)) as pilot:
        await pilot.press("up")
        ring.written = 10**12
        ring.asked = 0
        clock.advance(1)
        app.view.lines_changed()
        await pilot.press("down", "down", "up", "pageup")
        assert ring.asked < 500


async def test_keys_move_through_the_records(clock: Any) -> None:
    ring = Ring()
    ring.write(100)
    app = Shell(ring, clock=clock)
    async with app.run_test(size=(80, 11)) as pilot:
        await pilot.pause()
        await pilot.press("down")
        assert app.view.live
        for key, seq, top in (
            ("k", 98, 90),
            ("pageup", 89, 89),
            ("pageup", 80, 80),
            ("j", 81, 80),
            ("pagedown", 90, 81),
            ("g", 0, 0),
            ("up", 0, 0),
            ("pagedown", 9, 0),
            ("down", 10, 1),
        ):
            await pilot.press(key)
            assert (app.view.cursor_seq, app.messages()[0]) == (seq, f"line {top}"), key
        await pilot.press("G")
        assert app.view.live


async def test_mouse() -> None:
    ring = Ring()
    ring.write(100)
    app = Shell(ring)
    async with app.run_test(size=(80, 11)) as pilot:
        await pilot.pause()
        await pilot.click(LogView, offset=(5, 2), times=2)
        await pilot.pause()
        assert app.opened == [92]
        assert not app.view.live


async def test_long_lines_are_cut_or_folded() -> None:
    ring = Ring()
    ring.write(3)
    ring.write(1, "word " * 60)
    app = Shell(ring)
    async with app.run_test(size=(80, 11)) as pilot:
        await pilot.pause()
        assert app.messages()[3].endswith("…+257")
        await pilot.press("w")
        assert sum("word" in message for message in app.messages()) > 4
        assert app.messages()[0] == "line 0"
        await pilot.press("w")
        assert sum("word" in message for message in app.messages()) == 1


async def test_a_record_longer_than_the_screen_can_be_passed() -> None:
    ring = Ring()
    ring.write(5)
    ring.write(1, "word " * 5000)
    ring.write(5)
    app = Shell(ring)
    async with app.run_test(size=(80, 11)) as pilot:
        await pilot.pause()
        await pilot.press("w")
        for seq in (9, 8, 7, 6, 5, 4, 3):
            await pilot.press("up")
            assert app.view.cursor_seq == seq
            assert any(line.startswith("›") for line in app.lines()), seq
        for seq in (4, 5, 6, 7):
            await pilot.press("down")
            assert app.view.cursor_seq == seq
            assert any(line.startswith("›") for line in app.lines()), seq


async def test_levels_have_marks_and_ascii_is_ascii() -> None:
    ring = Ring()
    ring.write(1, "größe … {}", Level.CRITICAL)
    app = Shell(ring, ascii_only=True)
    async with app.run_test(size=(80, 5)) as pilot:
        await pilot.press("up")
        assert "X  gr??e ~ 0" in app.lines()[0]
        assert all(line.isascii() for line in app.lines())


@pytest.mark.parametrize("size", [(80, 2), (80, 1), (20, 5), (1, 1)])
async def test_any_size(size: tuple[int, int]) -> None:
    ring = Ring()
    ring.write(100, "word " * 30)
    app = Shell(ring)
    async with app.run_test(size=size) as pilot:
        await pilot.press("up", "pageup", "w", "down", "g", "pagedown", "G")
        await pilot.resize_terminal(100, 30)
        assert app.view.live


def test_the_window_asks_for_no_more_than_is_visible() -> None:
    ring = Ring(100_000)
    ring.write(100_000)
    window = LogWindow(lambda line: 1)
    window.attach(ring)
    ring.asked = 0
    assert len(window.visible(30)) == 30
    assert ring.asked <= 30


async def test_the_same_stream_again_moves_nothing(clock: Any) -> None:
    ring = Ring()
    ring.write(100)
    app = Shell(ring, clock=clock)
    async with app.run_test(size=(80, 11)) as pilot:
        await pilot.press("up", "up")
        app.view.show(ring)
        assert app.view.cursor_seq == 97
        app.view.show(Ring())
        assert app.view.live
