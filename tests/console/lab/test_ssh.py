"""The demo behind real sshds: everything that the console reads there comes through them."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from console.lab.processes import LabError
from console.lab.run import Lab, serve, start_lab
from console.lab.servers import postgres, sshd, valkey
from console.verbs.demo import MISSING, run_demo
from tests.servers.debian import program
from tests.servers.fixtures import missing
from tests.servers.processes import tree
from tests.servers.waiting import wait_until


@pytest.fixture(scope="module")
def ssh_lab() -> Iterator[Lab]:
    program("sshd", "openssh-server")
    try:
        valkey.binary()
        postgres.installation()
    except LabError as problem:
        missing(problem)
    with start_lab(ssh=True) as lab:
        yield lab


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module")
def told(ssh_lab: Lab, home: Path) -> dict[str, Any]:
    """What `quarterdeck check --json` tells, after everything has begun."""
    command = [sys.executable, "-P", "-m", "console", "check", "--config", str(ssh_lab.config_path)]
    done = subprocess.run(
        [*command, "--for", "6s", "--json"],
        env={**os.environ, "HOME": str(home), "PYTHONPATH": str(Path(__file__).parents[3])},
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert done.stdout, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_all_machines_are_up_and_nothing_failed(told: dict[str, Any]) -> None:
    states = {one["name"]: (one["way"], one["phase"], one["why"]) for one in told["servers"]}
    assert states == dict.fromkeys(("web-1", "web-2", "web-3", "jobs-1", "data-1"), ("ssh", "up", ""))
    assert told["failures"] == []


@pytest.mark.parametrize("practice", ["health", "queues", "caches", "pools", "logs", "drains"])
def test_each_practice_is_read_through_them(told: dict[str, Any], practice: str) -> None:
    assert [one for one in told["readings"] if one["practice"] == practice]


def test_nothing_of_the_users_own_is_touched(told: dict[str, Any], ssh_lab: Lab, home: Path) -> None:
    assert list(home.glob(".ssh*")) == []
    folder = ssh_lab.folder / "ssh"
    assert folder.stat().st_mode & 0o777 == 0o700
    assert (folder / "id").stat().st_mode & 0o777 == 0o600
    assert len((folder / "known_hosts").read_text().splitlines()) == 5


def test_without_them_it_says_so(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(sshd, "find_program", lambda name: None)
    assert run_demo("", serve=False, plain=True, ssh=True) == MISSING
    assert "sshd is not installed here: apt-get install openssh-server" in capsys.readouterr().err
    assert serve(None, ssh=True) == 1
    assert "apt-get install openssh-server" in capsys.readouterr().err


# the last one of the module: it ends the lab
def test_sessions_end_with_the_lab(ssh_lab: Lab) -> None:
    config = ssh_lab.folder / "ssh" / "ssh_config"
    client = subprocess.Popen(
        ["ssh", "-F", str(config), "web-1", "echo here; exec sleep 300"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    assert client.stdout is not None
    assert client.stdin is not None
    assert client.stdout.readline() == b"here\n"
    sshds = {pid for pid, command in tree(ssh_lab.process.pid).items() if "sshd" in command}
    assert len(sshds) >= 6
    ssh_lab.stop()
    assert client.wait(20) == 255
    client.stdin.close()
    client.stdout.close()
    wait_until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in sshds), what="no sshd is left")
    assert not any(folder.exists() for folder in ssh_lab.folders)
