"""A budget beside what was measured, and the table that prints them."""

import os
import platform
from collections.abc import Iterable
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Figure:
    """One line: what, its budget, ours, and a peer or the bare library in the same run.

    ``met`` is None where there is no budget, or where it could not be measured.
    """

    what: str
    budget: str
    ours: str
    beside: str = ""
    met: bool | None = None


def machine() -> str:
    """Where the figures are from, in one line."""
    load, kernel = os.getloadavg()[0], platform.release().partition("-")[0]
    return (
        f"{_processor()}, {os.cpu_count()} cores (load {load:.1f}), Linux {kernel}, "
        f"Python {platform.python_version()}, Textual {version('textual')}"
    )


def table(figures: Iterable[Figure]) -> str:
    """The figures as a Markdown table."""
    head = ("what", "budget", "measured", "beside", "")
    rows = [head, *((f.what, f.budget, f.ours, f.beside, _verdict(f)) for f in figures)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(head))]
    lines = []
    for row in rows:
        cells = [cell.ljust(width) for cell, width in zip(row, widths, strict=True)]
        lines.append(f"| {' | '.join(cells)} |")
    rule = f"|{'|'.join('-' * (width + 2) for width in widths)}|"
    return "\n".join([lines[0], rule, *lines[1:]])


def _verdict(figure: Figure) -> str:
    return {True: "met", False: "missed", None: ""}[figure.met]


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()
