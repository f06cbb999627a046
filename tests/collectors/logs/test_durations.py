"""Durations: texts of all kinds, units by the field's name, by the logger, or not at all."""

import pytest

from collectors.lines.durations import is_span, of_text, of_value, unit_by_name
from collectors.lines.facts import detect, facts


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        *(("41.424799ms", 0.041424799), ("1m3.5s", 63.5), ("1h2m3s", 3723.0), ("50µs", 5e-5), ("50us", 5e-5)),
        *(("PT0.04S", 0.04), ("PT1H2M3.5S", 3723.5), ("P1DT1S", 86_401.0), ("-1.5s", -1.5), ("+2s", 2.0)),
        *(("0:00:00.041424", 0.041424), ("00:00:00.0414248", 0.0414248), ("1.02:03:04", 93_784.0)),
        *(("1 day, 0:00:01", 86_401.0), ("12 ms", 0.012), ("0.041 seconds", 0.041), ("3 min", 180.0)),
        *(("41424799ns", 0.041424799), ("0s", 0.0), (" 5s ", 5.0), ("2 hours", 7200.0), ("0.12s", 0.12)),
    ],
)
def test_texts(text: str, seconds: float) -> None:
    assert of_text(text) == pytest.approx(seconds, rel=1e-12)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "5",
        "41.4",
        "ms",
        "5 apples",
        "5ms!",
        "P",
        "PT",
        "P1Y",
        "1:2",
        "12:30",
        "s5",
        "5s5",
        "²s",
        "1" * 70 + "s",
    ],
)
def test_what_is_no_duration(text: str) -> None:
    assert of_text(text) is None


@pytest.mark.parametrize(
    ("name", "unit"),
    [
        *(
            ("duration_ms", 1e-3),
            ("elapsed_us", 1e-6),
            ("latencyNs", 1e-9),
            ("took_millis", 1e-3),
            ("durationMs", 1e-3),
        ),
        *(
            ("duration_seconds", 1.0),
            ("uptime_s", 1.0),
            ("ElapsedMilliseconds", 1e-3),
            ("timeInMillis", 1e-3),
        ),
        *(
            ("http.server.duration_ms", 1e-3),
            ("wait-usec", 1e-6),
            ("total_time_nanos", 1e-9),
            ("ttl_minutes", 60.0),
        ),
        *(
            ("status", None),
            ("items", None),
            ("user_s", None),
            ("ms", None),
            ("duration", None),
            ("class", None),
        ),
        *(("forms", None), ("address", None), ("elapsed", None), ("events", None)),
    ],
)
def test_units_by_the_fields_own_name(name: str, unit: float | None) -> None:
    assert unit_by_name(name) == unit


@pytest.mark.parametrize(
    "name", ["duration", "request_time", "latencyMs", "db_duration", "retry_delay", "took"]
)
def test_names_of_durations(name: str) -> None:
    assert is_span(name)


@pytest.mark.parametrize(
    "name", ["time", "start_time", "status", "created", "age_group", "times", "daytime", ""]
)
def test_names_of_other_things(name: str) -> None:
    assert not is_span(name)


FOUR_WAYS = {
    "zap": b'{"level":"warn","ts":1795460022.4,"caller":"a.go:5","msg":"slow","elapsed":0.041424799}',
    "zerolog": b'{"level":"warn","elapsed":41.424799,"time":"2026-11-23T18:53:42Z","message":"slow"}',
    "slog": b'{"time":"2026-11-23T18:53:42.4Z","level":"WARN","msg":"slow","elapsed":41424799}',
    "logrus": b'{"elapsed":41424799,"level":"warning","msg":"slow","time":"2026-11-23T18:53:42Z"}',
    "slog text": b"time=2026-11-23T18:53:42.4Z level=WARN msg=slow elapsed=41.424799ms",
    "pino": b'{"level":40,"time":1795460022400,"pid":1,"hostname":"h","responseTime":41.424799,"msg":"slow"}',
    "ECS": b'{"@timestamp":"2026-11-23T18:53:42Z","ecs.version":"1","event.duration":41424799}',
    "GCP": b'{"severity":"WARNING","message":"slow","httpRequest":{"latency":"0.041424799s"}}',
    "a name's own unit": b'{"level":"warn","message":"slow","duration_ms":41.424799}',
    "a number as text": b'{"request":"GET /","status":"200","request_time":"0.041424799"}',
    "logfmt": b"level=warn msg=slow duration_us=41424.799",
    "Java": b'{"level":"WARN","message":"slow","elapsed":"PT0.041424799S"}',
    "PostgreSQL": b"2026-11-23 18:53:42.000 UTC [7] LOG:  duration: 41.424799 ms  statement: select 1",
    "Heroku": b"2026-11-23T18:53:42+00:00 heroku[router]: at=info dyno=w.1 connect=1ms service=41.424799ms",
}


@pytest.mark.parametrize("way", FOUR_WAYS)
def test_one_duration_however_it_is_written(way: str) -> None:
    line = FOUR_WAYS[way]
    assert facts(line, detect([line])).duration == pytest.approx(0.041424799, rel=1e-12)


def test_a_bare_number_of_an_unknown_logger_has_no_unit() -> None:
    line = b'{"level":"warn","message":"slow","duration":41}'
    profile = detect([line])
    assert profile.unit_of("duration") is None
    assert facts(line, profile).duration is None
    assert facts(line, profile).fields["duration"] == 41


def test_values_that_are_no_durations() -> None:
    values: tuple[object, ...] = (
        *(True, None, [], {}, "x", "1e999", float("inf"), float("nan"), {"seconds": "x"}, 10**400),
    )
    for value in values:
        assert of_value(value, 1.0) is None
    assert of_value({"seconds": 2, "nanos": 500_000_000}, None) == 2.5
    assert of_value({"repr": "0:00:00.02", "seconds": 0.02}, None) == 0.02
    assert of_value(41424799, 1e-9) == 0.041424799
    assert of_value("41424799", 1e-9) == 0.041424799
