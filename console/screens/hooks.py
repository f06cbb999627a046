"""What the console's keys may mean on a screen; on most they mean nothing."""

from console.screens.dialog import Dialog
from console.screens.prompt import Prompt
from console.screens.styling import StyledScreen


class HookedScreen(StyledScreen):
    """A screen that takes filters, sorting and holding as it likes."""

    def prompt(self) -> Dialog[str | None]:
        """What asks for a filter."""
        return Prompt("filter", "text, or !text for all but those; empty shows all")

    def filter_by(self, text: str) -> None:
        """Show only what holds ``text``; ``!`` before it inverts; empty shows all."""

    def close_filter(self) -> bool:
        """Lift a filter; whether there was one."""
        return False

    def sort_next(self) -> str:
        """Sort by the next column, and say by which; empty where there is nothing to sort."""
        return ""

    def cancel(self) -> str:
        """Give up what the screen is busy with, and say so; empty where it is not busy."""
        return ""

    def hold_changed(self) -> None:
        """The view was held, or let go."""
