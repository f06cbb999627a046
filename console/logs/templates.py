"""Lines with the same template: what stays when numbers, ids and hexadecimal digits are left out."""

from collections.abc import Iterable
from dataclasses import dataclass

from collectors.model.logs import LogRecord, Severity
from console.logs.asking.mining import template
from console.logs.ring import BETWEEN, KeptRecord

MOST = 1000
"""Templates that are counted apart; the rarest and oldest are then counted together."""

LONGEST = 300
"""Characters of a message that make its template."""

HOLE = "*"
"""What stands where lines differ."""

_REMEMBERED = 4096
_NEW_LINE = "␊"


@dataclass(slots=True)
class Group:
    """Lines of one template; ``first`` and ``last`` are times, UTC epoch seconds."""

    template: str
    count: int
    first: float
    last: float
    severity: Severity | None
    sample: LogRecord

    def fixed(self) -> str:
        """The longest piece that all lines of the group share: what to look for to see them."""
        pieces = [piece.strip() for piece in self.template.split(HOLE)]
        return max(pieces, key=len, default="")


def template_of(message: str) -> str:
    """The template of a message: its first line with a hole for each number and id."""
    return template(message[:LONGEST].partition(_NEW_LINE)[0])


class Templates:
    """Counts templates as records are told to it, in any order; bounded whatever comes.

    ``rest`` are lines of templates that were too many, ``began`` is the time of the oldest record.
    """

    def __init__(self, most: int = MOST) -> None:
        self.groups: dict[str, Group] = {}
        self.rest = 0
        self.lines = 0
        self.began: float | None = None
        self._most = most
        self._known: dict[str, str] = {}

    def add(self, records: Iterable[LogRecord]) -> None:
        """Count records."""
        known, groups = self._known, self.groups
        for record in records:
            text = record.text if type(record) is KeptRecord else record.message
            message = text[: LONGEST * 2].partition(BETWEEN)[0]
            template = known.get(message)
            if template is None:
                if len(known) >= _REMEMBERED:
                    known.clear()
                template = known[message] = template_of(message)
            group = groups.get(template)
            if group is None:
                self._begin(template, record)
            else:
                _join(group, record)
            self.lines += 1
            if self.began is None or record.time < self.began:
                self.began = record.time

    def since(self, moment: float) -> list[Group] | None:
        """The groups whose first line came at ``moment`` or later; None where nobody looked before."""
        if self.began is None or self.began >= moment:
            return None
        return [group for group in self.groups.values() if group.first >= moment]

    def _begin(self, template: str, record: LogRecord) -> None:
        if len(self.groups) >= self._most:
            ordered = sorted(self.groups.values(), key=lambda group: (group.count, group.last))
            for group in ordered[: max(1, self._most // 4)]:
                self.rest += group.count
                del self.groups[group.template]
        self.groups[template] = Group(template, 1, record.time, record.time, record.severity, record)


def _join(group: Group, record: LogRecord) -> None:
    group.count += 1
    if record.time >= group.last:
        group.last, group.sample = record.time, record
    elif record.time < group.first:
        group.first = record.time
    severity = record.severity
    if severity is not None and (group.severity is None or severity > group.severity):
        group.severity = severity
