"""What a sample's lines say, read a second time by the plainest means and a rule written by hand."""

import csv
import io
import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

RULES: dict[str, dict[str, Any]] = json.loads(Path(__file__).with_name("expected.json").read_text())
_UNITS = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}
_WORDS = {
    **{word: word for word in ("trace", "debug", "info", "warning", "error", "critical")},
    "warn": "warning",
    "fatal": "critical",
}


class Expected(NamedTuple):
    time: float | None
    level: str | None
    message: str


def expected(data: bytes, rule: dict[str, Any]) -> list[Expected]:
    """The records of a file by its rule."""
    kind = rule["kind"]
    text = data.decode("utf-8", "replace")
    if kind == "text":
        return list(_texts(text, rule))
    if kind == "csv":
        rows = csv.reader(io.StringIO(text))
        return [_keyed({str(at): value for at, value in enumerate(row)}, rule) for row in rows]
    if kind == "export":
        return [_keyed(block, rule) for block in _blocks(data)]
    lines = text.split("\n")[:-1]
    if kind == "docker":
        lines = "".join(json.loads(line)["log"] for line in lines).split("\n")[:-1]
    elif kind == "cri":
        parts = [line.split(" ", 3) for line in lines]
        lines = "".join(part[3] + ("\n" if part[2] == "F" else "") for part in parts).split("\n")[:-1]
    found = [json.loads(line) for line in lines]
    if kind == "otlp":
        found = [
            record
            for line in found
            for resource in line["resourceLogs"]
            for scope in resource["scopeLogs"]
            for record in scope["logRecords"]
        ]
    return [_keyed(one, rule) for one in found]


def _texts(text: str, rule: dict[str, Any]) -> Iterator[Expected]:
    begun = False
    for line in text.split("\n")[:-1]:
        head = re.match(rule["head"], line)
        if head is None:
            continue
        groups = head.groupdict()
        if begun and "below" in rule and re.match(rule["below"], line):
            continue
        begun = True
        message = groups.get("message") or groups.get("message2") or ""
        yield Expected(_stamp(groups.get("time"), rule), _level(groups.get("level"), rule), message.strip())


def _stamp(text: str | None, rule: dict[str, Any]) -> float | None:
    if text is None or not rule["time"]:
        return None
    moment = datetime.strptime(text, rule["time"])  # noqa: DTZ007 - the zone follows
    if "year" in rule:
        moment = moment.replace(year=rule["year"])
    if moment.tzinfo is None and rule.get("zone") == "utc":
        moment = moment.replace(tzinfo=UTC)
    return moment.timestamp()


def _level(word: str | None, rule: dict[str, Any]) -> str | None:
    levels = rule.get("levels", {})
    if levels is None or word is None:
        return None
    return levels[word] if word in levels else _WORDS[word.lower()]


def _keyed(found: dict[str, Any], rule: dict[str, Any]) -> Expected:
    level = _first(found, rule["level"])
    levels = rule.get("levels") or {}
    if level is None:
        level = "" if "" in levels else None
    message = _first(found, rule["message"])
    if isinstance(message, list):
        message = bytes(message).decode("utf-8", "replace")
    if rule.get("rendered"):
        message = re.sub(r"\{(\w+)\}", lambda match: str(found[match[1]]), message)
    return Expected(
        _time(found, rule), None if level is None else _level(str(level), rule), str(message).strip()
    )


def _time(found: dict[str, Any], rule: dict[str, Any]) -> float | None:
    for spec in (rule["time"] or "").split(" | "):
        path, _, form = spec.partition(":")
        value = _first(found, path) if path else None
        if value is None:
            continue
        if form in _UNITS:
            nanos = _first(found, rule["nanos"]) if "nanos" in rule else None
            return float(value) / _UNITS[form] + (nanos or 0) * 1e-9
        if form == "pg":
            return datetime.strptime(value, "%Y-%m-%d %H:%M:%S.%f UTC").replace(tzinfo=UTC).timestamp()
        return datetime.fromisoformat(value.replace(",", ".")).timestamp()
    return None


def _first(found: dict[str, Any], spec: str | None) -> Any:
    if spec is None:
        return None
    if " + " in spec:
        return " ".join(str(_first(found, path)) for path in spec.split(" + "))
    for path in spec.split(" | "):
        value: Any = found
        if path in found:
            return found[path]
        for key in path.split("."):
            value = value.get(key) if isinstance(value, dict) else None
        if value is not None:
            return value
    return None


def _blocks(data: bytes) -> Iterator[dict[str, str]]:
    """Blocks of the journal's export format, by a reader of streams."""
    stream = io.BytesIO(data)
    found: dict[str, str] = {}
    while line := stream.readline():
        name, sign, value = line.rstrip(b"\n").partition(b"=")
        if not name:
            yield found
            found = {}
            continue
        if not sign:
            value = stream.read(int.from_bytes(stream.read(8), "little"))
            stream.read(1)
        found[name.decode()] = value.decode("utf-8", "replace")
    if found:
        yield found
