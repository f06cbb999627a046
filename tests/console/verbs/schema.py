"""The JSON of `check` and `show` as the README promises it, checked field by field."""

import re
from typing import Any
from urllib.parse import quote_from_bytes, unquote_to_bytes

from collectors.model.practice import Practice
from collectors.transport.servers.state import Fault, Phase

LEVELS = {"none", "ok", "warning", "critical", "unknown"}
FRESHNESS = {"never ran", "live", "stale", "failed", "gone"}
UNITS = {"s", "B", "1/s", "ratio", "count"}
KNOWN = {"exact", "about", "at least"}
UNKNOWN = {"unknown", "needs 2 samples"}
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")

REPORT = {"format", "environment", "level", "readings", "failures", "verdicts", "servers"}
READING = {
    *("practice", "service", "instance", "collector", "subject", "key", "level", "because"),
    *("freshness", "taken", "word", "note", "quantities"),
}
FAILURE = {"collector", "instance", "practice", "service", "why", "hint", "since"}
VERDICT = {"level", "rule", "service", "practice", "because", "evidence", "press", "subject", "since"}
SERVER = {"name", "way", "phase", "fault", "why", "hint", "by_hand"}


def check_report(told: Any) -> None:
    """Raise AssertionError where a report is not of format 1."""
    assert told.keys() == REPORT
    assert told["format"] == 1
    assert isinstance(told["environment"], str)
    assert told["level"] in LEVELS
    for reading in told["readings"]:
        _reading(reading)
    for failure in told["failures"]:
        _failure(failure)
    for verdict in told["verdicts"]:
        _verdict(verdict)
    for server in told["servers"]:
        _server(server)


def _texts(table: dict[str, Any], *names: str) -> None:
    for name in names:
        assert isinstance(table[name], str), name


def _percent_encoded(key: str) -> bool:
    return quote_from_bytes(unquote_to_bytes(key), safe="") == key


def _reading(reading: dict[str, Any]) -> None:
    assert reading.keys() == READING
    assert reading["practice"] in set(Practice)
    assert reading["level"] in LEVELS
    assert reading["freshness"] in FRESHNESS
    assert TIME.fullmatch(reading["taken"])
    assert _percent_encoded(reading["key"])
    _texts(reading, "service", "instance", "collector", "subject", "because", "word", "note")
    for name, quantity in reading["quantities"].items():
        _quantity(name, quantity)


def _quantity(name: str, quantity: dict[str, Any]) -> None:
    assert quantity.keys() - {"margin"} == {"value", "unit", "known"}, name
    assert quantity["unit"] in UNITS, name
    if quantity["value"] is None:
        assert quantity["known"] in UNKNOWN, name
    else:
        assert quantity["known"] in KNOWN, name
        assert type(quantity["value"]) in (int, float), name
    if "margin" in quantity:
        assert quantity["known"] == "about", name


def _failure(failure: dict[str, Any]) -> None:
    assert failure.keys() == FAILURE
    assert failure["practice"] in set(Practice)
    assert TIME.fullmatch(failure["since"])
    assert failure["why"]
    _texts(failure, "collector", "instance", "service", "why", "hint")


def _verdict(verdict: dict[str, Any]) -> None:
    assert verdict.keys() == VERDICT
    assert verdict["level"] in LEVELS
    assert verdict["practice"] in set(Practice)
    assert all(isinstance(line, str) for line in verdict["evidence"])
    assert verdict["subject"] is None or _percent_encoded(verdict["subject"])
    assert verdict["since"] is None or TIME.fullmatch(verdict["since"])
    _texts(verdict, "rule", "service", "because", "press")


def _server(server: dict[str, Any]) -> None:
    assert server.keys() == SERVER
    assert server["phase"] in set(Phase)
    assert server["fault"] in set(Fault)
    assert server["way"] in {"ssh", "kubectl", "docker"}
    _texts(server, *SERVER)
