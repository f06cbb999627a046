"""Details that are fetched only while somebody looks at them."""

from dataclasses import dataclass

from collectors.model.quantity import Quantity
from collectors.text import Shown


@dataclass(frozen=True, slots=True)
class DetailSpec:
    """A detail that a collector can give of a subject: its name in commands, its title."""

    name: str
    title: str
    meaning: str


@dataclass(frozen=True, slots=True)
class Detail:
    """A small table of facts. Every row has as many values as there are columns.

    ``indent`` holds a depth for each row where the rows form a tree, else it is empty.
    """

    spec: DetailSpec
    columns: tuple[str, ...]
    rows: tuple[tuple[Shown | Quantity, ...], ...]
    note: Shown = Shown("")
    indent: tuple[int, ...] = ()
