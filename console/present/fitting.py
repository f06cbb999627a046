"""Tables on narrow screens: the columns that matter least leave."""

from collections.abc import Sequence
from dataclasses import replace

from widgets.cell import Column, Row

GAP = 1
"""Cells after each column, and before the first one."""

LEAST = 12
"""Cells to which a column of names or sentences may shrink where nothing is left that could leave."""


def fitted(
    columns: Sequence[Column], rows: Sequence[Row], give_way: Sequence[str], width: int
) -> tuple[tuple[Column, ...], tuple[Row, ...]]:
    """The table without as many columns of ``give_way``, in its order, as it takes to fit ``width`` cells."""
    kept = list(range(len(columns)))
    for key in give_way:
        if sum(columns[place].width + GAP for place in kept) <= width:
            break
        kept = [place for place in kept if columns[place].key != key]
    left = [columns[place] for place in kept]
    # Sentences shrink before names: the line below the table repeats them.
    for place in sorted(range(len(left)), key=lambda place: (not left[place].grow, -left[place].width)):
        over = sum(column.width + GAP for column in left) - width
        if over > 0 and not left[place].right:
            least = min(left[place].width, LEAST)
            left[place] = replace(left[place], width=max(least, left[place].width - over))
    return tuple(left), tuple(replace(row, cells=tuple(row.cells[place] for place in kept)) for row in rows)
