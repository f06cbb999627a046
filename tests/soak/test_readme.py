"""The README's commands, typed as they stand into a fresh clone: minutes, because of the downloads."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.project.program import ROOT
from tests.pty.terminal import Terminal

README = (ROOT / "README.md").read_text()


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """What a clone of the last commit holds."""
    git = shutil.which("git")
    if git is None or not (ROOT / ".git").exists():
        pytest.skip("not a clone")
    folder = tmp_path / "quarterdeck"
    subprocess.run([git, "clone", "-q", "--depth", "1", f"file://{ROOT}", folder], check=True, timeout=60)
    return folder


def environment(home: Path) -> dict[str, str]:
    kept = {
        name: os.environ[name]
        for name in os.environ
        if name.startswith("PIP_") or name.lower().endswith("_proxy")
    }
    path = os.environ.get("PATH", os.defpath)
    return {"HOME": str(home), "PATH": path, "TERM": "xterm-256color", "LANG": "C.UTF-8", **kept}


@pytest.mark.timeout(900)
def test_one_line_from_a_clone_to_the_demo(clone: Path, tmp_path: Path) -> None:
    found = re.search(r"## See it\n.*?```sh\n(.*?)\n```", README, re.DOTALL)
    assert found
    with Terminal(
        ["/bin/sh", "-c", f"cd {clone} && {found[1]}"], environment(tmp_path), (120, 40)
    ) as terminal:
        terminal.wait_for("orders", 600)
        terminal.wait_for("payments", 60)
        terminal.send("q")
        assert terminal.end(60) == 0
        assert terminal.left_on() == []
    ours = [path for path in (Path("/proc").glob("[0-9]*/cmdline")) if _runs_from(path, clone)]
    assert ours == []
    # the clone holds nothing but its own files and the environment that was made
    changed = subprocess.run(
        ["git", "status", "--short"], cwd=clone, capture_output=True, text=True, check=True
    ).stdout
    assert changed == ""


def _runs_from(path: Path, folder: Path) -> bool:
    try:
        return str(folder).encode() in path.read_bytes()
    except OSError:
        return False
