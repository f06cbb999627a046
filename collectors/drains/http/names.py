"""Which metric tells what, by the names that usual libraries give them; the first that is there counts."""

IN_FLIGHT = (
    "http_server_active_requests",  # OpenTelemetry, ASP.NET Core
    "http_requests_inprogress",  # prometheus-fastapi-instrumentator
    "starlette_requests_in_progress",  # starlette-exporter
    "starlette_requests_processing",
    "http_requests_in_progress",  # prometheus-net, echo
    "fastapi_requests_in_progress",
    "http_requests_in_flight",
    "http_requests_inflight",
    "in_flight_requests",  # promhttp.InstrumentHandlerInFlight, by its own example
    "envoy_http_downstream_rq_active",
    "nginx_connections_writing",
    "tomcat_threads_busy_threads",  # Micrometer
    "jetty_threads_busy",
)
"""``promhttp_metric_handler_requests_in_flight`` is not one of them: it counts looks at /metrics alone."""

STREAMS = (
    "http_server_active_streams",
    "signalr_server_active_connections",
    "kestrel_upgraded_connections",
    "envoy_http_downstream_cx_upgrades_active",
    "websocket_connections_active",
    "websocket_connections",
    "websockets_active",
    "sse_connections_active",
    "sse_connections",
)

SESSIONS = (
    "envoy_http_downstream_cx_active",
    "kestrel_active_connections",
    "nginx_connections_active",
    "tomcat_connections_current_connections",
    "jetty_connections_current_connections",
)

QUEUED = ("kestrel_queued_requests", "puma_backlog", "envoy_cluster_upstream_rq_pending_active")

REQUESTS = (
    "http_requests_total",
    "starlette_requests_total",
    "fastapi_requests_total",
    "http_server_requests_total",
    "http_server_request_duration_seconds_count",  # OpenTelemetry, ASP.NET Core
    "http_server_duration_milliseconds_count",  # OpenTelemetry before 1.23
    "http_server_requests_seconds_count",  # Micrometer
    "http_request_duration_seconds_count",
    "http_requests_received_total",  # prometheus-net
    "flask_http_request_total",
    "envoy_http_downstream_rq_total",
    "nginx_http_requests_total",
)

STARTED = "process_start_time_seconds"
"""UTC epoch seconds, in every client library's default metrics."""

ROUTE = (
    "handler", "path", "path_template", "route", "http_route", "http_target", "url_path", "uri", "endpoint",
    "url",
)  # fmt: skip
"""Labels that tell which route was asked for, so that our own looks can be told apart."""

JSON_IN_FLIGHT = ("inflight", "inprogress", "activerequests", "requestsinflight", "requestsinprogress")
JSON_STREAMS = ("streams", "openstreams", "activestreams", "websockets", "longlived")
JSON_SESSIONS = ("sessions", "connections", "openconnections", "activeconnections")
JSON_QUEUED = ("queued", "backlog", "queuedrequests")
JSON_REQUESTS = ("requeststotal", "totalrequests", "requestsserved")
JSON_DRAINING = ("draining", "shuttingdown", "isdraining", "drain")
