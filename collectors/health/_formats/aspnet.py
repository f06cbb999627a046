"""ASP.NET Core's UI writer: ``{"status": "Degraded", "totalDuration": "00:00:00.1", "entries": {…}}``."""

from collections.abc import Mapping

from collectors.health._durations import duration
from collectors.health._parsed import Outcome, ParsedHealth, kept, outcome_of, part, text
from collectors.model.quantity import Unit, exact_or_unknown
from collectors.model.reading import Part
from collectors.text import one_line

_STATUS = ("Healthy", "Degraded", "Unhealthy")


def parse(document: Mapping[str, object]) -> ParsedHealth | None:
    """Of a JSON object, None where it is of another format."""
    status = document.get("status")
    entries = document.get("entries", document.get("results"))
    if status not in _STATUS or not isinstance(entries, Mapping):
        return None
    parts = (_entry(name, entry) for name, entry in entries.items() if isinstance(entry, Mapping))
    return ParsedHealth(
        format="aspnet",
        outcome=outcome_of(status) or Outcome.SILENT,
        word=one_line(status, 40),
        parts=kept(parts),
    )


def _entry(name: object, entry: Mapping[str, object]) -> Part:
    why = text(entry.get("exception")) or text(entry.get("description"))
    took = exact_or_unknown(duration(text(entry.get("duration"))), Unit.SECONDS)
    return part(name, text(entry.get("status")), why, took if took.is_known else None)
