"""The last net before the terminal: no segment carries a control character, whatever a widget let through."""

from functools import lru_cache

from rich.cells import cell_len, set_cell_size
from rich.segment import Segment
from textual.color import Color
from textual.filter import LineFilter

from collectors.text import Shown


class ControlFilter(LineFilter):
    """Replaces control, bidi and surrogate characters by visible marks, at the width that was laid out.

    It stands behind ``collectors.text``, not in its place: what it has to change is a fault elsewhere,
    so it keeps the layout and not every mark.
    """

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:  # noqa: ARG002 - textual's signature
        """Segments as they are when clean, which costs one check each; else cleaned copies."""
        for text, style, _ in segments:
            if not text.isprintable() or (style is not None and style.link):
                return [_cleaned(segment) for segment in segments]
        return segments


def _cleaned(segment: Segment) -> Segment:
    text, style, control = segment
    if style is not None and style.link and not _is_plain(style.link):
        style = style.update_link(None)
    return Segment(text if text.isprintable() else _marked(text), style, control)


@lru_cache(256)
def _marked(text: str) -> str:
    return set_cell_size(Shown(text, 2 * len(text) + 8), cell_len(text))


@lru_cache(256)
def _is_plain(link: str) -> bool:
    return link.isascii() and link.isprintable()
