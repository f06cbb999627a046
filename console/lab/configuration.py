"""The console's configuration for the lab: what an operator of such a shop would write."""

import json
from collections.abc import Mapping

from console.lab.shop.wiring import STREAM, WEBHOOKS, Wiring

Value = str | Mapping[str, str] | list[str] | float

HEAD = """\
# Written by the lab for this one run.
[console]
name = "shop"
environment = "lab"

[services.catalog]
depends_on = ["database"]

[services.orders]
depends_on = ["catalog", "payments", "database"]
instances = ["orders-1", "orders-2"]

[services.payments]
depends_on = ["database"]

[services.database]
"""

QUEUE_LIMITS = {
    "oldest_age": '{ warning = "15s", critical = "1m" }',
    "dead": "{ warning = 1, critical = 20 }",
}
CACHE_LIMITS = {"hit_ratio": '{ warning = 0.6, critical = 0.3, for = "8s" }'}
POOL_LIMITS = {
    "fill": "{ warning = 0.6, critical = 0.9 }",
    "idle_in_transaction": "{ warning = 1, critical = 10 }",
    "waiting": "{ warning = 1, critical = 5 }",
}
HEALTH_LIMITS = {"latency": '{ warning = "1s", critical = "4s" }'}
LOG_LIMITS = {"errors": "{ warning = 5, critical = 30 }"}


def toml(wiring: Wiring, reader: Mapping[str, str], database: str, database_port: int) -> str:
    """Return the TOML text; `reader` are redis:// URLs by server ("queues" and the services)."""
    # what is done to this shop is over with it: nothing of it is owed in the next
    parts = [HEAD, f"[journal]\npath = {literal(wiring.folder + '/journal.jsonl')}\n"]
    parts += [_health(wiring, *line) for line in HEALTH]
    parts += [
        collector(
            "database", "health.tcp", {"service": "database", "url": f"tcp://127.0.0.1:{database_port}"}
        )
    ]
    ways = {name: {"url": url, "act_url": wiring.operator[name]} for name, url in reader.items()}
    parts += _queues(ways["queues"])
    parts += [
        collector(f"{service}-cache", "caches.redis", {"service": service, **ways[service]}, CACHE_LIMITS)
        for service in wiring.caches
    ]
    owners = {f"{service}*": service for service in wiring.caches}
    pools: dict[str, Value] = {"service": "database", "url": database, "attribute": owners}
    pools["act_url"] = wiring.operator["database"]
    parts += [collector("shop-db", "pools.postgres", pools, POOL_LIMITS)]
    parts += [_log(wiring, *line) for line in LOGS]
    parts += [_drain(wiring, *line) for line in DRAINS]
    if wiring.stats_socket:
        parts += [
            collector("balancer", "drains.haproxy", {"service": "orders", "socket": wiring.stats_socket})
        ]
    workers: dict[str, Value] = {"service": "orders", **ways["queues"]}
    parts += [collector("worker-drain", "drains.rq", workers)]
    return "\n".join(parts)


# collector, service, instance, process, path, probe
HEALTH = (
    ("catalog-live", "catalog", "", "catalog", "/health/live", "liveness"),
    ("catalog-ready", "catalog", "", "catalog", "/health/ready", "readiness"),
    ("catalog-started", "catalog", "", "catalog", "/health/started", "startup"),
    ("orders-1-live", "orders", "orders-1", "orders-1", "/livez", "liveness"),
    ("orders-1-ready", "orders", "orders-1", "orders-1", "/readyz?verbose", "readiness"),
    ("orders-2-live", "orders", "orders-2", "orders-2", "/livez", "liveness"),
    ("orders-2-ready", "orders", "orders-2", "orders-2", "/readyz?verbose", "readiness"),
    ("payments-live", "payments", "", "payments", "/health/live", "liveness"),
    ("payments-ready", "payments", "", "payments", "/health/ready", "readiness"),
)
# collector, service, instance, file
LOGS = (
    ("catalog-log", "catalog", "", "catalog.jsonl"),
    ("orders-1-log", "orders", "orders-1", "orders-1.jsonl"),
    ("orders-2-log", "orders", "orders-2", "orders-2.jsonl"),
    ("payments-log", "payments", "", "payments.log"),
    ("worker-log", "orders", "", "worker.log"),
)
# collector, service, instance, process, path of its readiness
DRAINS = (
    ("catalog-drain", "catalog", "", "catalog", "/health/ready"),
    ("orders-1-drain", "orders", "orders-1", "orders-1", "/readyz"),
    ("orders-2-drain", "orders", "orders-2", "orders-2", "/readyz"),
    ("payments-drain", "payments", "", "payments", "/health/ready"),
)


def _health(
    wiring: Wiring, name: str, service: str, instance: str, process: str, path: str, probe: str
) -> str:
    options: dict[str, Value] = {"service": service}
    if instance:
        options["instance"] = instance
    options |= {"url": wiring.url(process) + path, "probe": probe}
    return collector(name, "health.http", options, HEALTH_LIMITS)


def _log(wiring: Wiring, name: str, service: str, instance: str, file: str) -> str:
    options: dict[str, Value] = {"service": service}
    if instance:
        options["instance"] = instance
    return collector(name, "logs.file", {**options, "path": str(wiring.log(file))}, LOG_LIMITS)


def _drain(wiring: Wiring, name: str, service: str, instance: str, process: str, path: str) -> str:
    options: dict[str, Value] = {"service": service}
    if instance:
        options["instance"] = instance
    base = wiring.url(process)
    options |= {"url": base, "ready_path": path, "drain_url": base + "/drain"}
    return collector(name, "drains.http", {**options, "pid_file": f"{wiring.folder}/{process}.pid"})


def _queues(ways: Mapping[str, str]) -> list[str]:
    owners = {"mail": "orders", "invoices": "orders", "reports": "catalog"}
    jobs: dict[str, Value] = {"service": "orders", **ways, "attribute": owners}
    webhooks: dict[str, Value] = {"service": "payments", **ways, "keys": [WEBHOOKS]}
    webhooks |= {"direction": "rpush-blpop", "time_field": "time"}
    events: dict[str, Value] = {"service": "payments", **ways, "keys": [STREAM]}
    return [
        collector("jobs", "queues.rq", jobs, QUEUE_LIMITS),
        collector("webhooks", "queues.redis", webhooks, {"ready": "{ warning = 20, critical = 200 }"}),
        collector("events", "queues.streams", events, QUEUE_LIMITS),
    ]


def collector(
    name: str, kind: str, options: Mapping[str, Value], limits: Mapping[str, str] | None = None
) -> str:
    """Return the tables of one collector; `limits` are inline tables by field."""
    lines = [f"[collectors.{name}]", f'type = "{kind}"', 'every = "2s"']
    lines += [f"{key} = {literal(value)}" for key, value in options.items()]
    if limits:
        lines += ["", f"[collectors.{name}.thresholds]"]
        lines += [f"{field} = {table}" for field, table in limits.items()]
    return "\n".join(lines) + "\n"


def literal(value: Value) -> str:
    """Return a TOML value; JSON's strings are TOML's, and `$` is doubled against interpolation."""
    if isinstance(value, str):
        return json.dumps(value.replace("$", "$$"))
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{json.dumps(key)} = {literal(one)}" for key, one in value.items()) + " }"
    if isinstance(value, list):
        return "[" + ", ".join(literal(one) for one in value) + "]"
    return repr(value)
