"""Run the full-size tests: ``python -m tests.soak [PYTEST OPTION …]``; they take minutes each."""

import sys
from pathlib import Path

import pytest

if __name__ == "__main__":
    sys.exit(pytest.main(["-n", "0", "-q", str(Path(__file__).parent), *sys.argv[1:]]))
