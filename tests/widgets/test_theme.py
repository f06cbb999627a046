import pytest
from rich.color import Color as RichColor
from rich.color import ColorSystem
from textual.app import App
from textual.color import Color
from textual.theme import Theme

from widgets.theme import THEMES

LEVELS = ("text-success", "text-warning", "text-error", "text-accent")


@pytest.mark.parametrize("theme", THEMES, ids=lambda theme: theme.name)
def test_levels_stay_apart_on_few_colours(theme: Theme) -> None:
    for system in (ColorSystem.STANDARD, ColorSystem.EIGHT_BIT):
        numbers = [RichColor.parse(theme.variables[name]).downgrade(system).number for name in LEVELS]
        ground = RichColor.parse(theme.background or "").downgrade(system).number
        assert len({*numbers, ground}) == 5, system


def contrast(first: str, second: str) -> float:
    lights = sorted(
        0.2126 * channel(color.r) + 0.7152 * channel(color.g) + 0.0722 * channel(color.b)
        for color in (Color.parse(first), Color.parse(second))
    )
    return (lights[1] + 0.05) / (lights[0] + 0.05)


def channel(value: int) -> float:
    share = value / 255
    return share / 12.92 if share <= 0.03928 else ((share + 0.055) / 1.055) ** 2.4


@pytest.mark.parametrize("theme", THEMES, ids=lambda theme: theme.name)
def test_everything_can_be_read(theme: Theme) -> None:
    grounds = (theme.background or "", theme.surface or "", theme.panel or "")
    for name in (*LEVELS, "text-muted"):
        for ground in grounds:
            assert contrast(theme.variables[name], ground) >= 4.5, (name, ground)
    assert contrast(theme.foreground or "", theme.background or "") >= 10


@pytest.mark.parametrize("theme", THEMES, ids=lambda theme: theme.name)
async def test_an_app_takes_it(theme: Theme) -> None:
    app: App[None] = App()
    async with app.run_test() as pilot:
        app.register_theme(theme)
        app.theme = theme.name
        await pilot.pause()
        assert app.current_theme.dark is theme.dark
        assert app.theme_variables["text-error"] == theme.variables["text-error"]
