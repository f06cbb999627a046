"""Programs of this machine that sudo runs: they take no signal of ours, so sudo is asked to end them."""

import asyncio
import os
from pathlib import Path

import pytest

from collectors.errors import TimedOutError
from collectors.transport.local import LocalHost

_RELAYS = """#!/bin/sh
trap 'echo handed on >> {told}; exit 0' TERM
echo ready
sleep 300 &
wait
"""
_DEAF = """#!/bin/sh
trap '' TERM
echo ready
sleep 300
"""


def stand_in(script: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = folder / "sudo"
    program.write_text(script)
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")


async def test_sudo_hands_on_that_it_is_to_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told = tmp_path / "told"
    stand_in(_RELAYS.format(told=told), tmp_path, monkeypatch)
    stream = await LocalHost().stream(["sudo", "-n", "--", "journalctl"])
    assert await stream.read() == b"ready\n"
    await stream.close()
    assert told.read_text() == "handed on\n"
    with pytest.raises(TimedOutError):
        await LocalHost().run(["nice", "-n", "19", "sudo", "-n", "--", "journalctl"], timeout=1.0)
    assert told.read_text() == "handed on\n" * 2


async def test_who_does_not_listen_is_killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stand_in(_DEAF, tmp_path, monkeypatch)
    stream = await LocalHost().stream(["sudo", "-n", "--", "journalctl"])
    await stream.read()
    async with asyncio.timeout(20):
        await stream.close()
    assert stream._process.returncode == -9  # type: ignore[attr-defined] # of this machine
