"""Others' collectors, installed from a wheel: good ones are ours to use, bad ones hurt nobody."""

import os
import time
from pathlib import Path
from typing import Any

import pytest

from tests.console.verbs.schema import check_report
from tests.console.verbs.shop import collector, configuration, listening
from tests.must.plugins import installed
from tests.project.program import Ran, quarterdeck

TIMEOUT = 1.5
BAD = {
    "fails_at_import": "failed to load: ValueError: acme is broken",
    "leaves_at_import": "failed to load: SystemExit",
    "is_no_collector": "is not a Collector",
    "is_too_old": "was written for collector interface 0, this is 1",
    "fails_when_made": "bug: KeyError",
    "fails_in_open": "bug: RuntimeError: the door is shut",
    "fails_in_collect": "bug: ZeroDivisionError: of course",
    "leaves_in_collect": "tried to end the program",
    "blocks_in_open": f"no whole answer in {TIMEOUT} s",
    "blocks_in_collect": f"no whole answer in {TIMEOUT} s",
    "gives_nothing": "bug: ",
}


@pytest.fixture(scope="module")
def acme(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The environment in which the plug-ins are installed."""
    folders = [str(installed(tmp_path_factory.mktemp("acme"))), os.environ.get("PYTHONPATH", "")]
    return {"PYTHONPATH": os.pathsep.join(filter(None, folders))}


def table(kind: str, timeout: float = TIMEOUT, **more: Any) -> str:
    lines = [f"[collectors.{kind}]", f'type = "queues.{kind}"', f'timeout = "{timeout}s"']
    return "\n".join([*lines, *(f"{key} = {value}" for key, value in more.items())])


def failures(done: Ran) -> dict[str, str]:
    check_report(done.json)
    return {one["collector"]: one["why"] for one in done.json["failures"]}


def test_one_that_works_is_in_the_report(tmp_path: Path, acme: dict[str, str]) -> None:
    configuration(tmp_path, table("works", queues=2, attribute='{ "service-000*" = "orders" }'))
    done = quarterdeck("check", "--json", home=tmp_path, env=acme)
    check_report(done.json)
    assert (done.code, done.err, failures(done)) == (0, "", {})
    told = {one["key"]: one for one in done.json["readings"]}
    assert told.keys() == {"service-000.mail", "service-001.mail"}
    assert told["service-000.mail"]["service"] == "orders"
    assert told["service-000.mail"]["freshness"] == "live"
    assert told["service-000.mail"]["quantities"]["ready"] == {"value": 7, "unit": "count", "known": "exact"}


def test_bad_ones_are_failures_that_name_their_author_and_hurt_nobody(
    tmp_path: Path, acme: dict[str, str]
) -> None:
    with listening() as url:
        configuration(
            tmp_path,
            *(table(kind) for kind in BAD),
            table("works"),
            collector("port", "health.tcp", url),
        )
        began = time.monotonic()
        done = quarterdeck("check", "--json", home=tmp_path, env=acme)
        took = time.monotonic() - began
    why = failures(done)
    assert why.keys() == BAD.keys()
    for kind, words in BAD.items():
        assert words in why[kind], kind
    for one in done.json["failures"]:
        if "failed to load" in one["why"] or "interface" in one["why"]:
            assert "acme-collectors 1.2" in one["why"]
    assert {one["collector"]: one["freshness"] for one in done.json["readings"]} == {
        "works": "live",
        "port": "live",
    }
    assert (done.code, done.err) == (3, "")
    # all of them together cost one time-out, not their sum
    assert took < 3 * (TIMEOUT + 2)


def test_one_that_blocks_for_ever_keeps_nobody_waiting_while_all_goes_on(
    tmp_path: Path, acme: dict[str, str]
) -> None:
    with listening() as url:
        configuration(
            tmp_path,
            table("blocks_in_collect", 0.4, every='"1s"'),
            table("blocks_in_close"),
            collector("port", "health.tcp", url, every='"1s"', timeout='"1s"'),
        )
        began = time.monotonic()
        done = quarterdeck("check", "--json", "--for", "5s", home=tmp_path, env=acme)
        took = time.monotonic() - began
    told = {one["collector"]: one["freshness"] for one in done.json["readings"]}
    assert told == {"port": "live", "blocks_in_close": "live"}
    assert "has blocked its own thread" in failures(done)["blocks_in_collect"]
    assert took < 3 * (5 + 1)


def test_one_that_blocks_at_import_is_given_up(tmp_path: Path, acme: dict[str, str]) -> None:
    with listening() as url:
        configuration(tmp_path, table("blocks_at_import"), collector("port", "health.tcp", url))
        done = quarterdeck("check", "--json", home=tmp_path, env=acme)
    assert "did not load within" in failures(done)["blocks_at_import"]
    assert [one["collector"] for one in done.json["readings"]] == ["port"]


def test_the_list_and_the_doctor_name_them_and_their_faults(tmp_path: Path, acme: dict[str, str]) -> None:
    listed = quarterdeck("collectors", "--json", home=tmp_path, env=acme)
    told = {one["type"]: one for one in listed.json["collectors"] if one["from"] != "quarterdeck"}
    assert listed.code == 1
    assert {one["from"] for one in told.values()} == {"acme-collectors 1.2"}
    assert told["queues.works"]["summary"] == "Tells of Acme's queues."
    assert "acme is broken" in told["queues.fails_at_import"]["error"]
    doctor = quarterdeck("doctor", home=tmp_path, env=acme)
    assert doctor.code == 1
    assert "ok   queues.works from acme-collectors 1.2" in doctor.out.splitlines()
    assert any(line.startswith("BAD  queues.fails_at_import: ") for line in doctor.out.splitlines())


def test_a_typo_in_its_options_is_a_mistake_with_a_line(tmp_path: Path, acme: dict[str, str]) -> None:
    path = configuration(tmp_path, table("works", queus=3))
    done = quarterdeck("check", home=tmp_path, env=acme)
    assert done.code == 78
    assert f"{path}:4: collectors.works.queus: unknown key 'queus' (did you mean 'queues'?)" in done.err


@pytest.mark.parametrize("count", [300])
def test_three_hundred_services_from_one_source(tmp_path: Path, acme: dict[str, str], count: int) -> None:
    owners = ", ".join(f'"service-{number:03}.*" = "service-{number:03}"' for number in range(count))
    configuration(tmp_path, table("works", queues=count, attribute=f"{{ {owners} }}"))
    done = quarterdeck("check", "--json", home=tmp_path, env=acme)
    check_report(done.json)
    assert done.code == 0
    told = done.json["readings"]
    assert [one["service"] for one in told] == [f"service-{number:03}" for number in range(count)]
    text = quarterdeck("check", home=tmp_path, env=acme)
    assert len(text.out.splitlines()) == count
