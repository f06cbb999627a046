"""`config show|validate|schema|keys` as an operator meets them."""

import json
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

from console.cli import run
from console.keys import KEYS
from tests.console.verbs.shop import REFUSED, collector, configuration
from tests.project.program import ROOT, write


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("QUARTERDECK_CONFIG", "XDG_CONFIG_HOME", "XDG_STATE_HOME"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


class Said:
    """A verb's exit status and output."""

    def __init__(self, capsys: pytest.CaptureFixture[str], *arguments: object) -> None:
        self.code = run([str(one) for one in arguments])
        self.out, self.err = capsys.readouterr()

    @property
    def json(self) -> Any:
        return json.loads(self.out)


def test_validate_finds_nothing_wrong(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = configuration(home, collector("one", "health.tcp", REFUSED))
    done = Said(capsys, "config", "validate")
    assert (done.code, done.err) == (0, "")
    assert done.out.startswith(f"{path}: valid; ")


def test_validate_tells_every_mistake_of_every_file(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    good = configuration(home, collector("one", "health.tcp", REFUSED), name="good.toml")
    bad = write(home / "bad.toml", '[collectors.a]\ntype = "nope"\n\n[consol]\n')
    done = Said(capsys, "config", "validate", good, bad)
    assert done.code == 78
    lines = done.out.splitlines()
    assert lines[0].startswith(f"{good}: valid; ")
    assert lines[1].startswith(f"{bad}:2: collectors.a.type: no collector type 'nope' (")
    assert lines[2] == f"{bad}:4: consol: unknown section 'consol' (did you mean 'console'?)"
    told = Said(capsys, "config", "validate", "--json", bad).json
    assert told["format"] == 1
    assert [(one["line"], one["key"]) for one in told["problems"]] == [
        (2, "collectors.a.type"),
        (4, "consol"),
    ]
    assert all(one["message"] and one["remedy"] and one["file"] == str(bad) for one in told["problems"])


@pytest.mark.parametrize(("mode", "code"), [(0o600, 0), (0o644, 78)])
def test_validate_tells_of_secrets_in_the_file(
    home: Path, capsys: pytest.CaptureFixture[str], mode: int, code: int
) -> None:
    path = configuration(home, collector("one", "caches.redis", "redis://app:hunter2@host/0"))
    path.chmod(mode)
    done = Said(capsys, "config", "validate")
    assert done.code == code
    assert re.search(
        rf"^(warning: )?{re.escape(str(path))}:3: collectors.one.url: .*secret", done.out, re.MULTILINE
    )
    assert "hunter2" not in done.out + done.err


def test_show_says_where_each_value_comes_from(
    home: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CACHE", "redis://app:hunter2@host/0")
    path = configuration(
        home, collector("one", "caches.redis", "${CACHE}"), head='[defaults."caches.redis"]\nevery = "7s"\n'
    )
    done = Said(capsys, "config", "show")
    assert (done.code, done.err) == (0, "")
    assert "hunter2" not in done.out
    (every,) = re.findall(r"^every = .*$", done.out, re.MULTILINE)
    assert every.endswith(f"# {path}:2")
    (url,) = re.findall(r"^url = .*$", done.out, re.MULTILINE)
    assert "app@host" in url
    assert f"{path}:6" in url
    assert "CACHE" in url
    told = Said(capsys, "config", "show", "--json")
    assert told.json["format"] == 1
    assert "hunter2" not in told.out


def test_show_and_validate_refuse_a_file_that_is_not_there(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for verb in ("show", "validate"):
        done = Said(capsys, "config", verb, "--config", "none.toml")
        assert done.code == 78
        assert "there is no such file" in done.out + done.err


def test_the_schema_knows_every_section_and_type(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    done = Said(capsys, "config", "schema")
    schema = done.json
    assert done.code == 0
    assert schema["$schema"].startswith("https://json-schema.org/")
    named = {"include", "console", "defaults", "services", "collectors", "servers", "keys"}
    assert named | {"actions", "limits", "journal", "questions", "redaction"} == schema["properties"].keys()
    for kind in ("health.http", "queues.rq", "pools.postgres", "logs.file"):
        assert f'"{kind}"' in done.out


def test_keys_are_the_ones_in_force(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    done = Said(capsys, "config", "keys")
    assert done.code == 0
    table = tomllib.loads(done.out.replace("go.", "go-").replace("app.", "app-"))
    assert len(table) >= len(KEYS)
    assert table["app-quit"] == ["q"]
    configuration(home, collector("one", "health.tcp", REFUSED), '[keys]\n"app.quit" = "Q"\n')
    told = Said(capsys, "config", "keys", "--json").json
    assert {one["id"]: one["keys"] for one in told["keys"]}["app.quit"] == ["Q"]


def test_a_key_that_clashes_is_a_mistake(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    configuration(home, collector("one", "health.tcp", REFUSED), '[keys]\n"app.quit" = "f"\n')
    done = Said(capsys, "config", "keys")
    assert (done.code, done.out) == (78, "")
    assert "'f' is bound to go.fleet as well" in done.err


def test_the_readmes_configuration_is_right(
    home: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    found = re.search(r"```toml\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    assert found
    write(home / "quarterdeck.toml", found[1])
    monkeypatch.setenv("REDIS_URL", "redis://localhost")
    monkeypatch.setenv("DATABASE_URL", "postgres://app@localhost/shop")
    done = Said(capsys, "config", "validate")
    assert (done.code, done.err) == (0, ""), done.out
