import json
from typing import Any

from console.settings import Source, show, validate
from console.settings.loading import Loading, load_tree

TEXT = """\
[console]
name = "shop"
environment = "production"

[defaults."health.sample"]
every = "9s"
token = "${TOKEN}"

[services.orders]
instances = ["web-[1-2]"]

[collectors.x]
type = "health.sample"
service = "orders"
url = "http://reader:${TOKEN}@{instance}/${ZONE:-eu}"
headers = { Authorization = "Bearer ${TOKEN:-hunter2}" }
thresholds.latency = { warning = "500ms", for = "1m" }

[servers.s]
host = "h"

[keys]
app.quit = "x"
"""


def loading(place: Any, text: str = TEXT, **more: Any) -> Loading:
    place.environ["TOKEN"] = "hunter2"
    place.write(text)
    return load_tree(Source(folder=place.folder), place.environ, **more)


def rows(place: Any) -> dict[str, tuple[Any, str, tuple[str, ...]]]:
    document = show.as_json(loaded := loading(place), show.effective(loaded))
    file = str(place.folder / "quarterdeck.toml")
    return {
        one["key"]: (one["value"], one["origin"].replace(file, "FILE"), tuple(one["variables"]))
        for one in document["values"]
    }


def test_every_value_has_its_origin(place: Any) -> None:
    found = rows(place)
    assert found["console.name"] == ("shop", "FILE:2", ())
    assert found["console.theme"] == ("auto", "default", ())
    assert found["collectors.x.every"] == (9.0, "FILE:6", ())
    assert found["collectors.x.timeout"] == (3.0, "default", ())
    assert found["collectors.x.count"] == (3, "default", ())
    assert found["collectors.x.instances"] == (["web-1", "web-2"], "default", ())
    assert found["collectors.x.thresholds.latency"] == ({"warning": 0.5, "for": 60.0}, "FILE:17", ())
    assert found["services.orders.instances"][0] == ["web-1", "web-2"]
    assert found["servers.s.host"] == ("h", "FILE:20", ())
    assert found['keys."app.quit"'][0] == ["x"]


def test_secrets_are_masked_and_their_variables_named(place: Any) -> None:
    found = rows(place)
    assert found["collectors.x.token"] == ("•••", "FILE:7", ("TOKEN",))
    assert found["collectors.x.url"] == ("http://reader@{instance}/eu", "FILE:15", ("TOKEN", "ZONE"))
    assert found["collectors.x.headers"] == ({"Authorization": "•••"}, "FILE:16", ("TOKEN",))
    loaded = loading(place)
    values = show.effective(loaded)
    assert "hunter2" not in show.as_text(loaded, values)
    assert "hunter2" not in json.dumps(show.as_json(loaded, values))


def test_text_reads_like_the_file(place: Any) -> None:
    loaded = loading(place)
    lines = show.as_text(loaded, show.effective(loaded)).splitlines()
    assert lines[0] == f"# {place.folder}/quarterdeck.toml; production, protected"
    assert "[collectors.x]" in lines
    assert any("${TOKEN} ${ZONE}" in line for line in lines)
    assert any(line.startswith('type = "health.sample" ') and line.endswith(".toml:13") for line in lines)


def test_json_has_its_format_and_files(place: Any) -> None:
    loaded = loading(place)
    document = show.as_json(loaded, show.effective(loaded))
    assert document["format"] == 1
    assert document["protected"] is True
    assert document["environment"] == "production"
    assert document["files"] == [str(place.folder / "quarterdeck.toml")]


def test_flags_and_the_operator_say_so(place: Any) -> None:
    place.environ["QUARTERDECK_OPERATOR"] = "kim"
    loaded = loading(place, overrides={"theme": "dark"})
    origins = {(one.key, str(one.value)): one.origin for one in show.effective(loaded, {"theme": "dark"})}
    assert origins["theme", "dark"] == "flag"
    assert origins["operator", "kim"] == "$QUARTERDECK_OPERATOR"


def test_a_collector_that_cannot_be_loaded_says_why(place: Any) -> None:
    loaded = loading(place, '[collectors.b]\ntype = "caches.broken"\nsecret = "hunter2"\n')
    text = show.as_text(loaded, show.effective(loaded))
    assert "acme 1.0" in text
    assert "hunter2" not in text


def test_hostile_text_is_shown_and_not_sent(place: Any) -> None:
    loaded = loading(place, '[console]\nname = "a\\u001b[2J"\n')
    assert "\x1b" not in show.as_text(loaded, show.effective(loaded))


def test_nothing_to_show(place: Any) -> None:
    loaded = load_tree(Source(folder=place.folder), place.environ)
    assert show.as_text(loaded, show.effective(loaded)).startswith("# no configuration file; no environment")


def test_a_valid_configuration_is_summed_up(place: Any) -> None:
    loading(place)
    report = validate.validate(Source(folder=place.folder), place.environ)
    assert report.exit_code == 0
    assert validate.as_text(report).endswith(
        "valid; 1 services, 1 collectors, environment production (protected)\n"
    )
    assert validate.as_json(report)["valid"] is True


def test_a_bad_one_is_told_line_by_line_with_its_warnings(place: Any) -> None:
    path = place.write('include = ["none.toml"]\n[console]\nthem = 1\n')
    report = validate.validate(Source(folder=place.folder), place.environ)
    assert report.exit_code == 78
    assert validate.as_text(report) == (
        f"{path}:3: console.them: unknown key 'them' (did you mean 'theme'?)\n"
        f"warning: {path}:1: include: 'none.toml' matches no file\n"
        "1 mistake\n"
    )
    document = validate.as_json(report)
    assert document["problems"] == [
        {
            "file": str(path),
            "line": 3,
            "key": "console.them",
            "message": "unknown key 'them'",
            "remedy": "did you mean 'theme'?",
        }
    ]
    assert len(document["warnings"]) == 1


def test_no_file_is_said_to_be_none(place: Any) -> None:
    report = validate.validate(Source(folder=place.folder), place.environ)
    assert validate.as_text(report) == "no configuration file was found\n"


def test_what_an_adapter_makes_of_options_is_shown(place: Any) -> None:
    loaded = loading(place, '[collectors.h]\ntype = "health.http"\nurl = "http://h"\n')
    found = {one.key: one.value for one in show.effective(loaded)}
    assert found["expect_status"][:2] == [200, 201]
    assert isinstance(found["window"], dict)
    assert "100 in all" in show.as_text(loaded, show.effective(loaded))


def test_attribution_is_shown_in_the_files_order(place: Any) -> None:
    text = TEXT + '[collectors.y]\ntype = "health.sample"\nurl = "http://y"\n'
    loaded = loading(place, text + 'attribute = { "b-*" = "two", "a*" = "one" }\n')
    text = show.as_text(loaded, show.effective(loaded))
    assert 'attribute = { b-* = "two", "a*" = "one" }'.replace("b-*", '"b-*"') in text


ACTING = """\
[services.orders]
min_ready = 0

[limits]
max_rate = "60/min"

[limits.custom.off]
max_items = 1

[limits."custom.restart"]
max_items = 2

[journal]
mirror_command = ["logger", "-t", "qd"]

[actions.restart]
risk = "disruptive"
practice = "queues"
command = ["tell", "--key=${TOKEN}", "--zone=${ZONE:-eu}", "worker@{subject}"]
env = { PASSWORD = "${TOKEN}" }

[actions.off]
risk = "safe"
target = "jobs/*"
[actions.off.request]
url = "https://kim:${TOKEN}@h/off/{subject}?token=${TOKEN}"
headers = { A = "${TOKEN}" }
body = "{}"
"""


def test_what_is_set_of_actions_is_shown_without_secrets(place: Any) -> None:
    loaded = loading(place, ACTING)
    values = show.effective(loaded)
    file = f"{place.folder}/quarterdeck.toml"
    found = {".".join(map(str, (*one.table, one.key))): one for one in values}
    assert found["services.orders.min_ready"].value == 0
    assert (found["limits.max_rate"].value, found["limits.max_rate"].origin) == (1.0, f"{file}:5")
    assert (found["limits.custom.off.max_items"].value, found["limits.custom.off.max_items"].origin) == (
        1,
        f"{file}:8",
    )
    assert found["limits.custom.restart.max_items"].origin == f"{file}:11"
    assert found["journal.mirror_command"].value == ["logger", "-t", "qd"]
    restart = found["actions.restart.command"]
    assert restart.value == ["tell", "--key=•••", "--zone=eu", "worker@{subject}"]
    assert restart.variables == ("TOKEN", "ZONE")
    assert found["actions.restart.env"].value == {"PASSWORD": "•••"}
    assert found["actions.restart.words"].origin == "default"
    assert found["actions.restart.timeout"].value == 30.0
    assert found["actions.off.request"].value == {
        "method": "POST",
        "url": "https://kim@h/off/{subject}?token=•••",
        "headers": {"A": "•••"},
        "body": "{}",
    }
    assert "hunter2" not in show.as_text(loaded, values)
    assert "hunter2" not in json.dumps(show.as_json(loaded, values))
