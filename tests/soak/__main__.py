"""The full-size runs: python -m tests.soak [PYTEST OPTION ...]

Each runs as long as its own figure says, the lab an hour; SOAK_SECONDS gives all of them another
length. -k picks one by a word of its name. They start what they need.
"""

import sys
from pathlib import Path

import pytest

if __name__ == "__main__":
    sys.exit(pytest.main(["-n", "0", "-q", "-s", str(Path(__file__).parent), *sys.argv[1:]]))
