"""Nothing grows beyond what one reads in one go."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from tests.project.program import ROOT

MOST_LINES = 400
LONGEST_FUNCTION = 60
MOST_METHODS = 25

EXCEPTIONS: dict[str, str] = {}
"""What may be larger, as `path:name`, and why."""

Function = (ast.FunctionDef, ast.AsyncFunctionDef)


def sources() -> Iterator[Path]:
    for package in ("console", "widgets", "collectors"):
        yield from (ROOT / package).rglob("*.py")


@cache
def trees() -> list[tuple[str, str, ast.Module]]:
    found = []
    for path in sources():
        text = path.read_text()
        found.append((str(path.relative_to(ROOT)), text, ast.parse(text)))
    return found


def over(sizes: dict[str, int], limit: int) -> dict[str, int]:
    """What is at the limit or past it, largest first."""
    wrong = {name: size for name, size in sizes.items() if size >= limit and name not in EXCEPTIONS}
    return dict(sorted(wrong.items(), key=lambda pair: -pair[1]))


def test_no_file_is_too_long() -> None:
    sizes = {name: text.count("\n") for name, text, _tree in trees()}
    assert not over(sizes, MOST_LINES + 1)


def test_no_function_is_too_long() -> None:
    sizes = {
        f"{name}:{node.name}": (node.end_lineno or 0) - node.lineno + 1
        for name, _text, tree in trees()
        for node in ast.walk(tree)
        if isinstance(node, Function)
    }
    assert len(sizes) > 1000
    assert not over(sizes, LONGEST_FUNCTION)


def test_no_class_has_too_many_methods() -> None:
    sizes = {
        f"{name}:{node.name}": sum(isinstance(one, Function) for one in node.body)
        for name, _text, tree in trees()
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef)
    }
    assert len(sizes) > 200
    assert not over(sizes, MOST_METHODS)


def test_every_exception_is_still_needed() -> None:
    there = {name for name, _text, _tree in trees()}
    assert {name.partition(":")[0] for name in EXCEPTIONS} <= there


def test_every_module_that_holds_code_has_a_docstring() -> None:
    assert [name for name, text, tree in trees() if text.strip() and not ast.get_docstring(tree)] == []
