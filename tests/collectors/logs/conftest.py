"""What the tests of logs share."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.servers.debian import program


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that everybody may look into; pytest shuts its own to others, again with each new run."""
    folder = Path(tempfile.mkdtemp(prefix="quarterdeck-test-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def busybox() -> str:
    """The path of busybox."""
    return program("busybox", "busybox")


@pytest.fixture
def sudo() -> str:
    """The path of sudo."""
    return program("sudo", "sudo")
