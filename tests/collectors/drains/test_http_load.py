import json
from typing import Any

import pytest

from collectors.drains.http.exposition import ExpositionError, Sample, samples
from collectors.drains.http.load import Count, Load, Names, load_of, path_of

ENVOY = """envoy_http_downstream_rq_active{envoy_http_conn_manager_prefix="admin"} 1
envoy_http_downstream_rq_active{envoy_http_conn_manager_prefix="ingress"} 6"""
OWN = Names(own=frozenset({"/metrics", "/readyz"}))


def of(text: str, **more: Any) -> Load:
    return load_of(text.encode(), OWN, **more)


@pytest.mark.parametrize(
    ("line", "labels", "value"),
    [
        ("m 1", {}, 1),
        ("m 1.5e3 1700000000000", {}, 1500),
        ("m{} 3", {}, 3),
        ('m{a="b"} 3', {"a": "b"}, 3),
        ('m{a="b",c="d",} 3', {"a": "b", "c": "d"}, 3),
        ('m { a = "b" , c="d" } 3', {"a": "b", "c": "d"}, 3),
        (r'm{a="q\"u\\o\nte}, #"} 3', {"a": 'q"u\\o\nte}, #'}, 3),
        ('m_total 3 # {trace_id="x"} 1 1.5', {}, 3),
        ("m +Inf", {}, float("inf")),
        ("m -2", {}, -2),
    ],
)
def test_lines_as_the_formats_allow_them(line: str, labels: dict[str, str], value: float) -> None:
    name = "m_total" if line.startswith("m_total") else "m"
    assert samples(f"# HELP m x\n{line}\n# EOF\n", {name}) == {name: [Sample(labels, value)]}


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("m one", "line 1 has no number"),
        ("m 1_000", "line 1 has no number"),
        ("ok 1\nm", "line 2 cannot be read"),
        ('m{a="b} 3', "line 1 cannot be read"),
        ("m{a=b} 3", "the labels of line 1"),
        ('m{a="b" c="d"} 3', "the labels of line 1"),
        ("m 1 2 3", "line 1 cannot be read"),
        ("{} 3", "line 1 is not a metric"),
        ("<html>", "line 1 is not a metric"),
        ("m{" + 'a="b",' * 5000 + "} 1", "line 1 cannot be read"),
    ],
)
def test_what_is_no_such_line_is_refused_with_its_place(text: str, where: str) -> None:
    with pytest.raises(ExpositionError, match=where):
        samples(text, {"m"})


def test_what_nobody_asked_for_is_not_looked_into() -> None:
    assert samples("other{a=b} one\nm 3\n", {"m"}) == {"m": [Sample({}, 3)]}


def test_of_a_page_that_was_cut_the_metric_in_the_middle_is_left_out() -> None:
    assert samples("a 1\nm 2\nm 3\nm", {"a", "m"}, cut=True) == {"a": [Sample({}, 1)]}
    assert samples("a 1\nm 2\nm 3\nb", {"a", "m"}, cut=True) == {"a": [Sample({}, 1)]}
    assert samples("m 1\nother 2\noth", {"m"}, cut=True) == {"m": [Sample({}, 1)]}


def test_ten_thousand_hostile_quotes_take_no_time() -> None:
    with pytest.raises(ExpositionError):
        samples('m{a="' + '\\"' * 5000 + "{" * 5000, {"m"})


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('http_server_active_requests{http_request_method="GET",url_scheme="http"} 3', Count(3, None)),
        (
            'http_server_active_requests{method="GET"} 3\nhttp_server_active_requests{method="POST"} 2',
            Count(5, None),
        ),
        ('starlette_requests_in_progress{method="GET",path_template="/metrics"} 1', Count(0, False)),
        (
            'http_requests_inprogress{handler="/metrics/"} 1\nhttp_requests_inprogress{handler="/a"} 2',
            Count(2, False),
        ),
        ('http_requests_in_flight{url="http://h:1/metrics?x=1"} 1', Count(0, False)),
        ('http_requests_in_flight{endpoint="prometheus_metrics"} 1', Count(1, None)),
        ('tomcat_threads_busy_threads{name="http-nio-8080"} 4.0', Count(4, None)),
        ("nginx_connections_writing 3", Count(3, True)),
        (
            ENVOY,
            Count(6, False),
        ),
        ("http_requests_inprogress NaN", None),
        ("http_requests_inprogress -1", None),
        ("promhttp_metric_handler_requests_in_flight 1", None),
    ],
)
def test_the_usual_gauges_are_known(text: str, expected: Count | None) -> None:
    assert of(text).in_flight == expected


def test_the_first_known_name_counts_and_none_is_added_to_another() -> None:
    text = "http_requests_in_progress 4\nhttp_server_active_requests 3\n"
    assert of(text).in_flight == Count(3, None)


def test_all_that_a_page_tells() -> None:
    load = of(
        "kestrel_active_connections 9\nkestrel_queued_requests 2\nkestrel_upgraded_connections 5\n"
        'http_server_request_duration_seconds_count{http_route="/a"} 100\n'
        'http_server_request_duration_seconds_count{http_route="/readyz"} 900\n'
        "process_start_time_seconds 1.7e9\n"
    )
    assert load == Load(
        sessions=Count(9, None),
        queued=Count(2, None),
        streams=Count(5, False),
        requests=Count(100, False),
        started=1.7e9,
    )
    assert of('process_start_time_seconds 1\nprocess_start_time_seconds{pid="2"} 2\n').started is None


def test_stub_status_counts_itself() -> None:
    head = "Active connections: 3 \nserver accepts handled requests\n 10 10 31 \n"
    load = of(head + "Reading: 0 Writing: 2 Waiting: 1 \n")
    assert (load.in_flight, load.sessions, load.requests) == (Count(2, True), Count(3, True), Count(31, True))


def test_json_by_its_usual_keys_and_by_ones_own() -> None:
    told = {"inFlight": 3, "stats": {"open": 8, "web-sockets": 2}, "requests_total": 9, "Draining": False}
    load = load_of(json.dumps(told).encode(), Names())
    assert load == Load(
        in_flight=Count(3, None), streams=Count(2, False), requests=Count(9, None), draining=False
    )
    assert load_of(json.dumps(told).encode(), Names(in_flight=("stats.open",))).in_flight == Count(8, None)


@pytest.mark.parametrize("value", [True, "3", -1, 1e300, None, [3], {"a": 3}])
def test_what_is_no_count_is_not_one(value: object) -> None:
    assert load_of(json.dumps({"in_flight": value}).encode(), Names()).in_flight is None


@pytest.mark.parametrize("body", [b"{", b'{"a":' * 5000, b"{" + b" " * 300_000 + b"}", b"{\xff}"])
def test_broken_json_is_refused_and_nothing_worse(body: bytes) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        load_of(body, Names())


@pytest.mark.parametrize(
    ("value", "path"),
    [
        ("/a/", "/a"),
        ("/", "/"),
        ("", "/"),
        ("http://h/a?b=c", "/a"),
        ("/a?b", "/a"),
        ("http://[bad", "http://[bad"),
    ],
)
def test_paths_are_compared_without_what_does_not_matter(value: str, path: str) -> None:
    assert path_of(value) == path
