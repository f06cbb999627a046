from pathlib import Path

from collectors.transport.servers.state import Phase
from tests.console.engine.breaking import broken, serving
from tests.servers.sshd import Sshd
from tests.servers.waiting import wait_until_async


async def test_sessions_that_are_killed_come_back_and_nobody_is_called_down(
    tmp_path: Path, valkey_db: str
) -> None:
    with Sshd() as sshd, serving() as port:
        async with broken(tmp_path, sshd, valkey_db, port) as run:
            for times in range(1, 4):
                sshd.kill_sessions()
                await run.has_reconnected(times)
                await run.is_well()
            assert run.states == {"up"}
            assert run.server.phase is Phase.UP
        await wait_until_async(lambda: not sshd.sessions(), 15, "no session is left")
