"""The example in CONTRIBUTING.md is a real distribution: built, installed, loaded, held to the contract."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.collectors.plugins.building import build, install

ROOT = Path(__file__).parents[2]
BLOCK = re.compile(r"^`([\w.]+)`\n\n```\w+\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@pytest.fixture(scope="module")
def example(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The three files, as the page has them."""
    folder = tmp_path_factory.mktemp("example")
    files = dict(BLOCK.findall((ROOT / "CONTRIBUTING.md").read_text()))
    assert files.keys() == {"pyproject.toml", "quarterdeck_spool.py", "test_quarterdeck_spool.py"}
    for name, text in files.items():
        (folder / name).write_text(text)
    return folder


@pytest.fixture(scope="module")
def site(example: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    wheel = build(example, tmp_path_factory.mktemp("wheels"))
    assert wheel.name.startswith("quarterdeck_spool-1.0.0-")
    return install([wheel], tmp_path_factory.mktemp("site"))


def run(site: Path, folder: Path, *command: str) -> "subprocess.CompletedProcess[str]":
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith(("PYTEST", "XDG"))
    }
    return subprocess.run(
        [sys.executable, *command],
        cwd=folder,
        env=environment | {"PYTHONPATH": f"{site}:{ROOT}", "HOME": str(folder)},
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )


def test_the_examples_own_tests_pass_on_its_wheel(example: Path, site: Path, tmp_path: Path) -> None:
    for name in ("pyproject.toml", "test_quarterdeck_spool.py"):
        (tmp_path / name).write_text((example / name).read_text())
    done = run(site, tmp_path, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "2 passed" in done.stdout


def test_the_console_knows_and_explains_it(site: Path, tmp_path: Path) -> None:
    code = "from collectors.registry import load; print(load('queues.spool').__name__)"
    assert run(site, tmp_path, "-c", code).stdout == "Spool\n"
    told = run(site, tmp_path, "-m", "console", "collectors", "queues.spool")
    assert told.returncode == 0, told.stderr
    assert "Counts the files of a spool folder" in told.stdout
    assert "each file in it is a job" in told.stdout
    assert "quarterdeck-spool 1.0.0" in run(site, tmp_path, "-m", "console", "collectors").stdout


def test_a_configuration_with_it_is_checked_and_read(site: Path, tmp_path: Path) -> None:
    (tmp_path / "spool").mkdir()
    text = '[console]\nenvironment = "lab"\n[services.mail]\n[collectors.out]\ntype = "queues.spool"\n'
    good = tmp_path / "quarterdeck.toml"
    good.write_text(f'{text}service = "mail"\nfolder = "{tmp_path}/spool"\n')
    good.chmod(0o600)
    told = run(site, tmp_path, "-m", "console", "check", "--json")
    assert told.returncode in (0, 3), told.stdout + told.stderr
    [reading] = json.loads(told.stdout)["readings"]
    assert reading["quantities"]["ready"]["value"] == 0
    assert reading["quantities"]["dead"]["known"] == "unknown"
    assert reading["quantities"]["spool.bytes"]["unit"] == "B"
    good.write_text(f'{text}service = "mail"\nfoldr = "x"\n')
    told = run(site, tmp_path, "-m", "console", "check")
    assert told.returncode == 78
    assert "folder" in told.stdout + told.stderr
