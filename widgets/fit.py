"""Text made to fit: cleaned, measured in terminal cells, cut, padded."""

from rich.cells import cell_len, set_cell_size

from collectors.text import Shown

ELLIPSIS = "…"

_TWINS = zip("…–—·●▲✖›‹◆◈▾▸▼│┊┃─━┿≥≈±█░▏×→\xa0", "~--.o!X><*#v>v|:|-=|>~~#.|x> ", strict=True)
_ASCII = str.maketrans(dict(_TWINS))


def clean(text: str) -> str:
    """Text without anything that a terminal would obey; what is Shown already comes back as it is."""
    if text.isprintable() or type(text) is Shown:
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
    if cell_len(text) <= width:
        return text
    return set_cell_size(text, width - 1).rstrip() + ELLIPSIS


def cut_middle(text: str, width: int) -> str:
    """Text of at most ``width`` cells; the middle goes first, since names differ at their ends."""
    if width <= 0:
        return ""
    if cell_len(text) <= width:
        return text
    if width < 4:
        return cut_end(text, width)
    tail_width = (width - 1) // 2
    head = set_cell_size(text, width - 1 - tail_width).rstrip()
    return head + ELLIPSIS + _tail(text, tail_width)


def pad(text: str, width: int, *, right: bool = False) -> str:
    """Text of exactly ``width`` cells; ``right`` puts the blanks before it."""
    missing = width - cell_len(text)
    if missing < 0:
        return set_cell_size(text, width)
    return " " * missing + text if right else text + " " * missing


def fold(text: str, width: int) -> list[str]:
    """Text in lines of at most ``width`` cells, broken at blanks where one is near the end."""
    if width <= 0:
        return [""]
    lines: list[str] = []
    rest = text
    while cell_len(rest) > width:
        head = set_cell_size(rest, width)
        if head and not rest.startswith(head):
            head = head[:-1]
        head = head or rest[0]
        blank = head.rfind(" ", len(head) // 2)
        cut = blank + 1 if blank >= 0 else len(head)
        lines.append(rest[:cut].rstrip())
        rest = rest[cut:]
    lines.append(rest)
    return lines


def _tail(text: str, width: int) -> str:
    tail = text[-width:]
    while cell_len(tail) > width:
        tail = tail[1:]
    return tail
