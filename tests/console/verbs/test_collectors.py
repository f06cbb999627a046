"""`collectors` and `doctor`: what is there, and what is wrong with it."""

import dataclasses
import json
import tomllib
import typing
from pathlib import Path

import pytest
from pydantic import TypeAdapter

from collectors import registry
from console.verbs.collectors import as_toml
from tests.console.verbs.shop import REFUSED, collector, configuration
from tests.project.program import quarterdeck


def test_the_list_names_every_type_with_a_sentence(tmp_path: Path) -> None:
    done = quarterdeck("collectors", home=tmp_path)
    lines = done.out.splitlines()
    assert (done.code, done.err) == (0, "")
    assert [line.split()[0] for line in lines] == list(registry.types())
    for line in lines:
        name, owner, summary = line.split(maxsplit=2)
        assert owner == "quarterdeck", name
        assert summary.rstrip().endswith("."), name


def test_one_type_is_explained_with_every_option(tmp_path: Path) -> None:
    done = quarterdeck("collectors", "health.http", home=tmp_path)
    assert (done.code, done.err) == (0, "")
    assert done.out.startswith("health.http – ")
    options = {
        line.split()[0]: line.split(maxsplit=1)[1] for line in done.out.splitlines() if line.startswith("  ")
    }
    assert options["url"] == "required"
    assert options["probe"] == 'default "readiness"'
    assert options["window"] == 'default "2 of 3"'
    assert options["slow"] == 'default "1s"'
    assert options["ca_file"] == "not set"
    assert "every 5 s, time-out" in done.out


def test_json_tells_the_same_of_every_type(tmp_path: Path) -> None:
    told = quarterdeck("collectors", "--json", home=tmp_path).json
    assert told["format"] == 1
    assert [one["type"] for one in told["collectors"]] == list(registry.types())
    for one in told["collectors"]:
        assert one["error"] == ""
        assert one["type"].startswith(one["practice"] + ".")
        assert one["summary"]
        assert one["every"] >= 1
        for option in one["options"]:
            assert option["name"] in one["help"] or option["name"] in ("url", "act_url"), (
                one["type"],
                option,
            )
    (single,) = quarterdeck("collectors", "queues.rq", "--json", home=tmp_path).json["collectors"]
    assert single == next(one for one in told["collectors"] if one["type"] == "queues.rq")


@pytest.mark.parametrize("name", list(registry.types()))
def test_every_default_is_told_as_a_configuration_may_say_it(name: str) -> None:
    options = registry.load(name).Options
    hints = typing.get_type_hints(options, include_extras=True)
    for field in dataclasses.fields(options):
        told = as_toml(field.default, hints[field.name]) if field.default is not dataclasses.MISSING else ""
        if told:
            given = json.dumps(tomllib.loads(f"value = {told}")["value"])
            assert TypeAdapter(hints[field.name]).validate_json(given, strict=True) == field.default, (
                field.name
            )


def test_doctor_finds_a_sound_installation_well(tmp_path: Path) -> None:
    configuration(tmp_path, collector("one", "health.tcp", REFUSED))
    done = quarterdeck("doctor", home=tmp_path)
    assert (done.code, done.err) == (0, "")
    lines = done.out.splitlines()
    assert all(line.startswith("ok   ") for line in lines)
    assert "ok   packages are our own" in lines
    assert f"ok   {tmp_path / 'quarterdeck.toml'}: 1 collector, environment protected" in lines


def test_doctor_needs_no_configuration(tmp_path: Path) -> None:
    done = quarterdeck("doctor", home=tmp_path)
    assert done.code == 0
    assert "no configuration file" in done.out


def test_doctor_tells_every_mistake_and_ends_with_1(tmp_path: Path) -> None:
    path = configuration(
        tmp_path, '[collectors.a]\ntype = "nope"\n[collectors.b]\ntype = "health.tcp"\nurl = 3\n'
    )
    done = quarterdeck("doctor", home=tmp_path)
    assert done.code == 1
    bad = [line for line in done.out.splitlines() if line.startswith("BAD")]
    assert len(bad) == 2
    assert f"{path}:2: collectors.a.type" in bad[0]
    assert f"{path}:5: collectors.b.url" in bad[1]


def test_doctor_names_a_state_folder_that_cannot_be_written(tmp_path: Path) -> None:
    configuration(tmp_path, collector("one", "health.tcp", REFUSED))
    (tmp_path / "file").write_text("")
    done = quarterdeck("doctor", home=tmp_path, env={"XDG_STATE_HOME": str(tmp_path / "file")})
    assert done.code == 1
    assert "recordings and marks cannot be kept" in done.out
