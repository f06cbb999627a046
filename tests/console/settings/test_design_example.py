from typing import Any

from collectors.model.practice import Practice
from console.settings import Threshold

EXAMPLE = """\
include = ["services/*.toml"]

[console]
name = "shop"
environment = "production"              # not lab or development: protected, starts read-only

[defaults."health.http"]
every = "5s"

[services.orders]
depends_on = ["payments"]
instances = ["web-[1-12]"]
quorum = 8

[collectors.orders-ready]
type = "health.http"
service = "orders"
url = "https://{instance}.internal/readyz"
probe = "readiness"

[collectors.orders-jobs]
type = "queues.rq"
service = "orders"
url = "${REDIS_URL}"
act_url = "${REDIS_OPERATOR_URL:-}"

[collectors.main-db]
type = "pools.postgres"
url = "${DATABASE_URL}"
server = "web-1"                        # through the tunnel
attribute = { "catalog-*" = "catalog", "orders*" = "orders" }

[collectors.orders-log]
type = "logs.file"
service = "orders"
server = "web-1"
path = "/var/log/orders/app.jsonl"

[collectors.orders-jobs.thresholds]
oldest_age = { warning = "1m", critical = "10m", for = "30s" }

[servers.web-1]
host = "web-1.internal"                 # ssh; user, port, keys from ~/.ssh/config
"""


def test_the_example_of_the_manual_loads(place: Any) -> None:
    place.environ |= {
        "REDIS_URL": "redis://:hunter2@cache/0",
        "DATABASE_URL": "postgres://reader:hunter2@db/shop",
    }

    settings = place.load(EXAMPLE)

    assert (settings.name, settings.environment, settings.protected) == ("shop", "production", True)
    ready = [one for one in settings.collectors if one.name == "orders-ready"]
    assert [one.instance for one in ready] == [f"web-{number}" for number in range(1, 13)]
    assert ready[6].options.url.reveal() == "https://web-7.internal/readyz"
    assert settings.services["orders"].quorum == 8

    jobs = next(one for one in settings.collectors if one.name == "orders-jobs")
    assert jobs.practice is Practice.QUEUES
    assert jobs.options.url.reveal() == "redis://:hunter2@cache/0"
    assert jobs.options.act_url is None
    assert jobs.thresholds == {"oldest_age": Threshold(warning=60.0, critical=600.0, for_=30.0)}

    database = next(one for one in settings.collectors if one.name == "main-db")
    assert database.attribute == (("catalog-*", "catalog"), ("orders*", "orders"))
    assert database.server == "web-1"
    assert database.timeout == 5.0
    log = next(one for one in settings.collectors if one.name == "orders-log")
    assert log.options.path == "/var/log/orders/app.jsonl"
    assert all(one.load_error is None for one in settings.collectors)
    assert "hunter2" not in repr(settings)


def test_it_says_what_looks_odd_in_it(place: Any) -> None:
    place.environ |= {"REDIS_URL": "redis://cache/0", "DATABASE_URL": "postgres://db/shop"}
    warnings = place.load(EXAMPLE).warnings
    assert [warning.partition("quarterdeck.toml:")[2] for warning in warnings] == [
        "1: include: 'services/*.toml' matches no file",
        "11: services.orders.depends_on: nothing watches 'payments'",
    ]


def test_everything_unset_is_listed_at_once(place: Any) -> None:
    found = place.problems(EXAMPLE)
    assert [(one.line, one.key, str(one.message)) for one in found] == [
        (24, "collectors.orders-jobs.url", "$REDIS_URL is not set"),
        (29, "collectors.main-db.url", "$DATABASE_URL is not set"),
    ]
