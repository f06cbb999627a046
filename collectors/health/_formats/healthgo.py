"""hellofresh/health-go: ``{"status": "Partially Available", "failures": {…}, "component": {…}}``."""

from collections.abc import Mapping

from collectors.health._parsed import Outcome, ParsedHealth, kept, outcome_of, part, text
from collectors.text import one_line


def parse(document: Mapping[str, object]) -> ParsedHealth | None:
    """Of a JSON object, None where it is of another format."""
    status = document.get("status")
    outcome = outcome_of(status)
    if outcome is None or not {"failures", "component", "system"} & document.keys():
        return None
    failures = document.get("failures")
    found = failures.items() if isinstance(failures, Mapping) else ()
    parts = (part(name, "failed", text(why)) for name, why in found)
    return ParsedHealth(
        format="health-go", outcome=outcome or Outcome.SILENT, word=one_line(status, 40), parts=kept(parts)
    )
