"""A server that stops answering, and one that goes away, under a core that reads through it."""

import signal
from pathlib import Path

import pytest

from collectors.transport.servers.state import Phase
from tests.console.engine.breaking import broken, serving
from tests.servers.sshd import Sshd
from tests.servers.waiting import wait_until_async
from tests.soak.lengths import tell


@pytest.mark.timeout(300)
async def test_a_black_hole_and_a_stopped_sshd_are_the_servers_words(tmp_path: Path, valkey_db: str) -> None:
    with Sshd() as sshd, serving() as port:
        async with broken(tmp_path, sshd, valkey_db, port) as run:
            sshd.signal_all(signal.SIGSTOP)
            await run.says("web-1: no answer in time", 30)
            sshd.signal_all(signal.SIGCONT)
            await run.is_well(90)
            sshd.stop()
            await run.says("web-1: connection refused", 30)
            sshd.start()
            await run.is_well(90)
            assert run.states == {"up"}
            sshd.authorized.write_text("")
            sshd.kill_sessions()
            await run.says("web-1: login refused", 30)
            assert run.server.phase is Phase.STOPPED
            told = len(sshd.log())
            await wait_until_async(lambda: run.core.store.snapshot().sources[0].failures > 8, 60)
            assert len(sshd.log()) == told, "after a refused login nobody knocks again by himself"
    tell("nothing was called down")
