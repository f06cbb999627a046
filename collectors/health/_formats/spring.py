"""Spring Boot Actuator: ``{"status": "DOWN", "components": {"db": {"status", "details"}}}``.

``details`` holds the components before 2.2; OUT_OF_SERVICE is readiness taken away; UNKNOWN comes with 200.
"""

from collections.abc import Iterator, Mapping

from collectors.health._parsed import Outcome, ParsedHealth, kept, outcome_of, part, text
from collectors.model.reading import Part
from collectors.text import one_line

_STATUS = ("UP", "DOWN", "OUT_OF_SERVICE", "UNKNOWN")
_DEPTH = 4


def parse(document: Mapping[str, object]) -> ParsedHealth | None:
    """Of a JSON object, None where it is of another format."""
    status = document.get("status")
    if status not in _STATUS or "checks" in document:
        return None
    return ParsedHealth(
        format="spring",
        outcome=outcome_of(status) or Outcome.SILENT,
        word=one_line(status, 40),
        parts=kept(_components(document, "", 0)),
    )


def _components(document: Mapping[str, object], above: str, depth: int) -> Iterator[Part]:
    components = document.get("components", document.get("details"))
    if not isinstance(components, Mapping) or depth >= _DEPTH:
        return
    for name, component in components.items():
        if not isinstance(component, Mapping) or "status" not in component:
            continue
        path = f"{above}{str(name)[:80]}"
        details = component.get("details")
        error = details.get("error") if isinstance(details, Mapping) else component.get("error")
        yield part(path, text(component.get("status")), text(error))
        yield from _components(component, f"{path}/", depth + 1)
