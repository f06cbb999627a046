from typing import Any

import pytest

from console.settings import Service, UsageError, instant


@pytest.mark.parametrize(
    ("url", "types", "service", "options"),
    [
        ("redis://cache.internal:6380/1", ["queues.rq", "caches.redis"], "cache", {}),
        ("rediss://localhost", ["queues.rq", "caches.redis"], "localhost", {}),
        ("valkey://127.0.0.1:7000", ["queues.rq", "caches.redis"], "127.0.0.1:7000", {}),
        ("unix:///run/redis.sock", ["queues.rq", "caches.redis"], "redis", {}),
        ("postgres://app@db.internal/shop", ["pools.postgres"], "shop", {}),
        ("postgresql:///orders?host=/run/postgresql", ["pools.postgres"], "orders", {}),
        ("postgres://db.internal", ["pools.postgres"], "db", {}),
        ("https://orders.internal/readyz", ["health.http"], "orders", {"probe": "readiness"}),
        ("https://orders.internal/health/live", ["health.http"], "orders", {"probe": "liveness"}),
        ("http://[::1]:8000/livez?verbose=1", ["health.http"], "::1:8000", {"probe": "liveness"}),
        ("HTTP://orders/startupz", ["health.http"], "orders", {"probe": "startup"}),
        ("http://orders/restart", ["health.http"], "orders", {"probe": "readiness"}),
        ("tcp://smtp:25", ["health.tcp"], "smtp", {}),
        ("file:///var/log/app%20one.jsonl", ["logs.file"], "app-one", {"path": "/var/log/app one.jsonl"}),
    ],
)
def test_what_a_url_stands_for(url: str, types: list[str], service: str, options: dict[str, Any]) -> None:
    settings = instant.settings([url], {})
    assert [one.type for one in settings.collectors] == types
    assert {one.service for one in settings.collectors} == {service}
    assert settings.services == {service: Service(service)}
    for name, value in options.items():
        assert getattr(settings.collectors[0].options, name) == value
    assert settings.protected
    assert settings.file is None
    assert settings.warnings == ()


def test_names_are_unique_and_a_url_given_twice_counts_once() -> None:
    settings = instant.settings(["http://h/a", "http://h/b", "http://h/a"], {})
    assert [one.name for one in settings.collectors] == ["h-health", "h-health-2"]


def test_a_variable_keeps_the_password_off_the_command_line() -> None:
    settings = instant.settings(["env:DATABASE_URL"], {"DATABASE_URL": "postgres://u:hunter2@db/shop"})
    assert settings.warnings == ()
    assert settings.collectors[0].options.url.reveal() == "postgres://u:hunter2@db/shop"
    assert "hunter2" not in repr(settings)


def test_a_password_on_the_command_line_warns() -> None:
    settings = instant.settings(["redis://:hunter2@cache"], {})
    (warning,) = settings.warnings
    assert "env:NAME" in warning
    assert "hunter2" not in warning


def test_a_url_is_taken_as_it_is() -> None:
    settings = instant.settings(["http://h/${HOME}/$$"], {"HOME": "x"})
    assert settings.collectors[0].options.url.reveal() == "http://h/${HOME}/$$"


def test_flags_and_the_operator_count_here_as_well() -> None:
    settings = instant.settings(
        ["http://h"], {"QUARTERDECK_OPERATOR": "kim"}, overrides={"environment": "lab"}
    )
    assert (settings.console.operator, settings.environment, settings.protected) == ("kim", "lab", False)


@pytest.mark.parametrize(
    ("url", "why", "hint"),
    [
        ("ftp://h", "ftp:// is nothing that can be watched", "redis://localhost"),
        ("reddis://h", "reddis:// is nothing", "did you mean 'redis'?"),
        ("/var/log/x", "'/var/log/x' is not a URL", "write file:///var/log/x"),
        ("localhost:6379", "is not a URL", "redis://localhost"),
        ("", "is not a URL", "redis://localhost"),
        ("http://[x", "is not a URL", "redis://localhost"),
        ("http://h:99999/", "is not a URL", "redis://localhost"),
        ("tcp://h", "has no port", "tcp://host:port"),
        ("file://host/x", "file:// wants an absolute path", "file:///var/log/app.jsonl"),
        ("file:x", "is not a URL", "file:///var/log"),
        ("env:NONE", "$NONE is not set", "set it to a URL"),
        ("env:EMPTY", "$EMPTY is not set", "set it to a URL"),
        ("env:BAD", "$BAD is not a URL", "set it to one of"),
        ("ht\x1btp://x", "is nothing that can be watched", ""),
        ("redis://:hunter2@[x", "is not a URL", ""),
    ],
)
def test_what_cannot_be_watched(url: str, why: str, hint: str) -> None:
    with pytest.raises(UsageError) as caught:
        instant.settings([url], {"EMPTY": "", "BAD": "hunter2"})
    assert why in caught.value.why
    assert hint in caught.value.hint
    assert "hunter2" not in caught.value.why + caught.value.hint
    assert caught.value.exit_code == 64
