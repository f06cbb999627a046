"""The tree passes its own tools: layers, lint, format, types."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.project.program import ROOT

BIN = Path(sys.executable).parent


def passes(*command: str, patience: float) -> None:
    done = subprocess.run(
        [str(BIN / command[0]), *command[1:]],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=patience,
        check=False,
    )
    assert done.returncode == 0, f"{done.stdout[-6000:]}\n{done.stderr[-2000:]}"


@pytest.mark.timeout(130)
def test_layers() -> None:
    passes("lint-imports", "--no-cache", patience=120)


@pytest.mark.timeout(130)
def test_lint() -> None:
    passes("ruff", "check", "--output-format", "concise", ".", patience=120)


@pytest.mark.timeout(130)
def test_format() -> None:
    passes("ruff", "format", "--check", "--output-format", "concise", ".", patience=120)


@pytest.mark.timeout(610)
def test_types() -> None:
    passes("mypy", patience=600)
