"""Option types of the health adapters."""

import re
from typing import Annotated

from pydantic import BeforeValidator

_SPAN = re.compile(r"\s*(\d{3})(?:\s*-\s*(\d{3}))?\s*")

HEALTHY_STATUS = frozenset(range(200, 300))
"""Status codes that mean "healthy" unless configured; a redirect is a finding of its own."""


def parse_statuses(value: object) -> frozenset[int]:
    """Codes of ``"200-299, 429"``, ``204`` or a list of such; raises ValueError with an example."""
    if isinstance(value, (frozenset, list, tuple)) and value:
        return frozenset(code for item in value for code in parse_statuses(item))
    if isinstance(value, int) and not isinstance(value, bool):
        return _span(str(value))
    if isinstance(value, str) and value:
        return frozenset(code for item in value.split(",") for code in _span(item))
    raise ValueError('must be status codes such as "200-299, 429"')


def _span(text: str) -> frozenset[int]:
    match = _SPAN.fullmatch(text)
    if match is None:
        raise ValueError('must be status codes such as "200-299, 429"')
    first, last = int(match[1]), int(match[2] or match[1])
    if not 100 <= first <= last <= 599:
        raise ValueError("status codes go from 100 to 599")
    return frozenset(range(first, last + 1))


Statuses = Annotated[frozenset[int], BeforeValidator(parse_statuses)]
