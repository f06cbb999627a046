"""NestJS terminus and @godaddy/terminus: ``{"status": "ok", "info": {…}, "error": {…}, "details": {…}}``.

NestJS says ok, error, degraded or shutting_down; a detail is ``{"status": "up" | "down", "message"}``.
godaddy's details are free; with ``sendFailuresDuringShutdown`` it answers error while it shuts down.
"""

from collections.abc import Iterator, Mapping

from collectors.health._parsed import Outcome, ParsedHealth, kept, outcome_of, part, text
from collectors.model.reading import Part
from collectors.text import one_line

_STATUS = ("ok", "error", "degraded", "shutting_down")


def parse(document: Mapping[str, object]) -> ParsedHealth | None:
    """Of a JSON object, None where it is of another format."""
    status = document.get("status")
    if status not in _STATUS or not {"info", "error", "details"} & document.keys():
        return None
    return ParsedHealth(
        format="terminus",
        outcome=outcome_of(status) or Outcome.SILENT,
        word=one_line(status, 40),
        parts=kept(_details(document)),
    )


def _details(document: Mapping[str, object]) -> Iterator[Part]:
    told: dict[object, object] = {}
    for group in ("info", "details", "error"):
        found = document.get(group)
        if isinstance(found, Mapping):
            told.update(found)
    for name, detail in told.items():
        if isinstance(detail, Mapping):
            why = text(detail.get("message", detail.get("error")))
            yield part(name, text(detail.get("status")), why)
        elif outcome_of(detail) is not None:
            yield part(name, detail)
