"""MicroProfile Health: ``{"status": "UP", "checks": [{"name", "status", "data"}]}``."""

from collections.abc import Mapping

from collectors.health._parsed import Outcome, ParsedHealth, kept, outcome_of, part, text
from collectors.model.reading import Part
from collectors.text import one_line


def parse(document: Mapping[str, object]) -> ParsedHealth | None:
    """Of a JSON object, None where it is of another format."""
    status, checks = document.get("status"), document.get("checks")
    if status not in ("UP", "DOWN") or not isinstance(checks, list):
        return None
    parts = (_check(check) for check in checks[:1000] if isinstance(check, Mapping))
    return ParsedHealth(
        format="microprofile",
        outcome=outcome_of(status) or Outcome.SILENT,
        word=one_line(status, 40),
        parts=kept(parts),
    )


def _check(check: Mapping[str, object]) -> Part:
    data = check.get("data")
    why = (
        text(data.get("error", data.get("message", data.get("reason")))) if isinstance(data, Mapping) else ""
    )
    return part(text(check.get("name")), text(check.get("status")), why)
