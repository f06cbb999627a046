"""The servers on the screen: their states, the command to run by hand, trying again, logging in."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

from collectors.model.practice import Practice
from collectors.text import Shown
from collectors.transport.servers.spec import Server
from collectors.transport.servers.state import Fault, Phase, ServerError
from console.screens.servers import ServersScreen
from tests.console.engine.ways import ScriptedPool, scripted
from tests.console.screens.stage import Part, Stage, settings_of, staged
from tests.servers.waiting import wait_until_async

HAND = "ssh -F /run/qd/config web-1"
SERVERS = {name: Server(name, f"{name}.internal") for name in ("web-1", "web-2", "db-1")}


@asynccontextmanager
async def behind(
    monkeypatch: pytest.MonkeyPatch, *, size: tuple[int, int] = (120, 40)
) -> AsyncIterator[tuple[Stage, ScriptedPool]]:
    """A console whose queues are behind web-1, and whose caches are behind db-1."""
    made = scripted(monkeypatch)
    settings = settings_of([Practice.QUEUES, Practice.CACHES])
    places = {Practice.QUEUES: "web-1", Practice.CACHES: "db-1"}
    collectors = tuple(replace(one, server=places[one.practice]) for one in settings.collectors)
    parts = {Practice.QUEUES: Part(), Practice.CACHES: Part()}
    settings = replace(settings, collectors=collectors, servers=SERVERS)
    async with staged(monkeypatch, size=size, parts=parts, settings=settings) as stage:
        yield stage, made[0]


async def put(
    stage: Stage, pool: ScriptedPool, server: str, phase: Phase, fault: Fault, **more: object
) -> None:
    """Change a server on the core's loop, and let its source meet it."""
    part = stage.parts[Practice.QUEUES]
    part.error = ServerError(f"{server}: {fault}", fault=fault) if phase is not Phase.UP else None
    stage.app.submit(lambda: pool.put(server, phase, fault, **more))
    await wait_until_async(
        lambda: (state := stage.snapshot.server(server)) is not None and state.phase is phase, 10
    )


async def stop_web(stage: Stage, pool: ScriptedPool) -> None:
    await put(
        stage,
        pool,
        "web-1",
        Phase.STOPPED,
        Fault.AUTH,
        why=Shown("Permission denied (publickey)"),
        hint=Shown("log in with I, or load the key into the agent"),
        by_hand=Shown(HAND),
    )


async def test_a_stopped_server_shows_in_header_needs_and_its_own_screen(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with behind(monkeypatch) as (stage, pool):
        assert "stopped" not in stage.text()
        await stop_web(stage, pool)
        text = await stage.until("stopped: login refused; 1 source without fresh values")
        assert "✖ web-1 stopped" in text.splitlines()[0]
        await stage.press("W")
        text = await stage.until("Permission denied (publickey)")
        table = [line for line in text.splitlines() if ".internal" in line]
        assert [line.split()[:2] for line in table[:3]] == [["›✖", "web-1"], ["·", "web-2"], ["·", "db-1"]]
        assert "stopped: login refused" in table[0]
        assert "1: queues-source" in table[0]
        assert f"by hand     {HAND}" in " ".join(text.split("│"))
        await put(stage, pool, "web-1", Phase.UP, Fault.NONE, latency=0.012)
        text = await stage.until(lambda screen: "stopped" not in screen)
        assert "12 ms" in text


async def test_enter_on_the_need_opens_the_servers(monkeypatch: pytest.MonkeyPatch) -> None:
    async with behind(monkeypatch) as (stage, pool):
        await stop_web(stage, pool)
        await stage.until("login refused; 1 source")
        await stage.press("tab")
        await stage.press("shift+tab", "shift+tab")
        stage.screen.query_one("#needs").focus()
        await stage.press("enter")
        await wait_until_async(lambda: isinstance(stage.app.screen, ServersScreen), 5)


async def test_y_copies_the_command_to_run_by_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    async with behind(monkeypatch) as (stage, pool):
        await stop_web(stage, pool)
        await stage.press("W")
        await stage.until("by hand")
        await stage.press("y")
        assert stage.app.clipboard == HAND


async def test_r_tries_again_from_anywhere_what_has_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    async with behind(monkeypatch) as (stage, pool):
        await stage.press("r")
        await stage.until("No server has stopped.")
        assert pool.retried == []
        await stop_web(stage, pool)
        stage.parts[Practice.QUEUES].error = None
        await stage.press("r")
        await stage.until("trying 1 server again: web-1")
        await wait_until_async(lambda: pool.retried == [""], 5)
        await stage.until(lambda screen: "stopped" not in screen)


async def test_i_lends_the_terminal_and_takes_what_was_opened(monkeypatch: pytest.MonkeyPatch) -> None:
    lent: list[Sequence[str]] = []
    codes = [255, 0, 0]

    async def lend(argv: Sequence[str], words: Sequence[str]) -> int:
        lent.append(argv)
        return codes.pop(0)

    async with behind(monkeypatch) as (stage, pool):
        monkeypatch.setattr(stage.app, "lend_terminal", lend)
        pool.argv = ["ssh", "-F", "x y", "web-1"]
        await stage.press("I")
        await stage.until("Put the cursor on a server first")
        await stop_web(stage, pool)
        await stage.press("I")
        await stage.until("web-1: not logged in: ssh ended with status 255")
        pool.login_works = False
        await stage.press("I")
        await stage.until("web-1: no login: web-1: nothing was opened")
        pool.login_works = True
        await stage.press("W")
        await stage.press("I")
        await stage.until("web-1: logged in")
        assert lent == [pool.argv] * 3
        assert pool.adopted == ["web-1", "web-1"]
        assert stage.snapshot.servers[0].phase is Phase.UP


async def test_without_a_terminal_to_lend_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    async with behind(monkeypatch) as (stage, pool):
        await stop_web(stage, pool)
        await stage.press("W", "I")
        await stage.until("web-1: no login:")
        assert pool.adopted == []


async def test_the_palette_offers_trying_again_and_each_login(monkeypatch: pytest.MonkeyPatch) -> None:
    async with behind(monkeypatch) as (stage, pool):
        await put(stage, pool, "web-1", Phase.STOPPED, Fault.AUTH, hop="bastion")
        await stage.press("colon", *"log in to web")
        await stage.until("servers: log in to web-1")
        await stage.press("escape", "escape")
        await stage.press("colon", *"servers", "enter")
        await wait_until_async(lambda: isinstance(stage.app.screen, ServersScreen), 5)
        await stage.press("colon", *"try again")
        await stage.until("servers: try again every server that has stopped")


async def test_the_screen_without_servers_says_how_to_have_one(monkeypatch: pytest.MonkeyPatch) -> None:
    async with staged(monkeypatch, settings=settings_of([Practice.QUEUES])) as stage:
        await stage.press("W")
        await stage.until("no server is configured: [servers.NAME]")
        await stage.press("r", "I", "y", "ctrl+r")
        assert stage.app.is_running


@pytest.mark.parametrize("size", [(80, 24), (40, 12)])
async def test_a_small_screen_keeps_the_state(size: tuple[int, int], monkeypatch: pytest.MonkeyPatch) -> None:
    async with behind(monkeypatch, size=size) as (stage, pool):
        await stop_web(stage, pool)
        await stage.press("W")
        await stage.until("stopped: ")


async def test_hostile_words_of_a_server_stay_words(monkeypatch: pytest.MonkeyPatch) -> None:
    async with behind(monkeypatch) as (stage, pool):
        await put(
            stage, pool, "web-1", Phase.STOPPED, Fault.OTHER, why=Shown("\x1b]0;own\x07[@click=app.quit]x[/]")
        )
        await stage.press("W")
        text = await stage.until("[@click=app.quit]")
        assert "\x1b" not in text
