from typing import Any

import pytest
from rich.style import Style
from textual.app import App, ComposeResult

from collectors.model.level import Level
from collectors.model.quantity import Quantity, at_least, exact, unknown
from widgets.gauge import Gauge, Reach, reach_words


def say(quantity: Quantity) -> str:
    if quantity.value is None:
        return str(quantity.known)
    return ("≥ " if quantity.known == "at least" else "") + f"{quantity.value:g}"


class Shell(App[None]):
    def __init__(self, **options: Any) -> None:
        super().__init__()
        self.gauge = Gauge(say=say, **options)

    def compose(self) -> ComposeResult:
        yield self.gauge

    def line(self) -> str:
        return self.gauge.render_line(0).text


@pytest.mark.parametrize(
    ("value", "maximum", "words"),
    [
        (exact(31), exact(97), "31 of 97, 32 %"),
        (exact(0), exact(97), "0 of 97, 0 %"),
        (exact(120), exact(97), "120 of 97, 124 %"),
        (at_least(31), exact(97), "≥ 31 of 97, 32 %"),
        (unknown(), exact(97), "unknown of 97"),
        (exact(31), unknown(), "31, maximum unknown"),
        (unknown(), unknown(), "unknown"),
        (exact(3), exact(0), "3 of 0"),
    ],
)
def test_words(value: Quantity, maximum: Quantity, words: str) -> None:
    assert reach_words(Reach("slots", value, maximum), say) == words


async def test_a_bar_with_limits_and_words() -> None:
    app = Shell()
    async with app.run_test(size=(80, 3)):
        app.gauge.show(
            Reach("slots", exact(50), exact(100), Level.OK, ((80, Level.WARNING), (90, Level.CRITICAL)))
        )
        bar = app.line()[13:52].strip()
        assert bar.count("━") == pytest.approx(len(bar) / 2, abs=1)
        assert bar.count("┿") == 2
        assert app.line().rstrip().endswith("● 50 of 100, 50 %")


async def test_what_is_unknown_has_no_filled_bar() -> None:
    app = Shell()
    async with app.run_test(size=(80, 3)):
        app.gauge.show(Reach("slots", unknown(), exact(100)))
        assert "━" not in app.line()
        assert "·····" in app.line()
        assert "unknown of 100" in app.line()


async def test_a_little_is_not_nothing_and_too_much_is_full() -> None:
    app = Shell()
    async with app.run_test(size=(80, 3)):
        app.gauge.show(Reach("slots", exact(0.001), exact(100)))
        assert app.line().count("━") == 1
        app.gauge.show(Reach("slots", exact(500), exact(100)))
        assert "─" not in app.line()


async def test_narrow_screens_leave_the_words() -> None:
    app = Shell()
    async with app.run_test(size=(34, 3)):
        app.gauge.show(Reach("slots", exact(31), exact(97), Level.WARNING))
        assert app.line().split() == ["slots", "▲", "31", "of", "97,", "32", "%"]


async def test_ascii_only_and_repaint(regions_of: Any) -> None:
    app = Shell(ascii_only=True)
    async with app.run_test(size=(80, 3)) as pilot:
        app.gauge.show(Reach("größe", exact(31), exact(97), Level.CRITICAL, ((80, Level.WARNING),)))
        assert app.line().isascii()
        await pilot.pause()
        asked = regions_of(app.gauge)
        app.gauge.show(Reach("größe", exact(32), exact(97), Level.CRITICAL, ((80, Level.WARNING),)))
        assert sum(region.width for region in asked) <= 16
        assert all(isinstance(segment.style, Style) for segment in app.gauge.render_line(0))
