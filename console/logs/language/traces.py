"""Trace ids in one form, 32 lower-case hexadecimal digits, whoever wrote them.

Bare digits, ``0x…`` (OpenTelemetry's Python console), ``00-TRACE-SPAN-01`` (traceparent),
``projects/P/traces/TRACE`` (Google Cloud), ``1-5759e988-bd862e3fe1be46a994272793`` (X-Ray).
"""

import re

_XRAY = re.compile(r"(?:Root=)?1-([0-9a-f]{8})-([0-9a-f]{24})", re.IGNORECASE)
_PARENT = re.compile(r"[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}", re.IGNORECASE)
_HEX = re.compile(r"[0-9a-f]{16,32}", re.IGNORECASE)


def trace_id(text: str) -> str:
    """The one form; 16 digits stay 16; empty for what is no trace id."""
    text = text.strip()
    if len(text) > 200:
        return ""
    text = text.rpartition("/")[2].partition(";")[0]
    if (found := _XRAY.match(text)) is not None:
        return (found[1] + found[2]).lower()
    if (found := _PARENT.fullmatch(text)) is not None:
        return found[1].lower()
    text = text.removeprefix("0x")
    if len(text) == 36:
        text = text.replace("-", "")
    return text.lower() if _HEX.fullmatch(text) else ""
