"""What is in the repository: nothing of the machine that it was written on, and commands that agree."""

import re
import shlex
import shutil
import subprocess
import tomllib
from functools import cache
from pathlib import Path

import pytest

from console.cli import main
from tests.project.program import ROOT

README = (ROOT / "README.md").read_text()


@cache
def tracked() -> tuple[Path, ...]:
    git = shutil.which("git")
    if git is None or not (ROOT / ".git").exists():
        pytest.skip("not a clone: nothing says which files are ours")
    done = subprocess.run([git, "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True)
    return tuple(ROOT / name.decode() for name in done.stdout.split(b"\0") if name)


def commands(heading: str) -> list[str]:
    """The lines of the shell block below a heading of the README."""
    found = re.search(rf"^## {re.escape(heading)}\n.*?```sh\n(.*?)```", README, re.DOTALL | re.MULTILINE)
    assert found, f"README has no commands under {heading!r}"
    return found[1].strip().splitlines()


def extras(line: str) -> set[str]:
    found = re.search(r"'\.\[([\w,]+)\]'", line)
    return set(found[1].split(",")) if found else set()


def test_no_file_names_the_folder_in_which_it_was_written() -> None:
    home = f"{Path.home()}/"
    folders = (str(ROOT), f"{ROOT.parent}/", home)
    common = ("/", "/tmp/", "/root/", "/home/")  # where anybody's files stand says nothing
    needles = [folder.encode() for folder in folders if folder not in common and folder.count("/") > 1]
    wrong = [
        str(path.relative_to(ROOT))
        for path in tracked()
        if path.is_file() and any(needle in path.read_bytes() for needle in needles)
    ]
    assert wrong == []


def test_nothing_stands_at_the_top_that_does_not_belong_there() -> None:
    known = {
        *("pyproject.toml", "console", "widgets", "collectors", "tests", "screenshots"),
        *("README.md", "LICENSE", "CHANGELOG.md", "CONTRIBUTING.md"),
    }
    top = {path.relative_to(ROOT).parts[0] for path in tracked()}
    assert {name for name in top - known if not name.startswith(".") and not name.endswith(".lock")} == set()


def test_nothing_generated_is_tracked() -> None:
    junk = re.compile(
        r"__pycache__|\.py[co]$|\.(?:egg-info|whl|qdr)(?:/|$)|(?:^|/)(?:dist|build|\.venv[^/]*)/"
    )
    assert [str(path) for path in tracked() if junk.search(str(path.relative_to(ROOT)))] == []


def test_the_readme_tests_with_the_command_of_the_ci() -> None:
    script = (ROOT / ".ci/run").read_text().splitlines()
    assert script[0] == "#!/bin/sh"
    assert (ROOT / ".ci/run").stat().st_mode & 0o111
    place, _, command = script[1].partition(" && ")
    assert place == 'cd "$(dirname "$0")/.."'
    assert [command] == commands("Test it")
    assert script[2:] == []


def test_the_commands_of_the_readme_name_extras_that_exist() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    for heading in ("See it", "Test it"):
        (line,) = commands(heading)
        assert extras(line)
        assert extras(line) <= set(project["optional-dependencies"])


def test_the_demo_command_of_the_readme_is_one_that_the_console_has() -> None:
    (line,) = commands("See it")
    last = shlex.split(line)[-2:]
    assert last == [".venv/bin/quarterdeck", "demo"]
    assert "demo" in main.commands


def test_every_verb_that_the_readme_shows_exists() -> None:
    blocks = re.findall(r"^quarterdeck +([a-z]+)(?= |$)", README, re.MULTILINE)
    shown = set(blocks) | set(re.findall(r"`quarterdeck ([a-z]+)", README))
    assert {"check", "show", "record", "mark", "config", "collectors", "doctor", "demo"} <= shown
    assert shown <= set(main.commands)


def test_what_the_readme_links_to_is_there() -> None:
    links = re.findall(r"\]\((?!https?:|#)([^)#]+)\)", README)
    assert links
    assert [link for link in links if not (ROOT / link).exists()] == []
