"""Trace ids in one form, and the pivots that this allows."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors.lines.facts import detect, facts
from collectors.lines.traces import same_trace, trace_id

TRACE = "5759e988bd862e3fe1be46a994272793"

FORMS = {
    "plain": TRACE,
    "upper": TRACE.upper(),
    "OpenTelemetry's Python console": "0x" + TRACE,
    "traceparent": f"00-{TRACE}-53995c3f42cd8ad8-01",
    "a later traceparent": f"01-{TRACE}-53995c3f42cd8ad8-01-more",
    "X-Ray": "1-5759e988-bd862e3fe1be46a994272793",
    "X-Ray's header": "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995fc3f42cd8ad;Sampled=1",
    "X-Ray's header behind a balancer": "Self=1-1-2;Root=1-5759e988-bd862e3fe1be46a994272793",
    "Google Cloud": f"projects/my-shop/traces/{TRACE}",
    "Google's header": f"{TRACE}/67667974448284343;o=1",
    "B3 in one": f"{TRACE}-53995c3f42cd8ad8-1-05e3ac9a4f6e3b90",
    "UUID": "5759e988-bd86-2e3f-e1be-46a994272793",
    "padded": f" {TRACE} ",
}


@pytest.mark.parametrize("form", FORMS)
def test_every_form_is_one_form(form: str) -> None:
    assert trace_id(FORMS[form]) == TRACE


@pytest.mark.parametrize(
    "value",
    [
        *("", "x", "0" * 32, "0" * 16, "0x" + "0" * 32, "g" * 32, "12345", TRACE + "ab", "1-5759e988-bd86"),
        *(
            "true",
            None,
            True,
            [TRACE],
            {"id": TRACE},
            1,
            -5,
            2**70,
            "a" * 500,
            "projects/p/traces/",
            "-" * 36,
        ),
    ],
)
def test_what_is_no_trace_id(value: object) -> None:
    assert trace_id(value) is None


def test_decimal_ids_of_datadog_are_the_end_of_the_same_trace() -> None:
    low = int(TRACE[16:], 16)
    assert trace_id(str(low), decimal=True) == trace_id(low) == TRACE[16:]
    assert trace_id(TRACE, decimal=True) == TRACE
    assert same_trace(TRACE, trace_id(low) or "")
    assert same_trace("0" * 16 + TRACE[16:], TRACE[16:])
    assert not same_trace(TRACE, TRACE[:-1] + "0")
    assert trace_id("123", decimal=True) == "000000000000007b"
    assert trace_id(str(2**64), decimal=True) is None


@given(st.text(max_size=80))
def test_anything_is_none_or_the_one_form(text: str) -> None:
    found = trace_id(text)
    assert found is None or (len(found) in (16, 32) and found == found.lower() and trace_id(found) == found)


LINES = {
    "structlog": {"event": "x", "level": "info", "timestamp": "2026-11-23T18:53:42Z", "trace_id": TRACE},
    "OpenTelemetry": {"body": "x", "severity_number": 9, "trace_id": "0x" + TRACE},
    "OTLP": {
        "resourceLogs": [
            {"scopeLogs": [{"logRecords": [{"timeUnixNano": "1795460022000000000", "traceId": TRACE}]}]}
        ]
    },
    "ECS": {"@timestamp": "2026-11-23T18:53:42Z", "ecs.version": "1.6.0", "message": "x", "trace.id": TRACE},
    "ECS, nested": {"@timestamp": "2026-11-23T18:53:42Z", "ecs": {}, "message": "x", "trace": {"id": TRACE}},
    "GCP": {"severity": "INFO", "message": "x", "logging.googleapis.com/trace": f"projects/p/traces/{TRACE}"},
    "Lambda": {"level": "INFO", "message": "x", "xray_trace_id": "1-5759e988-bd862e3fe1be46a994272793"},
    "Serilog": {"@t": "2026-11-23T18:53:42Z", "@m": "x", "@tr": TRACE},
    "logback": {"message": "x", "level_value": 20000, "traceId": TRACE},
    "log4j2": {"message": "x", "loggerFqcn": "x", "contextMap": {"traceId": TRACE}},
    "GELF": {"short_message": "x", "_trace_id": TRACE},
    "a header": {"message": "x", "level": "info", "traceparent": f"00-{TRACE}-53995c3f42cd8ad8-01"},
}


@pytest.mark.parametrize("logger", LINES)
def test_one_trace_is_found_in_the_lines_of_all_loggers(logger: str) -> None:
    line = json.dumps(LINES[logger]).encode()
    assert facts(line, detect([line])).trace == TRACE


def test_one_trace_is_found_in_text_too() -> None:
    for line in (
        f"level=info msg=x trace_id={TRACE}".encode(),
        f"2026-11-23 18:53:42 [info     ] x    trace_id={TRACE}".encode(),
        f'<134>1 2026-11-23T18:53:42Z h a - - [x traceId="{TRACE}"] x'.encode(),
    ):
        assert facts(line, detect([line])).trace == TRACE


def test_datadogs_ids_pivot_to_the_others() -> None:
    line = json.dumps({"message": "x", "level": "info", "dd.trace_id": str(int(TRACE[16:], 16))}).encode()
    found = facts(line, detect([line])).trace
    assert found is not None
    assert same_trace(found, TRACE)
