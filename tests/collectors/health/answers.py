"""Answers as the formats' documentation shows them, and what each should come to."""
# ruff: noqa: E501 - a table is read across

from typing import Any

TEXT = "text/plain; charset=utf-8"
JSON = "application/json"

ETCD_FAILED = "[+]ping ok\n[+]log ok\n[-]etcd failed: reason withheld\n[+]poststarthook/start-x ok\nreadyz check failed\n"
SHUTDOWN = "[+]ping ok\n[+]etcd ok\n[-]shutdown failed: reason withheld\nreadyz check failed\n"
SPRING = {
    "status": "DOWN",
    "components": {
        "db": {
            "status": "DOWN",
            "details": {"error": "org.postgresql.PSQLException: refused"},
            "components": {"primary": {"status": "UP"}, "replica": {"status": "DOWN"}},
        },
        "diskSpace": {"status": "UP", "details": {"total": 1, "free": 1}},
    },
    "groups": ["liveness", "readiness"],
}
ASPNET = {
    "status": "Degraded",
    "totalDuration": "00:00:00.1",
    "entries": {
        "sql": {"status": "Healthy", "duration": "00:00:00.0250000", "data": {}, "tags": []},
        "mail": {"status": "Degraded", "duration": "00:00:01.5", "description": "slow relay", "data": {}},
    },
}
MICROPROFILE = {
    "status": "DOWN",
    "checks": [
        {"name": "db", "status": "DOWN", "data": {"error": "no pool"}},
        {"name": "heap", "status": "UP"},
    ],
}
IETF = {
    "status": "warn",
    "version": "1",
    "releaseId": "1.2.2",
    "serviceId": "f03e522f",
    "output": "cassandra is slow",
    "checks": {
        "cassandra:responseTime": [
            {"status": "warn", "observedValue": 250, "observedUnit": "ms", "output": "over 200 ms"}
        ],
        "cpu:utilization": [{"status": "pass", "observedValue": 85, "observedUnit": "percent"}],
        "uptime": [{"status": "fail", "observedValue": 1209600.245, "observedUnit": "s"}],
    },
}
NEST = {
    "status": "error",
    "info": {"db": {"status": "up"}},
    "error": {"redis": {"status": "down", "message": "connect ECONNREFUSED"}},
    "details": {"db": {"status": "up"}, "redis": {"status": "down", "message": "connect ECONNREFUSED"}},
}
DJANGO = {"Database(alias='default')": "OK", "Cache(alias='default')": "unavailable: connection refused"}
HEALTH_GO = {
    "status": "Partially Available",
    "timestamp": "2026-01-01T00:00:00Z",
    "failures": {"rabbitmq": "dial tcp: refused"},
    "system": {"version": "go1.22", "goroutines_count": 4},
    "component": {"name": "orders", "version": "v3.1"},
}

Case = tuple[int, str, Any, str, str, str, dict[str, str]]
"""Status, content type and body served; format, state, word and the failing parts by name expected."""

CASES: dict[str, Case] = {
    "k8s": (500, TEXT, ETCD_FAILED, "kubernetes", "down", "500 readyz check failed", {"etcd": "failed: reason withheld"}),
    "k8s-ok": (200, TEXT, "[+]ping ok\nlivez check passed\n", "kubernetes", "up", "livez check passed", {}),
    "k8s-drain": (500, TEXT, SHUTDOWN, "kubernetes", "draining", "500 readyz check failed", {"shutdown": "failed: reason withheld"}),
    "k8s-both": (500, TEXT, "[-]etcd failed: x\n[-]shutdown failed: y\n", "kubernetes", "down", "500 failed", {"etcd": "failed: x", "shutdown": "failed: y"}),
    "ok": (200, TEXT, "ok", "text", "up", "ok", {}),
    "empty": (204, TEXT, "", "empty", "up", "204", {}),
    "empty-503": (503, TEXT, "", "empty", "down", "503", {}),
    "words": (200, TEXT, "Welcome to orders", "text", "up", "200", {}),
    "lines": (503, TEXT, "status: error\ndb: down\ncache: ok\n", "text", "down", "503 error", {"db": "down"}),
    "spring": (503, JSON, SPRING, "spring", "down", "503 DOWN", {"db": "DOWN: org.postgresql.PSQLException: refused", "db/replica": "DOWN"}),
    "spring-up": (200, JSON, {"status": "UP"}, "spring", "up", "UP", {}),
    "spring-out": (503, JSON, {"status": "OUT_OF_SERVICE"}, "spring", "draining", "503 OUT_OF_SERVICE", {}),
    "spring-unknown": (200, JSON, {"status": "UNKNOWN"}, "spring", "unknown", "UNKNOWN", {}),
    "spring-1": (200, JSON, {"status": "UP", "details": {"db": {"status": "UP"}}}, "spring", "up", "UP", {}),
    "aspnet-text": (200, TEXT, "Degraded", "aspnet", "degraded", "Degraded", {}),
    "aspnet-bad": (503, TEXT, "Unhealthy", "aspnet", "down", "503 Unhealthy", {}),
    "aspnet": (200, JSON, ASPNET, "aspnet", "degraded", "Degraded", {}),
    "microprofile": (503, JSON, MICROPROFILE, "microprofile", "down", "503 DOWN", {"db": "DOWN: no pool"}),
    "ietf": (200, "application/health+json", IETF, "ietf", "degraded", "warn", {"uptime": "fail"}),
    "ietf-pass": (200, "application/health+json", {"status": "ok"}, "ietf", "up", "ok", {}),
    "nest": (503, JSON, NEST, "terminus", "down", "503 error", {"redis": "down: connect ECONNREFUSED"}),
    "nest-degraded": (200, JSON, {"status": "degraded", "info": {}, "error": {}, "details": {}}, "terminus", "degraded", "degraded", {}),
    "nest-drain": (503, JSON, {"status": "shutting_down", "info": {}, "error": {}, "details": {}}, "terminus", "draining", "503 shutting_down", {}),
    "godaddy": (200, JSON, {"status": "ok", "info": {"db": True}, "details": {"db": True}}, "terminus", "up", "ok", {}),
    "django": (500, JSON, DJANGO, "django", "down", "500 1 of 2 failed", {"Cache(alias='default')": "error: unavailable: connection refused"}),
    "django-3": (200, JSON, {"DatabaseBackend": "working", "Cache backend: default": "working"}, "django", "up", "working", {}),
    "django-text": (500, TEXT, "Database(alias='default'): OK\nDNS(x): no answer\n", "django", "down", "500 1 of 2 failed", {"DNS(x)": "error: no answer"}),
    "lightship": (500, TEXT, "SERVER_IS_NOT_READY", "lightship", "down", "500 SERVER_IS_NOT_READY", {}),
    "lightship-drain": (500, TEXT, "SERVER_IS_SHUTTING_DOWN", "lightship", "draining", "500 SERVER_IS_SHUTTING_DOWN", {}),
    "lightship-up": (200, TEXT, "SERVER_IS_NOT_SHUTTING_DOWN", "lightship", "up", "SERVER_IS_NOT_SHUTTING_DOWN", {}),
    "health-go": (200, JSON, HEALTH_GO, "health-go", "degraded", "Partially Available", {"rabbitmq": "failed: dial tcp: refused"}),
    "json-ok": (200, JSON, {"ok": True}, "json", "up", "true", {}),
    "json-sick": (200, JSON, {"healthy": False}, "json", "down", "false", {}),
    "json-checks": (200, JSON, {"Status": "OK", "checks": {"db": {"ok": False, "error": "gone"}}}, "json", "up", "OK", {"db": "false: gone"}),
    "json-no-word": (200, JSON, {"services": [{"name": "db", "status": "down"}]}, "json", "degraded", "200", {"db": "down"}),
    "json-string": (200, JSON, "healthy", "json", "up", "healthy", {}),
    "json-other": (200, JSON, {"message": "hello"}, "json", "up", "200", {}),
    "json-silent": (500, JSON, {"detail": "x"}, "json", "down", "500", {}),
    "consul": (200, JSON, [{"Name": "web", "Status": "passing"}, {"Name": "db", "Status": "critical"}], "json", "degraded", "200", {"db": "critical"}),
}  # fmt: skip
