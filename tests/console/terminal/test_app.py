"""TerminalApp under textual's own test driver, and the rule about private names."""

import ast
from pathlib import Path

import pytest
from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import Static

from console.terminal.app import TerminalApp

ROOT = Path(__file__).parents[3]


class Small(TerminalApp):
    def compose(self) -> ComposeResult:
        yield Static(Content("a\x1b[2Jb"), id="text")

    def key_x(self) -> None:
        raise ZeroDivisionError("on purpose")


async def test_it_runs_headless_like_any_app() -> None:
    app = Small()
    async with app.run_test() as pilot:
        assert app.mouse_on
        app.action_toggle_mouse()
        app.set_title("x")
        app.copy_to_clipboard("a\x1bb")
        await pilot.pause()
        assert not app.mouse_on
        assert app.clipboard == "a␛b"
        assert not app.stalled
        app.exit(3)
    assert app.return_value == 3
    assert not app.is_leaving


async def test_no_control_character_is_painted() -> None:
    app = Small()
    async with app.run_test() as pilot:
        await pilot.pause()
        lines = app.query_one("#text", Static).render_lines(app.query_one("#text", Static).size.region)
        assert all(line.text.isprintable() for line in lines)
        assert "␛" in lines[0].text


def reports(folder: Path) -> list[Path]:
    return list(folder.iterdir())


async def test_a_crash_in_a_test_is_raised_and_leaves_no_report(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    app = Small()
    with pytest.raises(ZeroDivisionError):
        async with app.run_test() as pilot:
            await pilot.press("x")
    assert app.return_code == 70
    assert reports(tmp_path) == []


def test_private_names_of_textual_stay_in_their_adapters() -> None:
    found = set()
    for package in ("console", "widgets"):
        for path in sorted((ROOT / package).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text())):
                if any(is_private(name) for name in imported(node)):
                    found.add(str(path.relative_to(ROOT)))
    assert found <= {"console/terminal/driver.py", "widgets/exact.py"}


def imported(node: ast.AST) -> list[str]:
    if isinstance(node, ast.ImportFrom):
        return [f"{node.module}.{alias.name}" for alias in node.names]
    return [alias.name for alias in node.names] if isinstance(node, ast.Import) else []


def is_private(name: str) -> bool:
    parts = name.split(".")
    return parts[0] == "textual" and any(part.startswith("_") for part in parts)
