"""Twenty thousand numbered lines through an sshd that loses its sessions six times."""

from pathlib import Path

import pytest

from tests.collectors.logs.lost import through_losses
from tests.servers.reaching import QUICK, at, reaching
from tests.servers.sshd import Operator, Sshd
from tests.soak.lengths import tell

LINES = 20_000
LOSSES = 6


@pytest.mark.timeout(400)
async def test_every_line_once_and_in_order(tmp_path: Path) -> None:
    folder = tmp_path / "operator"
    folder.mkdir()
    with Sshd() as sshd:
        operator = Operator(folder)
        operator.meet(sshd)
        async with reaching(operator, at(sshd, options=QUICK)) as servers:
            told = await through_losses(tmp_path / "app.log", sshd, servers, lines=LINES, losses=LOSSES)
    tell(f"{len(told.numbers):,} lines through {told.losses} lost connections, each once and in order")
    assert told.losses == LOSSES
    assert told.numbers == list(range(LINES))
