"""Trace ids in one form, 32 lower-case hexadecimal digits, whoever wrote them."""

import re

_LONGEST = 200
_HEX = re.compile(r"[0-9a-fA-F]{16,32}")
_XRAY = re.compile(r"(?:Self=[^;]{1,80};)?(?:Root=)?1-([0-9a-fA-F]{8})-([0-9a-fA-F]{24})(?:$|;)")
_PARENT = re.compile(r"[0-9a-fA-F]{2}-([0-9a-fA-F]{32})-[0-9a-fA-F]{16}-[0-9a-fA-F]{2}(?:$|-)")
_B3 = re.compile(r"([0-9a-fA-F]{16}|[0-9a-fA-F]{32})-[0-9a-fA-F]{16}(?:$|-[01d])")
_UUID = re.compile(r"[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}")
_DECIMAL = re.compile(r"[1-9][0-9]{0,19}")


def trace_id(value: object, *, decimal: bool = False) -> str | None:
    """The one form of a trace id; None for what is none, all zeros included.

    Understood are bare digits, ``0x…`` (OpenTelemetry's Python console), ``00-TRACE-SPAN-01``
    (traceparent), ``TRACE-SPAN-1`` (B3), ``projects/P/traces/TRACE`` and ``TRACE/SPAN;o=1`` (Google
    Cloud), ``Root=1-5759e988-bd862e3fe1be46a994272793`` (X-Ray), UUIDs. 16 digits stay 16, as 64-bit
    tracers write them. ``decimal``: digits are a decimal 64-bit number, as Datadog writes its ids.
    """
    if decimal or type(value) is int:
        return _of_decimal(value)
    if not isinstance(value, str) or not 16 <= len(value) <= _LONGEST:
        return None
    text = value.strip()
    if text.startswith("projects/"):
        text = text.rpartition("/traces/")[2]
    elif "/" in text:
        text = text.partition("/")[0]
    text = text.removeprefix("0x").removeprefix("0X")
    for form in (_XRAY, _PARENT, _B3):
        found = form.match(text)
        if found is not None:
            return _told("".join(found.groups()))
    if _UUID.fullmatch(text):
        return _told(text.replace("-", ""))
    return _told(text) if _HEX.fullmatch(text) else None


def is_decimal(name: str) -> bool:
    """Whether a field of this name holds a trace id as a decimal number: ``dd.trace_id``."""
    return name.startswith(("dd.", "dd_", "datadog."))


def _told(digits: str) -> str | None:
    digits = digits.lower()
    if not digits.strip("0"):
        return None
    return digits if len(digits) == 16 else digits.rjust(32, "0")


def _of_decimal(value: object) -> str | None:
    """A decimal number as 16 hexadecimal digits; 128-bit ids come in hexadecimal from Datadog too."""
    text = str(value) if type(value) is int and 2**32 <= value < 2**64 else value
    if not isinstance(text, str):
        return None
    if len(text) <= 20 and _DECIMAL.fullmatch(text) and int(text) < 2**64:
        return f"{int(text):016x}"
    return trace_id(text) if len(text) == 32 else None


def same_trace(one: str, other: str) -> bool:
    """Whether two ids in the one form mean one trace: a 64-bit id is the end of its 128-bit one."""
    return one == other or (len(one) != len(other) and one[-16:] == other[-16:])
