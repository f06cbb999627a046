"""The one adapter to Textual's private side: partial updates send their own cells only.

Textual 8.2 sends a changed span from the start of the widget's line up to the span's end, so
that a value in the last column costs the whole line. Here a span costs its own cells.
"""

from collections.abc import Iterator
from itertools import groupby

from rich.color import ColorSystem
from rich.console import Console
from rich.control import Control
from textual._compositor import ChopsUpdate, Compositor
from textual.screen import Screen
from textual.strip import Strip

_SYSTEMS = {
    "standard": ColorSystem.STANDARD,
    "256": ColorSystem.EIGHT_BIT,
    "truecolor": ColorSystem.TRUECOLOR,
}


class _ExactUpdate(ChopsUpdate):
    def render_segments(self, console: Console) -> str:
        """The terminal sequences of all spans, each cropped at both ends."""
        system = _SYSTEMS.get(console.color_system or "", ColorSystem.TRUECOLOR)
        sent: list[str] = []
        for y, spans in groupby(self.spans, key=lambda span: span[0]):
            wanted = [(start, end) for _, start, end in spans]
            for chop_end, (x, strip) in zip(self.chop_ends[y], self.chops[y].items(), strict=False):
                if strip is not None:
                    here = [
                        (max(x, a) - x, min(chop_end, b) - x) for a, b in wanted if a < chop_end and b > x
                    ]
                    for left, text in _cropped(strip, here, system):
                        sent += (Control.move_to(x + left, y).segment.text, text)
        return "".join(sent)


def _cropped(strip: Strip, spans: list[tuple[int, int]], system: ColorSystem) -> Iterator[tuple[int, str]]:
    """The start and the terminal text of each span (ordered, disjoint cells) of a strip."""
    segments = list(strip)
    if strip.cell_length != sum(len(segment.text) for segment in segments):
        for left, right in spans:
            crop = strip.crop(left, right)
            yield (
                left,
                "".join(Strip.render_style(s.style, s.text, system) if s.style else s.text for s in crop),
            )
        return
    index = start = 0
    for left, right in spans:
        while index < len(segments) and start + len(segments[index].text) <= left:
            start += len(segments[index].text)
            index += 1
        parts, at, here = [], start, index
        while here < len(segments) and at < right:
            text, style, _ = segments[here]
            part = text[max(0, left - at) : right - at]
            parts.append(Strip.render_style(style, part, system) if style else part)
            at += len(text)
            here += 1
        yield left, "".join(parts)


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
