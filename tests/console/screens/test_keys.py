"""The key table: every id once, every key known, every action there, [keys] obeyed and checked."""

import inspect
import re
from pathlib import Path

import pytest
from textual.binding import Binding
from textual.keys import Keys

from collectors.model.logs import Severity
from collectors.model.practice import Practice
from console.keys import ALL_KEYS, KEYS, LOG_KEYS, defaults, key_map
from console.screens.app import Quarterdeck
from console.screens.logmoment import MomentScreen
from console.screens.logs import LogsScreen
from console.settings import SettingsError, Source, load
from tests.console.screens.stage import FILLED, Part, batch, record, settings_of, staged
from tests.servers.waiting import wait_until_async
from widgets.detail import DetailView
from widgets.logbars import LogBars
from widgets.loglines import LogView
from widgets.sentences import SentenceList
from widgets.table import LiveTable
from widgets.timechart import TimeChart

SIGNS = "question_mark colon slash plus minus comma full_stop left_square_bracket right_square_bracket"
NAMED = {str(key.value) for key in Keys} | set(SIGNS.split())


def test_ids_are_unique_and_every_key_is_one_that_textual_sends() -> None:
    ids = [key.id for key in ALL_KEYS]
    assert len(set(ids)) == len(ids)
    for key in ALL_KEYS:
        assert key.keys
        for name in key.keys:
            assert (len(name) == 1 and name.isalnum()) or name in NAMED, name


def test_no_two_actions_share_a_key() -> None:
    names = [name for key in ALL_KEYS for name in key.keys]
    assert len(set(names)) == len(names)


def test_the_log_screens_have_what_their_keys_do() -> None:
    assert {binding.id for binding in LogsScreen.BINDINGS if isinstance(binding, Binding)} >= {
        key.id for key in LOG_KEYS
    }
    for screen in (LogsScreen, MomentScreen):
        for key in LOG_KEYS:
            assert hasattr(screen, f"action_{key.action.partition('(')[0]}"), key.id
    own = {
        name
        for binding in LogView.BINDINGS
        if isinstance(binding, Binding)
        for name in binding.key.split(",")
    }
    assert own & {name for key in LOG_KEYS for name in key.keys} == set()


async def test_a_key_of_the_logs_is_bound_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    async with staged(monkeypatch, settings=settings_of(keys={"logs.previous_error": ("v",)})) as stage:
        stage.app.ring.append(batch(record(1, "boom", Severity.ERROR), record(2, "two"), record(3, "three")))
        await stage.press("5", "E")
        assert "HELD" not in stage.text()
        shown = await stage.press("v")
        assert "HELD +0 new  1 of 3" in shown


@pytest.mark.parametrize("widget", [LiveTable, DetailView, SentenceList, LogView, LogBars, TimeChart])
def test_no_widget_takes_a_key_of_the_console(widget: type) -> None:
    own = {
        name
        for binding in widget.BINDINGS  # type: ignore[attr-defined]  # every widget of ours has some
        if isinstance(binding, Binding)
        for name in binding.key.split(",")
    }
    assert own
    assert own & {name for key in KEYS for name in key.keys} == set()
    assert all(isinstance(binding, Binding) and binding.id for binding in widget.BINDINGS)  # type: ignore[attr-defined]


@pytest.mark.parametrize("key", KEYS, ids=lambda key: key.id)
def test_every_action_exists_and_takes_what_it_is_given(key: object) -> None:
    action: str = getattr(key, "action")  # noqa: B009 - pytest's parameter is an object
    name, _, rest = action.partition("(")
    method = getattr(Quarterdeck, f"action_{name}")
    given = [word for word in rest.rstrip(")").split(",") if word]
    parameters = [one for one in inspect.signature(method).parameters.values() if one.name != "self"]
    assert len(given) == len([one for one in parameters if one.default is inspect.Parameter.empty])


def test_every_key_has_words_for_help() -> None:
    assert all(re.fullmatch(r"\S.*[^.\s]", key.words) and key.group for key in KEYS)


def test_the_map_in_force_is_the_defaults_and_what_is_bound_anew() -> None:
    assert key_map({}) == defaults()
    assert key_map({"app.quit": ("x",)})["app.quit"] == ("x",)
    assert key_map({"app.quit": ("x",)})["app.hold"] == defaults()["app.hold"]


async def test_keys_bound_anew_work_and_the_old_ones_no_longer(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = settings_of(keys={"go.queues": ("w",), "app.hold": ("ctrl+h", "H")})
    async with staged(monkeypatch, settings=settings) as stage:
        await stage.press("2")
        assert stage.app.current_mode == "fleet"
        await stage.press("w")
        assert stage.app.current_mode == "queues"
        await stage.press("p")
        assert not stage.app.held_since
        await stage.press("H")
        assert stage.app.held_since
        shown = await stage.press("?")
        assert "H" in shown
        await stage.press("escape", "escape", "f")
        assert "p hold" not in stage.text()


def test_a_clash_is_named_with_both_actions(tmp_path: Path) -> None:
    file = tmp_path / "quarterdeck.toml"
    file.write_text('[console]\nname = "x"\n\n[keys]\n"app.hold" = "q"\n')
    with pytest.raises(SettingsError) as caught:
        load(Source(file), {}, keys=defaults())
    (problem,) = caught.value.problems
    assert "'q' is bound to app.quit as well" in str(problem)
    assert "app.hold" in str(problem)
    assert problem.line == 5


def test_a_table_key_may_be_bound_anew_too_or_is_refused_in_words(tmp_path: Path) -> None:
    file = tmp_path / "quarterdeck.toml"
    file.write_text('[keys]\n"app.hlod" = "x"\n')
    with pytest.raises(SettingsError) as caught:
        load(Source(file), {}, keys=defaults())
    assert "there is no action 'app.hlod'" in str(caught.value.problems[0])
    assert "app.hold" in str(caught.value.problems[0])


async def test_keys_that_come_at_once_act_in_their_order(monkeypatch: pytest.MonkeyPatch) -> None:
    parts = {practice: Part() for practice in FILLED}
    parts[Practice.QUEUES].keys = [f"q{number}".encode() for number in range(9)]
    async with staged(monkeypatch, parts=parts) as stage:
        await stage.at_once("2", "j", "j", "j", "a")
        await stage.until(lambda screen: "mute 1 h" in screen and "orders · q3: 3 ready" in screen)
        await stage.press("escape")
        await stage.at_once("g", "/", *"q7", "enter")
        await stage.until("queues · /q7")
        await stage.at_once("/", *"qaS", "enter")
        await stage.until("queues · /qaS")
        assert stage.app.current_mode == "queues"
        await stage.at_once("escape", "tab", "z")
        await stage.until(lambda screen: "verdict" in screen and "because" not in screen)


async def test_a_command_that_is_typed_at_once_is_run_once(monkeypatch: pytest.MonkeyPatch) -> None:
    async with staged(monkeypatch) as stage:
        await stage.at_once(":", *"look hold")
        await stage.until(lambda screen: "stands still" in screen and "go to: fleet" not in screen)
        await stage.at_once("down", "enter")
        await wait_until_async(lambda: bool(stage.app.held_since), 5)
        assert len(stage.app.screen_stack) == 1


async def test_no_key_of_textual_quits(monkeypatch: pytest.MonkeyPatch) -> None:
    async with staged(monkeypatch) as stage:
        await stage.press("ctrl+q", "ctrl+d", "ctrl+z", "ctrl+backslash", "alt+q", "Q")
        assert not stage.app._exit


async def test_escapes_that_come_at_once_leave_a_dialog_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    async with staged(monkeypatch) as stage:
        for opened in ("?", "/", ":", "a"):
            await stage.press("f")
            await stage.at_once(opened, "escape", "escape", "escape")
            await wait_until_async(lambda: len(stage.app.screen_stack) == 1, 5)
            assert stage.app.is_running
