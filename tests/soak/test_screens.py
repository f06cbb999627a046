"""Hostile text on the screens in the sizes that the suite leaves out."""

import pytest

from tests.console.screens.test_hostile import (
    every_dialog_of_an_action_shows_it_as_text,
    every_screen_shows_it_as_text,
)

SIZES = [(60, 15), (80, 24), (200, 60)]


@pytest.mark.parametrize("size", SIZES)
async def test_every_screen_shows_it_as_text(size: tuple[int, int], monkeypatch: pytest.MonkeyPatch) -> None:
    await every_screen_shows_it_as_text(size, monkeypatch)


@pytest.mark.parametrize("size", SIZES)
async def test_every_dialog_shows_it_as_text(size: tuple[int, int], monkeypatch: pytest.MonkeyPatch) -> None:
    await every_dialog_of_an_action_shows_it_as_text(size, monkeypatch)
