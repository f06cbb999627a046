"""`login` and `doctor` on the servers of a configuration, without dialling any."""

from dataclasses import replace
from pathlib import Path

import pytest

from collectors.errors import QuarterdeckError
from collectors.transport.servers.spec import Server
from collectors.transport.servers.state import Phase
from console.cli import run
from console.engine.core import Core
from console.settings import Source, load
from console.verbs.login import _chosen, log_in
from tests.console.engine.samples import settings_of
from tests.console.engine.ways import scripted
from tests.console.verbs.shop import REFUSED, collector, configuration

SERVERS = """
[servers.web]
instances = ["web-[1-2]"]
host = "{instance}.invalid"
jump = "bastion"

[servers.bastion]
host = "bastion.invalid"

[servers.pod]
kube = { target = "deploy/orders" }
"""


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("QUARTERDECK_CONFIG", raising=False)
    return tmp_path


@pytest.mark.parametrize(
    ("servers", "arguments", "words"),
    [
        (SERVERS, ["web-3"], "there is no server 'web-3' – did you mean 'web-2'?"),
        (SERVERS, ["pod"], "pod is reached by kubectl, which logs in by itself"),
        ("", [], "no server is reached by ssh"),
        (SERVERS, ["web-1"], "a login asks: run it on a terminal"),
    ],
)
def test_what_cannot_be_logged_in_to_is_said(
    home: Path, servers: str, arguments: list[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    configuration(home, collector("one", "health.tcp", REFUSED), head=servers)
    assert run(["login", *arguments]) == 64
    assert words in capsys.readouterr().err


def test_without_a_name_it_is_what_collectors_run_through(home: Path) -> None:
    def chosen(*names: str, server: str = "") -> list[str]:
        more = {"server": f'"{server}"'} if server else {}
        configuration(home, collector("one", "health.tcp", REFUSED, **more), head=SERVERS)
        return list(_chosen(load(Source(folder=home), {"HOME": str(home)}), names))

    assert chosen(server="web-2") == ["web-2"]
    assert chosen() == ["web-1", "web-2", "bastion"]
    assert chosen("bastion", "web-1", server="web-2") == ["bastion", "web-1"]
    with pytest.raises(QuarterdeckError):
        chosen("web")


async def test_each_login_is_run_and_what_came_of_it_is_said(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    made = scripted(monkeypatch)
    core = Core(replace(settings_of(), servers={name: Server(name, name) for name in ("a", "b", "c")}))
    (pool,) = made
    argv = {"a": ["sh", "-c", "echo hello"], "b": ["sh", "-c", "exit 7"], "c": ["/nowhere/ssh"]}
    monkeypatch.setattr(pool, "login_argv", lambda name: argv[name])
    await log_in(core.ways, ["a", "b", "c"])
    assert [state.phase for state in pool.states()] == [Phase.UP, Phase.IDLE, Phase.IDLE]
    said = capfd.readouterr()
    assert said.out == "hello\n"
    lines = said.err.splitlines()
    assert lines[:4] == [
        "quarterdeck: sh -c 'echo hello'",
        "quarterdeck: a: open",
        "quarterdeck: sh -c 'exit 7'",
        "quarterdeck: b: not open, sh ended with status 7",
    ]
    assert lines[5].startswith("quarterdeck: c: not open: ")
    assert pool.adopted == ["a"]
    await core.stop()
