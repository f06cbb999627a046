import asyncio
import time
from collections.abc import Callable

import pytest
from textual.geometry import Region


class FakeClock:
    """Monotonic seconds that only a test moves."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now

    def advance(self, seconds: float) -> None:
        self.now += seconds


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


async def _until(condition: Callable[[], object], deadline: float = 6.0) -> None:
    end = time.monotonic() + deadline
    while not condition():
        if time.monotonic() > end:
            pytest.fail(f"not within {deadline} s")
        await asyncio.sleep(0.01)


@pytest.fixture
def until() -> Callable[..., object]:
    """Wait for a condition, with a deadline."""
    return _until


class Regions(list[Region]):
    """The regions whose repaint a widget asked for; an empty Region stands for all of it."""


@pytest.fixture
def regions_of() -> Callable[[object], Regions]:
    def record(widget: object) -> Regions:
        asked, refresh = Regions(), widget.refresh  # type: ignore[attr-defined]  # any widget

        def refreshing(*regions: Region, repaint: bool = True, **others: object) -> object:
            if repaint:
                asked.extend(regions or [Region()])
            return refresh(*regions, repaint=repaint, **others)

        widget.refresh = refreshing  # type: ignore[attr-defined]  # any widget
        return asked

    return record
