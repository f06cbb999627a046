"""Logins that real sshds refuse, or that our ssh refuses: own words, own hop, and no key is ever added."""

import asyncio
import os
import re
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from collectors.errors import OptionsError, TimedOutError, UnsupportedError
from collectors.transport.servers.spec import Server
from collectors.transport.servers.state import Fault, Phase, ServerError
from tests.servers.fixtures import MakeSshd
from tests.servers.reaching import QUICK, at, reaching, state, until
from tests.servers.sshd import Operator, Sshd, new_key
from tests.servers.waiting import wait_until_async

STRANGER = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHfXz9rAbKQHvGC1vzq9TTEYyyVqDrAC3yQhZ2gBRX6v"


@pytest.fixture(scope="module")
def jump() -> Iterator[Sshd]:
    with Sshd() as server:
        yield server


async def refused(operator: Operator, *specs: Server, name: str = "web-1") -> tuple[ServerError, str]:
    """What a server's refusal says, and the command to run by hand."""
    async with reaching(operator, *specs) as servers:
        with pytest.raises(ServerError) as caught:
            await servers.host(name).run(["true"], timeout=20)
        now = state(servers, name)
        assert (now.fault, now.why, now.hop) == (caught.value.fault, caught.value.why, caught.value.hop)
        stops = caught.value.fault in (Fault.KEY_UNKNOWN, Fault.KEY_CHANGED, Fault.KEY_REVOKED, Fault.AUTH)
        assert now.phase is (Phase.STOPPED if stops else Phase.LOST)
        assert (now.retry_at is None) == stops
        again = time.monotonic()
        with pytest.raises(ServerError, match=re.escape(caught.value.why)):
            await servers.host(name).run(["true"], timeout=20)
        assert time.monotonic() - again < 0.5, "the breaker answers at once"
        return caught.value, now.by_hand


async def test_an_unknown_host_key(operator: Operator, sshd: Sshd) -> None:
    sshd.trust(operator.public)
    error, by_hand = await refused(operator, at(sshd))
    assert error.why == "web-1: unknown host key"
    assert "no key is ever added" in error.hint
    assert by_hand == f"ssh -F {operator.config} -p {sshd.port} 127.0.0.1"


async def test_a_changed_host_key(operator: Operator, sshd: Sshd) -> None:
    sshd.trust(operator.public)
    operator.know(f"[127.0.0.1]:{sshd.port} {STRANGER}\n")
    error, _ = await refused(operator, at(sshd))
    assert (error.fault, error.why) == (Fault.KEY_CHANGED, "web-1: changed host key")
    assert "it now shows SHA256:" in error.hint


async def test_a_revoked_host_key(operator: Operator, sshd: Sshd) -> None:
    operator.meet(sshd)
    operator.know(f"@revoked * {sshd.public}\n")
    error, _ = await refused(operator, at(sshd))
    assert (error.fault, error.why) == (Fault.KEY_REVOKED, "web-1: revoked host key")


@pytest.mark.parametrize("by", ["our own", "the user's own"])
async def test_an_unknown_jump_host_key_whatever_the_users_own_configuration_says(
    operator: Operator, sshd: Sshd, jump: Sshd, by: str
) -> None:
    operator.meet(sshd)
    jump.trust(operator.public)
    lax = ["Host *", "  StrictHostKeyChecking no", "  UpdateHostKeys yes", "  CheckHostIP yes"]
    route = ["Host behind", "  HostName 127.0.0.1", f"  Port {sshd.port}", "  ProxyJump gate"]
    gate = ["Host gate", "  HostName 127.0.0.1", f"  Port {jump.port}"]
    operator.write(*route, *gate, *lax)
    if by == "our own":
        error, by_hand = await refused(operator, at(jump, "gate"), at(sshd, jump="gate"))
        assert by_hand == f"ssh -F {operator.config} -p {jump.port} 127.0.0.1"
    else:
        error, by_hand = await refused(operator, Server("web-1", "behind"))
        assert by_hand == f"ssh -F {operator.config} gate"
    assert (error.why, error.hop) == ("web-1: unknown host key of gate", "gate")


async def test_a_login_that_is_refused(operator: Operator, sshd: Sshd) -> None:
    operator.know(sshd.known())
    error, _ = await refused(operator, at(sshd))
    assert (error.fault, error.why) == (Fault.AUTH, "web-1: login refused")
    assert "quarterdeck login web-1" in error.hint


async def test_a_login_refused_by_the_jump_host(operator: Operator, sshd: Sshd, jump: Sshd) -> None:
    operator.meet(sshd)
    operator.know(jump.known())
    jump.authorized.write_text("")
    error, _ = await refused(operator, at(jump, "gate"), at(sshd, jump="gate"))
    assert (error.why, error.hop) == ("web-1: login refused at gate", "gate")


async def test_nobody_listens(operator: Operator, free_port: object, make_sshd: MakeSshd) -> None:
    sshd = make_sshd()
    sshd.stop()
    error, _ = await refused(operator, at(sshd))
    assert (error.fault, error.why) == (Fault.REFUSED, "web-1: connection refused")


async def test_nobody_listens_behind_the_jump_host(operator: Operator, jump: Sshd) -> None:
    operator.meet(jump)
    error, _ = await refused(operator, at(jump, "gate"), Server("web-1", "127.0.0.1", port=1, jump="gate"))
    assert (error.fault, error.why, error.hop) == (Fault.REFUSED, "web-1: connection refused", "")


async def test_a_name_that_does_not_exist(operator: Operator) -> None:
    error, _ = await refused(operator, Server("web-1", "nosuch.invalid"))
    assert (error.fault, error.why) == (Fault.DNS, "web-1: no such name")


async def test_an_sshd_that_stands_still(operator: Operator, make_sshd: MakeSshd) -> None:
    sshd = make_sshd()
    operator.meet(sshd)
    sshd.signal_all(signal.SIGSTOP)
    began = time.monotonic()
    async with reaching(operator, at(sshd, options=QUICK)) as servers:
        with pytest.raises(TimedOutError, match="web-1: connecting"):
            await servers.host("web-1").run(["true"], timeout=0.5)
    error, _ = await refused(operator, at(sshd, options=QUICK))
    assert (error.fault, error.why) == (Fault.TIMED_OUT, "web-1: no answer in time")
    assert time.monotonic() - began < 10


async def test_a_stop_is_final_until_somebody_retries_and_others_go_on(
    operator: Operator, sshd: Sshd, jump: Sshd
) -> None:
    operator.meet(jump)
    sshd.trust(operator.public)
    async with reaching(operator, at(sshd), at(jump, "web-2")) as servers:
        with pytest.raises(ServerError, match="unknown host key"):
            await servers.host("web-1").run(["true"], timeout=20)
        assert (await servers.host("web-2").run(["echo", "on"], timeout=20)).out == b"on\n"
        operator.meet(sshd)
        servers.retry("web-2")
        await asyncio.sleep(0.2)
        assert state(servers).phase is Phase.STOPPED
        servers.retry()
        await until(servers, Phase.UP)
        assert (await servers.host("web-1").run(["echo", "back"], timeout=20)).out == b"back\n"
        assert (state(servers).fault, state(servers).why) == (Fault.NONE, "")


async def test_a_lost_agent(
    operator: Operator, sshd: Sshd, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    agent = tmp_path / "agent"
    process = subprocess.Popen(  # noqa: ASYNC220 - it starts at once
        ["ssh-agent", "-D", "-a", str(agent)], stdout=subprocess.DEVNULL
    )
    try:
        await wait_until_async(agent.exists)
        monkeypatch.setenv("SSH_AUTH_SOCK", str(agent))
        key = new_key(tmp_path / "in-agent")
        sshd.trust(key.with_name("in-agent.pub"))
        await asyncio.to_thread(
            subprocess.run, ["ssh-add", "-q", str(key)], check=True, env=dict(os.environ), timeout=20
        )
        key.unlink()
        operator.config.write_text(f"Host *\n  UserKnownHostsFile {operator.known_hosts}\n")
        operator.know(sshd.known())
        async with reaching(operator, at(sshd)) as servers:
            assert (await servers.host("web-1").run(["echo", "in"], timeout=20)).out == b"in\n"
            process.terminate()
            process.wait(10)
            agent.unlink(missing_ok=True)
            sshd.kill_sessions()
            now = await until(servers, Phase.STOPPED)
            assert (now.fault, now.why) == (Fault.AUTH, "web-1: login refused")
            assert now.hint.startswith("the ssh agent does not answer")
    finally:
        process.kill()
        process.wait(10)


async def test_what_is_not_configured(operator: Operator) -> None:
    async with reaching(operator, Server("web-1", "-oProxyCommand=true")) as servers:
        with pytest.raises(UnsupportedError, match="no server 'web-2' is configured"):
            servers.host("web-2")
        with pytest.raises((ServerError, OptionsError), match="not a name that ssh takes"):
            await servers.host("web-1").run(["true"], timeout=20)
