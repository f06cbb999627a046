"""Names of levels in questions and in answers."""

from collectors.logs._formats.severity import NAMES
from collectors.model.logs import Severity

STEP = 4
"""Severities of one level on OpenTelemetry's scale."""


def level_of(name: str) -> Severity | None:
    """The level that a name means, in any case: ``warn`` and ``WARNING`` alike; single letters are none."""
    return NAMES.get(name.lower()) if len(name) > 1 else None


def word_of(severity: int | None) -> str | None:
    """One of trace, debug, info, warning, error, critical; None where there is no level."""
    return None if severity is None else Severity(1 + STEP * min(5, (severity - 1) // STEP)).word
