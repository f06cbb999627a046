"""The IETF draft api-health-check: ``application/health+json``, status pass, warn or fail.

``checks`` maps "component:measurement" to a list of objects with status, observedValue, observedUnit, output.
"""

from collections.abc import Iterator, Mapping

from collectors.health._parsed import ParsedHealth, kept, number, outcome_of, part, text
from collectors.model.quantity import Quantity, Unit, exact
from collectors.model.reading import Part
from collectors.text import one_line

_OWN = frozenset({"releaseId", "serviceId", "notes", "output", "links"})
_UNITS = {
    "ms": (Unit.SECONDS, 1e-3),
    "s": (Unit.SECONDS, 1.0),
    "percent": (Unit.RATIO, 1e-2),
    "%": (Unit.RATIO, 1e-2),
    "bytes": (Unit.BYTES, 1.0),
    "B": (Unit.BYTES, 1.0),
    "": (Unit.COUNT, 1.0),
}


def parse(document: Mapping[str, object], content_type: str) -> ParsedHealth | None:
    """Of a JSON object, None where it is of another format."""
    status, checks = document.get("status"), document.get("checks")
    outcome = outcome_of(status)
    shape = isinstance(checks, Mapping) and any(isinstance(check, list) for check in checks.values())
    ours = "health+json" in content_type or status in ("pass", "warn", "fail") or shape
    if outcome is None or not (ours or _OWN & document.keys()):
        return None
    return ParsedHealth(
        format="ietf",
        outcome=outcome,
        word=one_line(status, 40),
        parts=kept(_checks(checks)),
        note=one_line(text(document.get("output")), 160),
    )


def _checks(checks: object) -> Iterator[Part]:
    if not isinstance(checks, Mapping):
        return
    for name, found in checks.items():
        for check in found[:20] if isinstance(found, list) else [found]:
            if isinstance(check, Mapping):
                yield part(name, text(check.get("status")), text(check.get("output")), _observed(check))


def _observed(check: Mapping[str, object]) -> Quantity | None:
    value = number(check.get("observedValue"))
    known = _UNITS.get(text(check.get("observedUnit")))
    return exact(value * known[1], known[0]) if value is not None and known else None
