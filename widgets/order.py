"""The order of a table's rows: trees that fold, and an order that holds still for a while."""

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from widgets.cell import Row


@dataclass(slots=True)
class _Node:
    row: Row
    children: list["_Node"] = field(default_factory=list)


def unfolded(rows: Iterable[Row]) -> tuple[Row, ...]:
    """The rows that show: without what stands below a closed fold, without repeated keys."""
    kept: list[Row] = []
    seen: set[Hashable] = set()
    hidden_below: int | None = None
    for row in rows:
        if hidden_below is not None and row.indent > hidden_below:
            continue
        hidden_below = row.indent if row.fold and not row.open else None
        if row.key not in seen:
            seen.add(row.key)
            kept.append(row)
    return tuple(kept)


def held(rows: Sequence[Row], places: Mapping[Hashable, int]) -> tuple[Row, ...]:
    """The rows in the order of ``places``; newcomers stand last among those of their parent."""
    ordered: list[Row] = []
    _flatten(_forest(rows), places, ordered)
    return tuple(ordered)


def _forest(rows: Iterable[Row]) -> list[_Node]:
    roots: list[_Node] = []
    path: list[_Node] = []
    for row in rows:
        while path and path[-1].row.indent >= row.indent:
            path.pop()
        node = _Node(row)
        (path[-1].children if path else roots).append(node)
        path.append(node)
    return roots


def _flatten(nodes: list[_Node], places: Mapping[Hashable, int], into: list[Row]) -> None:
    last = len(places)
    for node in sorted(nodes, key=lambda node: places.get(node.row.key, last)):
        into.append(node.row)
        if node.children:
            _flatten(node.children, places, into)
