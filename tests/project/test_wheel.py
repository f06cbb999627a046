"""The wheel: whole, nothing else in it, and alone it runs."""

import json
import socket
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.project.program import COMMAND, ROOT, environment, write

PACKAGES = ("console", "widgets", "collectors")
ALONE = """
import json, sys
folder, answer, *arguments = sys.argv[1:]
sys.path.insert(0, folder)
sys.argv = ["quarterdeck", *arguments]
from console.__main__ import main
code = main()
strangers = sorted(
    name
    for name, module in sys.modules.items()
    if name.partition(".")[0] in ("console", "widgets", "collectors")
    and not (module.__file__ or "").startswith(folder)
)
with open(answer, "w") as file:
    json.dump(strangers, file)
sys.exit(code)
"""


def python(*arguments: str | Path, home: Path, **more: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, *map(str, arguments)],
        cwd=home,
        env=environment(home, more),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
    )


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("wheel")
    made = python(
        *("-m", "pip", "wheel", "-q", "--no-deps", "--no-index", "--no-build-isolation", "-w", home, ROOT),
        home=home,
        PYTHONWARNINGS="",
    )
    assert made.returncode == 0, made.stderr
    (path,) = home.glob("*.whl")
    return path


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("installed")
    made = python(
        *("-m", "pip", "install", "-q", "--no-deps", "--no-index", "--target", folder, wheel),
        home=folder,
        PYTHONWARNINGS="",
    )
    assert made.returncode == 0, made.stderr
    return folder


@pytest.fixture
def port() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def test_it_holds_every_file_of_the_three_packages_and_no_other(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = {name for name in archive.namelist() if not name.endswith("/")}
    info = {name for name in names if ".dist-info/" in name}
    there = {
        str(path.relative_to(ROOT))
        for package in PACKAGES
        for path in (ROOT / package).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert names - info == there
    assert {f"{package}/py.typed" for package in PACKAGES} <= there
    assert {Path(name).suffix for name in there} >= {".py", ".sql", ".typed"}


def test_its_metadata_names_the_command_and_the_licence(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        texts = {
            Path(name).name: archive.read(name).decode() for name in archive.namelist() if "dist-info" in name
        }
    assert "quarterdeck = console.__main__:main" in texts["entry_points.txt"]
    assert "License-Expression: MIT" in texts["METADATA"]
    assert "LICENSE" in texts


def test_alone_it_tells_its_version(installed: Path, tmp_path: Path) -> None:
    done = python("-I", "-c", ALONE, installed, tmp_path / "answer", "--version", home=tmp_path)
    assert (done.returncode, done.stdout) == (0, "quarterdeck, version 0.1.0\n")
    assert json.loads((tmp_path / "answer").read_text()) == []


@pytest.mark.parametrize("scheme", ["tcp", "file"])
def test_alone_it_checks(installed: Path, tmp_path: Path, port: int, scheme: str) -> None:
    log = write(tmp_path / "app.jsonl", '{"level": "info", "message": "hello"}\n')
    url = f"tcp://127.0.0.1:{port}" if scheme == "tcp" else f"file://{log}"
    done = python("-I", "-c", ALONE, installed, tmp_path / "answer", "check", "--json", url, home=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    (reading,) = json.loads(done.stdout)["readings"]
    assert reading["freshness"] == "live"
    assert json.loads((tmp_path / "answer").read_text()) == []


def test_its_packaged_statements_are_found(installed: Path, tmp_path: Path, postgres_db: str) -> None:
    done = python(
        *("-I", "-c", ALONE, installed, tmp_path / "answer", "show", "pools", "--json", postgres_db),
        home=tmp_path,
    )
    told = json.loads(done.stdout)
    assert told["failures"] == []
    assert told["readings"]


@pytest.mark.parametrize("package", ["widgets", "collectors"])
def test_a_foreign_package_of_our_name_is_refused(tmp_path: Path, package: str) -> None:
    (tmp_path / "foreign" / package).mkdir(parents=True)
    (tmp_path / "foreign" / package / "__init__.py").write_text("")
    done = subprocess.run(
        [*COMMAND, "--version"],
        cwd=tmp_path,
        env=environment(tmp_path, {"PYTHONPATH": str(tmp_path / "foreign")}),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stdout) == (70, "")
    assert done.stderr.startswith(f"quarterdeck: {package} comes from {tmp_path / 'foreign' / package}")
    assert "pipx install quarterdeck" in done.stderr


def test_a_mere_folder_of_our_name_does_no_harm(tmp_path: Path) -> None:
    for package in PACKAGES:
        (tmp_path / package).mkdir()
    done = subprocess.run(
        [*COMMAND, "--version"],
        cwd=tmp_path,
        env=environment(tmp_path, {"PYTHONPATH": str(tmp_path)}),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
