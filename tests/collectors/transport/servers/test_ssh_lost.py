"""Connections that stood and break: found in time, told in words, and made again without anybody's help."""

import asyncio
import signal
import time

import pytest

from collectors.secret import SecretUrl
from collectors.transport.endpoint import Endpoint, UnixDial
from collectors.transport.host import ByteStream
from collectors.transport.servers.spec import Server
from collectors.transport.servers.state import Fault, Phase, ServerError
from tests.servers.fixtures import MakeSshd
from tests.servers.reaching import QUICK, Line, at, reaching, state, until
from tests.servers.sshd import Operator, Sshd
from tests.servers.waiting import wait_until_async


async def greeting(dial: object) -> bytes:
    assert isinstance(dial, UnixDial)
    reader, writer = await asyncio.open_unix_connection(dial.path)
    try:
        return await asyncio.wait_for(reader.readline(), 10)
    finally:
        writer.close()


async def exhausted(stream: ByteStream) -> None:
    while await stream.read():
        pass


async def test_a_killed_session_is_replaced_and_its_sockets_lead_on(operator: Operator, sshd: Sshd) -> None:
    operator.meet(sshd)
    endpoint = Endpoint(SecretUrl(f"http://127.0.0.1:{sshd.port}/"), "web-1")
    async with reaching(operator, at(sshd)) as servers:
        dial = await servers.dial(endpoint)
        assert (await greeting(dial)).startswith(b"SSH-2.0")
        stream = await servers.host("web-1").stream(["cat", "/dev/zero"])
        assert await stream.read()
        began = time.monotonic()
        sshd.kill_sessions()
        with pytest.raises(ServerError, match="web-1: connection lost"):
            await exhausted(stream)
        assert time.monotonic() - began < 2
        await stream.close()
        await wait_until_async(lambda: state(servers).reconnects == 1)
        await until(servers, Phase.UP)
        # the same dial, as a driver may have kept it
        assert (await greeting(dial)).startswith(b"SSH-2.0")
        assert await servers.dial(endpoint) == dial


async def test_a_black_hole_is_found_by_silence_and_only_there(operator: Operator, sshd: Sshd) -> None:
    operator.meet(sshd)
    async with Line(sshd.port).laid() as line:
        operator.know(f"[127.0.0.1]:{line.port} {sshd.public}\n")
        far = Server("far", "127.0.0.1", port=line.port, options=QUICK)
        async with reaching(operator, far, at(sshd)) as servers:
            for name in ("far", "web-1"):
                assert (await servers.host(name).run(["echo", name], timeout=20)).out.decode() == f"{name}\n"
            line.silence()
            began = time.monotonic()
            now = await until(servers, Phase.LOST, "far")
            assert 1 <= time.monotonic() - began < 10
            assert (now.fault, now.why) == (Fault.TIMED_OUT, "far: no answer in time")
            assert now.retry_at is not None
            with pytest.raises(ServerError, match="far: no answer in time"):
                await servers.host("far").run(["true"], timeout=20)
            assert (await servers.host("web-1").run(["echo", "on"], timeout=20)).out == b"on\n"
            assert (state(servers).phase, state(servers).reconnects) == (Phase.UP, 0)
            line.mend()
            await until(servers, Phase.UP, "far", 40)
            assert (await servers.host("far").run(["echo", "back"], timeout=20)).out == b"back\n"


async def test_an_sshd_that_is_stopped_and_goes_on(operator: Operator, make_sshd: MakeSshd) -> None:
    sshd = make_sshd()
    operator.meet(sshd)
    async with reaching(operator, at(sshd, options=QUICK)) as servers:
        await servers.host("web-1").run(["true"], timeout=20)
        sshd.signal_all(signal.SIGSTOP)
        now = await until(servers, Phase.LOST)
        assert now.why == "web-1: no answer in time"
        sshd.signal_all(signal.SIGCONT)
        await until(servers, Phase.UP, deadline=40)


async def test_a_server_that_was_away_is_tried_again(operator: Operator, make_sshd: MakeSshd) -> None:
    sshd = make_sshd()
    operator.meet(sshd)
    async with reaching(operator, at(sshd)) as servers:
        await servers.host("web-1").run(["true"], timeout=20)
        sshd.stop()
        await until(servers, Phase.LOST)
        await wait_until_async(lambda: state(servers).fault is Fault.REFUSED, 20)
        assert state(servers).why == "web-1: connection refused"
        sshd.start()
        await until(servers, Phase.UP, deadline=40)
        assert state(servers).reconnects == 1
