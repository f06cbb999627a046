"""Build the sample distributions beside this file into wheels and install them into a folder."""

import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent


def build(source: Path, wheels: Path) -> Path:
    """Build one wheel by its own back end, hatchling."""
    before = set(wheels.glob("*.whl"))
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(wheels)]
    subprocess.run(command, cwd=source, check=True, capture_output=True, timeout=60)
    [made] = set(wheels.glob("*.whl")) - before
    return made


def install(wheels: list[Path], target: Path) -> Path:
    """Install wheels into a folder with pip, with no index and no dependencies."""
    options = ["--no-index", "--no-deps", "--no-compile", "--disable-pip-version-check", "--quiet"]
    command = [sys.executable, "-m", "pip", "install", *options, "--target", str(target), *map(str, wheels)]
    subprocess.run(command, check=True, capture_output=True, timeout=120)
    return target
