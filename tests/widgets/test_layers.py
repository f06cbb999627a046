"""Widgets know how facts look, and nothing of where they come from."""

import ast
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MODULES = sorted((ROOT / "widgets").rglob("*.py"))
ALLOWED = ("textual", "rich", "widgets", "collectors.model", "collectors.text")


def imported(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names.add(node.module or "")
    return names


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.stem)
def test_what_a_widget_imports(path: Path) -> None:
    allowed = (*ALLOWED, "plotext") if path.name == "chart.py" else ALLOWED
    for name in imported(path):
        known = name.split(".")[0] in sys.stdlib_module_names
        assert known or any(name == own or name.startswith(own + ".") for own in allowed), name


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.stem)
def test_only_one_module_touches_textuals_private_side(path: Path) -> None:
    private = [name for name in imported(path) if "._" in name and name.startswith("textual")]
    assert not private or path.name == "exact.py"
