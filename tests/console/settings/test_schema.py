import json
import subprocess
import sys
from typing import Any

from collectors import registry
from console.settings.loading import SECTIONS
from console.settings.schema import json_schema


def test_it_is_json_and_knows_every_type() -> None:
    schema = json.loads(json.dumps(json_schema()))
    collector = schema["properties"]["collectors"]["additionalProperties"]
    assert collector["properties"]["type"]["enum"] == sorted(registry.types())
    assert schema["additionalProperties"] is False


def branch(name: str) -> dict[str, Any]:
    branches = json_schema()["properties"]["collectors"]["additionalProperties"]["allOf"]
    (found,) = [one["then"] for one in branches if one["if"]["properties"]["type"]["const"] == name]
    assert isinstance(found, dict)
    return found


def test_options_are_written_as_toml_writes_them() -> None:
    properties = branch("health.sample")["properties"]
    assert properties["url"]["type"] == "string"
    assert properties["token_file"] == {"type": "string"}
    assert properties["token_command"]["type"] == "array"
    assert {"type": "string", "pattern": r"^\s*\d"} in properties["window"]["anyOf"]
    assert properties["room"]["type"] == ["number", "string"]
    assert properties["mode"]["enum"] == ["fast", "careful"]
    assert properties["headers"]["additionalProperties"] == {"type": "string"}
    assert "ready" not in properties["thresholds"]["properties"]
    assert "ready" in branch("queues.sample")["properties"]["thresholds"]["properties"]


def test_every_reference_leads_somewhere() -> None:
    schema = json_schema()

    def walk(part: Any) -> None:
        if isinstance(part, dict):
            target: Any = schema
            for step in part.get("$ref", "#").split("/")[1:]:
                target = target[step]
            for inner in part.values():
                walk(inner)
        elif isinstance(part, list):
            for inner in part:
                walk(inner)

    walk(schema)


def test_a_type_that_cannot_be_loaded_is_left_open() -> None:
    assert branch("caches.broken")["additionalProperties"] is True
    assert branch("health.sample")["additionalProperties"] is False


def test_actions_and_their_limits_are_told() -> None:
    properties = json.loads(json.dumps(json_schema()))["properties"]
    action = properties["actions"]["additionalProperties"]
    assert action["properties"]["risk"]["enum"] == ["safe", "disruptive", "destructive"]
    assert action["required"] == ["risk"]
    assert action["additionalProperties"] is False
    assert action["properties"]["request"]["required"] == ["url"]
    assert "POST" in action["properties"]["request"]["properties"]["method"]["enum"]
    assert properties["limits"]["properties"]["deny"]["type"] == "array"
    assert properties["limits"]["patternProperties"][r"^[a-z]+\."]["additionalProperties"] is False
    assert properties["journal"]["properties"]["mirror"]["enum"] == ["syslog"]
    assert properties["services"]["additionalProperties"]["properties"]["min_ready"]["minimum"] == 0


def test_it_has_every_section_and_every_key_that_is_read(place: Any) -> None:
    properties = json_schema()["properties"]
    assert set(properties) == set(SECTIONS)
    for section in ("limits", "journal"):
        problem = place.problem(f"[{section}]\nzz = 1\n")
        assert problem.remedy == "known are " + ", ".join(sorted(properties[section]["properties"]))
    action = properties["actions"]["additionalProperties"]["properties"]
    text = '[actions.a]\nrisk = "safe"\ntarget = "*"\n'
    problem = place.problem(text + 'command = ["a"]\nzz = 1\n')
    assert problem.remedy == "known are " + ", ".join(sorted(action))
    problem = place.problem(text + 'request = { url = "http://h", zz = 1 }\n')
    assert problem.remedy == "known are " + ", ".join(sorted(action["request"]["properties"]))


def imported(code: str) -> set[str]:
    done = subprocess.run(
        [sys.executable, "-c", f"{code}\nimport sys; print(*sys.modules)"],
        capture_output=True,
        text=True,
        check=True,
    )
    return set(done.stdout.split())


def test_settings_need_no_terminal() -> None:
    code = (
        "from console.settings import *\n"
        "from console.settings import instant, schema, show, validate\n"
        "instant.settings(['http://x', 'redis://y', 'postgres://z/a', 'file:///a'], {})\n"
        "schema.json_schema()"
    )
    assert not {"textual", "plotext"} & imported(code)


def test_whoever_only_holds_settings_needs_no_pydantic() -> None:
    assert "pydantic" not in imported("import console.settings")
