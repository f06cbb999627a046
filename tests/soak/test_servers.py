"""Forty servers by ssh, on one sshd with its usual limits."""

from pathlib import Path

import pytest

from tests.servers.reaching import bring_up
from tests.servers.sshd import Operator, Sshd
from tests.soak.lengths import tell

COUNT = 40


@pytest.mark.timeout(300)
async def test_forty_names_on_one_sshd_come_up(tmp_path: Path) -> None:
    with Sshd() as sshd:
        took = await bring_up(Operator(tmp_path), sshd, COUNT)
    tell(f"{COUNT} servers up in {took:.1f} s")
    assert took < 120
