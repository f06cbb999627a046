"""The same facts as lines of text: for pipes, screen readers and terminals that can do nothing."""

from collections.abc import Iterator, Mapping, Sequence

from collectors.model.level import Level
from collectors.model.practice import Practice
from console.engine.history import History
from console.engine.state import Snapshot
from console.present import fleet, needs, practice
from console.present.fold import fold_all
from console.settings import Service
from widgets.cell import Column, Row


def fleet_lines(snapshot: Snapshot, services: Mapping[str, Service]) -> Iterator[str]:
    """One line for each service and practice, and what needs somebody before them."""
    for need in needs.needs(snapshot, services):
        yield f"{need.level.upper()}: {need.service}: {need.text}"
    folds = fold_all(snapshot, services)
    for service in fleet.services_shown(folds, services):
        for shown in fleet.practices_shown(folds):
            folded = folds.get((service, shown))
            if folded is not None:
                yield f"{service} {shown}: {_word(folded.level)}: {fleet.sentence_of(folded, snapshot.now)}"


def practice_lines(snapshot: Snapshot, history: History, shown: Practice) -> Iterator[str]:
    """A practice's table as aligned text, without marks that only a colour would explain."""
    columns, rows = practice.table(snapshot, history, shown)
    yield from _table(columns, rows)


def changed_lines(before: Sequence[str], after: Sequence[str]) -> Iterator[str]:
    """The lines that are new or different, for one sentence for each change."""
    known = set(before)
    return (line for line in after if line not in known)


def _word(level: Level) -> str:
    return "no limit" if level is Level.NONE else str(level)


def _table(columns: Sequence[Column], rows: Sequence[Row]) -> Iterator[str]:
    level_names = [_word(row.cells[1].level) for row in rows]
    texts = [[cell.text for cell in row.cells] for row in rows]
    keep = [index for index, column in enumerate(columns) if column.key != "spark"]
    widths = {index: max([len(columns[index].title), *(len(row[index]) for row in texts)]) for index in keep}
    head = [f"{'level':<9}"] + [
        _aligned(columns[index].title, widths[index], columns[index].right) for index in keep
    ]
    yield "  ".join(head).rstrip()
    for level, row in zip(level_names, texts, strict=True):
        cells = [_aligned(row[index], widths[index], columns[index].right) for index in keep]
        yield "  ".join([f"{level:<9}", *cells]).rstrip()


def _aligned(text: str, width: int, right: bool) -> str:  # noqa: FBT001 - a plain fact
    return text.rjust(width) if right else text.ljust(width)
