"""Text made to fit: cleaned, measured in terminal cells, cut, padded."""

from rich.cells import cell_len, set_cell_size

from collectors.text import FIELD_LIMIT, Shown

ELLIPSIS = "…"

_ENOUGH = 8
"""Characters a cell that are looked at: more can only be combining ones."""

_TWINS = zip("…–—·●▲✖›‹◆◈▾▸▼│┊┃─━┿≥≈±█░▏×→\xa0", "~--.o!X><*#v>v|:|-=|>~~#.|x> ", strict=True)
_ASCII = str.maketrans(dict(_TWINS))


def clean(text: str) -> str:
    """Text without anything that a terminal would obey, capped; what is Shown comes back as it is."""
    if type(text) is Shown or (len(text) <= FIELD_LIMIT and text.isprintable()):
        return text
    return str(Shown(text))


def to_ascii(text: str) -> str:
    """Text for a terminal that is not UTF-8: our own signs by their twins, all others as ``?``."""
    if text.isascii():
        return text
    return text.translate(_ASCII).encode("ascii", "replace").decode("ascii")


def cut_end(text: str, width: int) -> str:
    """Text of at most ``width`` cells; what was cut off shows as an ellipsis."""
    if width <= 0:
        return ""
    if _fits(text, width):
        return text
    return set_cell_size(_head(text, width), width - 1).rstrip() + ELLIPSIS


def cut_middle(text: str, width: int) -> str:
    """Text of at most ``width`` cells; the middle goes first, since names differ at their ends."""
    if width < 4 or _fits(text, width):
        return cut_end(text, width)
    tail_width = (width - 1) // 2
    head = set_cell_size(_head(text, width), width - 1 - tail_width).rstrip()
    return head + ELLIPSIS + _tail(text, tail_width)


def pad(text: str, width: int, *, right: bool = False) -> str:
    """Text of exactly ``width`` cells; ``right`` puts the blanks before it."""
    missing = width - cell_len(text)
    if missing < 0:
        return set_cell_size(text, width)
    return " " * missing + text if right else text + " " * missing


def fold(text: str, width: int) -> list[str]:
    """Text in lines of at most ``width`` cells, broken at blanks where one is near the end."""
    lines: list[str] = []
    start = 0
    while width > 0 and start < len(text):
        head = text[start : start + width]
        while len(head) > 1 and cell_len(head) > width:
            head = head[:-1]
        blank = head.rfind(" ", len(head) // 2)
        if start + len(head) < len(text) and blank >= 0 and text[start + len(head)] != " ":
            head = head[: blank + 1]
        lines.append(head.rstrip())
        start += len(head)
        if text[start : start + 1] == " ":
            start += 1
    return lines or [""]


def _fits(text: str, width: int) -> bool:
    return len(text) <= _ENOUGH * width and cell_len(text) <= width


def _head(text: str, width: int) -> str:
    # Measuring all of a long text for a short cell would cost more than painting the screen.
    return text[: _ENOUGH * width]


def _tail(text: str, width: int) -> str:
    tail = text[-width:]
    while cell_len(tail) > width:
        tail = tail[1:]
    return tail
