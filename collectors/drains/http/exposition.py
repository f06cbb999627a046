"""The text format of Prometheus and OpenMetrics: the samples of a few names, strictly; pure."""

import re
from collections.abc import Container, Mapping
from dataclasses import dataclass

_NAME = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*")
_LABEL = re.compile(r'\s*([a-zA-Z_]\w*)\s*=\s*"((?:[^"\\\n]|\\["\\n])*)"\s*(?:,|$)', re.ASCII)
_LINE = re.compile(
    r"(?P<name>[a-zA-Z_:][a-zA-Z0-9_:]*)"
    r'\s*(?:\{(?P<labels>(?:[^"{}\\]|"(?:[^"\\]|\\.)*")*)\})?'
    r"\s+(?P<value>\S+)(?:\s+-?[0-9.]+)?\s*(?:#.*)?"
)
_ESCAPES = {'\\"': '"', "\\\\": "\\", "\\n": "\n"}
_ESCAPED = re.compile(r'\\["\\n]')

LONGEST_LINE = 16 * 1024
"""Characters of a line that are looked at; no exporter writes longer ones."""


class ExpositionError(ValueError):
    """A body that is not of this format; the message says where."""


@dataclass(frozen=True, slots=True)
class Sample:
    """One line: labels by name, and the value as it is written ("NaN" and "+Inf" included)."""

    labels: Mapping[str, str]
    value: float


def samples(text: str, wanted: Container[str], *, cut: bool = False) -> dict[str, list[Sample]]:
    """Samples by metric name, of the ``wanted`` names alone; raises ExpositionError.

    Of a body that was ``cut`` off the metric in the middle is left out: its sum would be too small.
    """
    found: dict[str, list[Sample]] = {}
    last = ""
    lines = text.split("\n")
    for number, line in enumerate(lines[:-1] if cut else lines, 1):
        if not line.strip() or line.startswith("#"):
            continue
        match = _NAME.match(line)
        if match is None:
            raise ExpositionError(f"line {number} is not a metric")
        last = match[0]
        if last in wanted:
            found.setdefault(last, []).append(_sample(line, number))
    if cut:
        found.pop(last, None)
    return found


def _sample(line: str, number: int) -> Sample:
    match = _LINE.fullmatch(line) if len(line) <= LONGEST_LINE else None
    if match is None:
        raise ExpositionError(f"line {number} cannot be read")
    try:
        value = float(match["value"].replace("_", "x"))
    except ValueError:
        raise ExpositionError(f"line {number} has no number") from None
    return Sample(_labels(match["labels"] or "", number), value)


def _labels(text: str, number: int) -> dict[str, str]:
    labels: dict[str, str] = {}
    at = 0
    text = text.strip()
    while at < len(text):
        match = _LABEL.match(text, at)
        if match is None:
            raise ExpositionError(f"the labels of line {number} cannot be read")
        labels[match[1]] = _ESCAPED.sub(lambda escape: _ESCAPES[escape[0]], match[2])
        at = match.end()
    return labels
