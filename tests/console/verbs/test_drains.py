"""Drains from a configuration to what `check` and `show` print, on a real HAProxy and a real process."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.console.verbs.schema import check_report
from tests.project.program import quarterdeck, write
from tests.servers.haproxy import Haproxy, haproxy

BACKEND = "backend shop\n    server web-1 127.0.0.1:1\n    server web-2 127.0.0.1:1\n"


@pytest.fixture
def balancer(free_port: Callable[[], int]) -> Iterator[Haproxy]:
    with haproxy(BACKEND, free_port()) as server:
        yield server


@pytest.fixture
def home(tmp_path: Path, balancer: Haproxy) -> Path:
    (tmp_path / "orders.pid").write_text(f"{os.getpid()}\n")
    write(
        tmp_path / "quarterdeck.toml",
        f"""
        [collectors.balancer]
        type = "drains.haproxy"
        socket = "{balancer.user}"
        attribute = {{ "shop*" = "orders" }}

        [collectors.orders-process]
        type = "drains.process"
        service = "orders"
        pid_file = "orders.pid"
        grace = "30s"

        [collectors.balancer.thresholds]
        sessions = {{ warning = 100 }}
        ready_peers = {{ critical = 1 }}
        """,
    )
    return tmp_path


def test_check_tells_every_instance_and_judges_the_last_one(home: Path, balancer: Haproxy) -> None:
    balancer.tell("set server shop/web-2 state drain")
    done = quarterdeck("check", "--json", home=home)
    check_report(done.json)
    assert (done.code, done.json["level"]) == (2, "critical")
    told = {reading["key"]: reading for reading in done.json["readings"]}
    assert set(told) == {"shop%2Fweb-1", "shop%2Fweb-2", told_key(home)}
    web = told["shop%2Fweb-2"]
    assert (web["practice"], web["service"], web["word"]) == ("drains", "orders", "DRAIN")
    assert web["quantities"]["ready_peers"] == {"value": 1, "unit": "count", "known": "exact"}
    assert web["quantities"]["streams"]["value"] is None
    assert web["because"] == "ready peers 1, at the limit of 1"
    assert told[told_key(home)]["quantities"]["grace"]["value"] == 30


def told_key(home: Path) -> str:
    return str(home / "orders.pid").replace("/", "%2F")


def test_show_prints_the_screen_as_text(home: Path, balancer: Haproxy) -> None:
    balancer.tell("set server shop/web-1 state maint")
    done = quarterdeck("show", "drains", home=home)
    assert done.code == 2, "the last one of two is left"
    lines = {line.split()[2]: line for line in done.out.splitlines() if "orders" in line}
    assert "MAINT" in lines["shop/web-1"]
    assert "no check" in lines["shop/web-2"]
    assert "1/2" in lines["shop/web-2"]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ('type = "drains.process"\npid_file = "a"\nport = 80', "name exactly one of pid_file, unit and port"),
        ('type = "drains.process"', "name exactly one of pid_file, unit and port"),
        ('type = "drains.process"\nunit = "a.service"\ngrace = "soon"', "must be a duration such as"),
        ('type = "drains.haproxy"', "'socket' is missing"),
        ('type = "drains.haproxy"\nsocket = "/run/a.sock"\nbackends = "a"', "unknown key 'backends'"),
        ('type = "drains.http"\nurl = "http://a"\ngauge_path = "metrics"', "must begin with a slash"),
        ('type = "drains.http"\nurl = "http://a"\nexpect_status = "ok"', "must be status codes"),
        ('type = "drains.rq"', "'url' is missing"),
        ('type = "drains.rg"\nurl = "redis://a"', "no collector type 'drains.rg'"),
    ],
)
def test_mistakes_are_named(tmp_path: Path, options: str, words: str) -> None:
    write(tmp_path / "quarterdeck.toml", f"[collectors.one]\n{options}\n")
    done = quarterdeck("config", "validate", home=tmp_path)
    assert done.code == 78
    assert words in done.out


@pytest.mark.parametrize(
    "name", ["drains.http", "drains.process", "drains.haproxy", "drains.rq", "drains.celery"]
)
def test_every_type_explains_itself(tmp_path: Path, name: str) -> None:
    done = quarterdeck("collectors", name, home=tmp_path)
    assert done.code == 0
    assert done.out.startswith(f"{name} – ")
