import json
import subprocess
import sys
from typing import Any

from collectors import registry
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
