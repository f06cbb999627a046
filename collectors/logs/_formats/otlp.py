"""OTLP/JSON lines: one line holds the records of several resources and scopes.

The shape is that of opentelemetry-proto's ``LogsData`` in its JSON mapping, as the collector's file
exporter writes it: ``traceId`` in hexadecimal, 64-bit integers as text.
"""

from itertools import groupby
from typing import Any

import msgspec

FIRST = b'{"resourceLogs"'
MOST_RECORDS = 1024
"""Records of one line that become records of their own; the rest stays with the last."""

_ROOM = 4 * 1024 * 1024
"""Bytes that the records of one line may have together, each with its resource and scope."""

_DEEPEST = 16


class _Scope(msgspec.Struct, eq=False):
    scope: msgspec.Raw = msgspec.Raw(b"{}")
    logRecords: list[msgspec.Raw] = []  # noqa: N815 - the protocol's name


class _Resource(msgspec.Struct, eq=False):
    resource: msgspec.Raw = msgspec.Raw(b"{}")
    scopeLogs: list[_Scope] = []  # noqa: N815 - the protocol's name


class _Line(msgspec.Struct):
    resourceLogs: list[_Resource]  # noqa: N815 - the protocol's name


_DECODE = msgspec.json.Decoder(_Line).decode
_Part = tuple[_Resource, _Scope, msgspec.Raw]


def split(line: bytes) -> list[bytes]:
    """The line as lines of one record each; itself where it has one, or cannot be read.

    Where they would be too many or too long, the last holds all the others.
    """
    try:
        found = _DECODE(line)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return [line]
    parts = [
        (resource, scope, record)
        for resource in found.resourceLogs
        for scope in resource.scopeLogs
        for record in scope.logRecords
    ]
    if len(parts) < 2:
        return [line]
    lines: list[bytes] = []
    room = _ROOM
    for at, part in enumerate(parts):
        if room <= 0 or at >= MOST_RECORDS:
            lines.append(_line_of(parts[at:]))
            break
        lines.append(_line_of([part]))
        room -= len(lines[-1])
    return lines


def _line_of(parts: list[_Part]) -> bytes:
    """A line of these records, each resource and scope as often as they change."""
    resources: list[bytes] = []
    for resource, of_resource in groupby(parts, key=lambda part: part[0]):
        scopes = [
            b'{"scope":%b,"logRecords":[%b]}'
            % (bytes(scope.scope), b",".join(bytes(record) for _, _, record in of_scope))
            for scope, of_scope in groupby(of_resource, key=lambda part: part[1])
        ]
        resources.append(b'{"resource":%b,"scopeLogs":[%b]}' % (bytes(resource.resource), b",".join(scopes)))
    return b'{"resourceLogs":[%b]}' % b",".join(resources)


def read(found: dict[str, Any]) -> dict[str, Any] | None:
    """The first record's fields, its attributes and its resource's on top; None where there is none.

    More records than one are counted in ``records.beyond``.
    """
    try:
        records = [
            (resource.get("resource") or {}, scope.get("scope") or {}, record)
            for resource in found["resourceLogs"]
            for scope in resource["scopeLogs"]
            for record in scope["logRecords"]
        ]
        resource, scope, record = records[0]
        up = {key: value for key, value in record.items() if key not in ("attributes", "body")}
        up["body"] = value_of(record.get("body"))
        if scope.get("name"):
            up["scope.name"] = scope["name"]
        for holder in (record, resource):
            for attribute in holder.get("attributes") or ():
                up.setdefault(attribute["key"], value_of(attribute["value"]))
    except (LookupError, TypeError, AttributeError):
        return None
    if len(records) > 1:
        up["records.beyond"] = len(records) - 1
    return up


def value_of(value: Any, depth: int = 0) -> Any:  # noqa: ANN401 - any value of JSON
    """An ``AnyValue`` as a plain value of JSON."""
    if not isinstance(value, dict) or not value or depth > _DEEPEST:
        return value
    kind, held = next(iter(value.items()))
    if kind == "intValue":
        short = isinstance(held, str) and len(held) < 21 and held.lstrip("-").isdecimal() and held.isascii()
        return int(held) if short else held
    if kind == "arrayValue" and isinstance(held, dict):
        return [value_of(one, depth + 1) for one in held.get("values") or ()]
    if kind == "kvlistValue" and isinstance(held, dict):
        return {
            str(one.get("key")): value_of(one.get("value"), depth + 1) for one in held.get("values") or ()
        }
    return held if kind.endswith("Value") else value
