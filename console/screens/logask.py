"""How other screens change the question of the log screen."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from collectors.model.practice import Practice
from console.screens.base import ConsoleScreen

if TYPE_CHECKING:
    from console.screens.app import Quarterdeck


class QuestionScreen(ConsoleScreen):
    """A screen that shows what a question finds."""

    @property
    def question(self) -> str:
        """The question's text."""
        raise NotImplementedError

    def ask(self, text: str, service: str) -> None:
        """Ask a question of one service's streams, or of all where it is empty."""
        raise NotImplementedError


async def ask_logs(console: "Quarterdeck", change: Callable[[str], str]) -> None:
    """Show the log screen with its question changed."""
    await console.action_go(str(Practice.LOGS))
    screen = console.screen
    if isinstance(screen, QuestionScreen):
        screen.filter_by(change(screen.question))


async def ask_all_logs(console: "Quarterdeck", text: str) -> None:
    """Show the log screen with this question of all services."""
    await console.action_go(str(Practice.LOGS))
    screen = console.screen
    if isinstance(screen, QuestionScreen):
        screen.ask(text, "")
