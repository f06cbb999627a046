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

# what runs where in a shop behind ssh: process → machine; `data` are the database, the queues and the caches
WHERE = {
    "orders-1": "web-1",
    "orders-2": "web-2",
    "catalog": "web-3",
    "payments": "web-3",
    "balancer": "web-3",
    "worker": "jobs-1",
    "data": "data-1",
}
MACHINES = tuple(dict.fromkeys(WHERE.values()))
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


def toml(wiring: Wiring, reader: Mapping[str, str], database: str, database_port: int, ssh: str = "") -> str:
    """Return the TOML text; `reader` are redis:// URLs by server ("queues" and the services).

    `ssh` is the ssh configuration that knows the machines; empty: all is reached from this one.
    """
    where = WHERE if ssh else {}
    # what is done to this shop is over with it: nothing of it is owed in the next
    parts = [HEAD, f"[journal]\npath = {literal(wiring.folder + '/journal.jsonl')}\n"]
    if ssh:
        parts += [_machines(ssh)]
    parts += [_health(wiring, where, *line) for line in HEALTH]
    data = _of("database", where.get("data"))
    url = {"url": f"tcp://127.0.0.1:{database_port}"}
    parts += [collector("database", "health.tcp", {**data, **url})]
    ways = {name: {"url": url, "act_url": wiring.operator[name]} for name, url in reader.items()}
    parts += _queues(where, ways["queues"])
    parts += [
        collector(
            f"{service}-cache",
            "caches.redis",
            {**_of(service, where.get("data")), **ways[service]},
            CACHE_LIMITS,
        )
        for service in wiring.caches
    ]
    owners = {f"{service}*": service for service in wiring.caches}
    pools: dict[str, Value] = {**data, "url": database, "attribute": owners}
    pools["act_url"] = wiring.operator["database"]
    parts += [collector("shop-db", "pools.postgres", pools, POOL_LIMITS)]
    parts += [_log(wiring, where, *line) for line in LOGS]
    parts += [_drain(wiring, where, *line) for line in DRAINS]
    if wiring.stats_socket:
        before = {**_of("orders", where.get("balancer")), "socket": wiring.stats_socket}
        parts += [collector("balancer", "drains.haproxy", before)]
    workers = {**_of("orders", where.get("data")), **ways["queues"]}
    parts += [collector("worker-drain", "drains.rq", workers)]
    return "\n".join(parts)


def _machines(ssh: str) -> str:
    """One table for all machines, each called as it is in the ssh configuration."""
    lines = ["[servers.machines]", f"instances = {literal(list(MACHINES))}", 'host = "{instance}"']
    return "\n".join([*lines, f"config = {literal(ssh)}"]) + "\n"


def _of(service: str, server: str | None, instance: str = "") -> dict[str, Value]:
    """The keys of whose it is, and through which server it is reached; what is empty is left out."""
    keys: dict[str, Value] = {"service": service, "instance": instance, "server": server or ""}
    return {key: value for key, value in keys.items() if value}


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
# collector, service, instance, process, file
LOGS = (
    ("catalog-log", "catalog", "", "catalog", "catalog.jsonl"),
    ("orders-1-log", "orders", "orders-1", "orders-1", "orders-1.jsonl"),
    ("orders-2-log", "orders", "orders-2", "orders-2", "orders-2.jsonl"),
    ("payments-log", "payments", "", "payments", "payments.log"),
    ("worker-log", "orders", "", "worker", "worker.log"),
)
# collector, service, instance, process, path of its readiness
DRAINS = (
    ("catalog-drain", "catalog", "", "catalog", "/health/ready"),
    ("orders-1-drain", "orders", "orders-1", "orders-1", "/readyz"),
    ("orders-2-drain", "orders", "orders-2", "orders-2", "/readyz"),
    ("payments-drain", "payments", "", "payments", "/health/ready"),
)


Where = Mapping[str, str]


def _health(wiring: Wiring, where: Where, *line: str) -> str:
    name, service, instance, process, path, probe = line
    options = {**_of(service, where.get(process), instance), "url": wiring.url(process) + path}
    return collector(name, "health.http", {**options, "probe": probe}, HEALTH_LIMITS)


def _log(wiring: Wiring, where: Where, *line: str) -> str:
    name, service, instance, process, file = line
    options = {**_of(service, where.get(process), instance), "path": str(wiring.log(file))}
    return collector(name, "logs.file", options, LOG_LIMITS)


def _drain(wiring: Wiring, where: Where, *line: str) -> str:
    name, service, instance, process, path = line
    base = wiring.url(process)
    options = {**_of(service, where.get(process), instance), "url": base, "ready_path": path}
    pid_file = f"{wiring.folder}/{process}.pid"
    return collector(name, "drains.http", {**options, "drain_url": base + "/drain", "pid_file": pid_file})


def _queues(where: Where, ways: Mapping[str, str]) -> list[str]:
    owners = {"mail": "orders", "invoices": "orders", "reports": "catalog"}
    orders, payments = ({**_of(one, where.get("data")), **ways} for one in ("orders", "payments"))
    webhooks: dict[str, Value] = {**payments, "keys": [WEBHOOKS], "direction": "rpush-blpop"}
    webhooks |= {"time_field": "time"}
    return [
        collector("jobs", "queues.rq", {**orders, "attribute": owners}, QUEUE_LIMITS),
        collector("webhooks", "queues.redis", webhooks, {"ready": "{ warning = 20, critical = 200 }"}),
        collector("events", "queues.streams", {**payments, "keys": [STREAM]}, QUEUE_LIMITS),
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
