"""The one adapter to Textual's private side: partial updates send their own cells only.

Textual 8.2 sends a changed span from the start of the widget's line up to the span's end, so
that a value in the last column costs the whole line. Here a span costs its own cells.
"""

from rich.console import Console
from rich.control import Control
from textual._compositor import ChopsUpdate, Compositor
from textual.screen import Screen


class _ExactUpdate(ChopsUpdate):
    def render_segments(self, console: Console) -> str:
        """The terminal sequences of all spans, each cropped at both ends."""
        sent: list[str] = []
        for y, start, end in self.spans:
            for chop_end, (x, strip) in zip(self.chop_ends[y], self.chops[y].items(), strict=False):
                left, right = max(x, start), min(chop_end, end)
                if strip is None or left >= right:
                    continue
                sent.append(Control.move_to(left, y).segment.text)
                sent.append(strip.crop(left - x, right - x).render(console))
        return "".join(sent)


class _ExactCompositor(Compositor):
    def render_partial_update(self) -> ChopsUpdate | None:
        """As Textual's own, in a form that crops each span at its start too."""
        update = super().render_partial_update()
        if update is None:
            return None
        return _ExactUpdate(update.chops, update.spans, update.chop_ends)


def send_exact_spans(screen: Screen[object]) -> None:
    """Let partial updates of this screen send nothing beside the cells that changed."""
    compositor = screen._compositor  # noqa: SLF001 - this module is the adapter
    if type(compositor) is Compositor:
        compositor.__class__ = _ExactCompositor
