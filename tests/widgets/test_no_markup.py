"""Text that is not ours never reaches an API that parses markup.

Textual reads a plain str as markup in many places: ``[/]`` in a log line ends the program,
``[@click=app.drain]`` makes a link that runs our own action. This walks the sources of the two
packages that draw, so that nobody opens the hole again.
"""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

TEXT_WIDGETS = {"Static", "Label"}
"""Their later ``update`` parses too, so they want a Content or ``markup=False``, not even a literal."""

PARSERS = {
    *(
        "Button",
        "Checkbox",
        "RadioButton",
        "ToggleButton",
        "Tab",
        "TabPane",
        "Collapsible",
        "CollapsibleTitle",
    ),
    *(
        "Option",
        "OptionList",
        "Selection",
        "SelectionList",
        "Select",
        "Tree",
        "Link",
        "Placeholder",
        "Tooltip",
    ),
    *("notify", "Notification", "Toast"),
    *("add_row", "add_column", "add_columns", "update_cell", "update_cell_at"),
    *(
        "add_option",
        "add_options",
        "add_leaf",
        "set_label",
        "replace_option_prompt",
        "from_markup",
        "render_str",
    ),
}
PARSING_KEYWORDS = {
    "label",
    "prompt",
    "message",
    "title",
    "content",
    "renderable",
    "tooltip",
    "placeholder_label",
}
PARSING_ATTRIBUTES = {"border_title", "border_subtitle", "tooltip"}
SAFE_CALLS = {"Content", "Text", "Strip", "Segment"}


def name_of(node: ast.expr) -> str:
    if isinstance(node, ast.Subscript):
        return name_of(node.value)
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def is_safe(node: ast.expr) -> bool:
    """Whether a value is a literal of ours or a type that Textual does not parse."""
    match node:
        case ast.Constant():
            return True
        case ast.Call():
            return name_of(node.func) in SAFE_CALLS
        case ast.Starred():
            return is_safe(node.value)
        case ast.ListComp() | ast.GeneratorExp():
            return is_safe(node.elt)
    parts: list[ast.expr] | None = None
    match node:
        case ast.IfExp():
            parts = [node.body, node.orelse]
        case ast.Tuple() | ast.List():
            parts = node.elts
        case ast.JoinedStr():
            parts = node.values
        case ast.BinOp():
            parts = [node.left, node.right]
    return parts is not None and all(is_safe(part) for part in parts)


def is_content(node: ast.expr) -> bool:
    """Whether a value is a Content, which is never parsed."""
    return isinstance(node, ast.Call) and is_safe(node)


def is_made_text(node: ast.expr) -> bool:
    """Whether a value is plainly a str that was put together from others."""
    if isinstance(node, ast.Call):
        return name_of(node.func) in {"str", "format", "join", "repr"}
    return isinstance(node, ast.JoinedStr | ast.BinOp) and not is_safe(node)


def is_off(call: ast.Call) -> bool:
    """Whether the call switches markup off."""
    return any(
        keyword.arg == "markup" and isinstance(keyword.value, ast.Constant) and keyword.value.value is False
        for keyword in call.keywords
    )


def holes(source: str) -> Iterator[tuple[int, str]]:
    """Line and reason of every place where text could be parsed as markup."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call):
            yield from _in_call(node)
        elif isinstance(node, ast.Assign | ast.AnnAssign | ast.AugAssign):
            yield from _in_assignment(node)
        elif isinstance(node, ast.ClassDef):
            yield from _in_class(node)


def _in_call(call: ast.Call) -> Iterator[tuple[int, str]]:
    name = name_of(call.func)
    if name in TEXT_WIDGETS and not is_off(call) and not (call.args and is_content(call.args[0])):
        yield call.lineno, f"{name} without Content or markup=False"
    if name == "update" and len(call.args) == 1 and is_made_text(call.args[0]):
        yield call.lineno, "update with a text that is not a literal"
    if name in PARSERS and not is_off(call):
        values = [
            *call.args,
            *(keyword.value for keyword in call.keywords if keyword.arg in PARSING_KEYWORDS),
        ]
        if name == "from_markup":
            values = call.args[:1]
        if not all(is_safe(value) for value in values):
            yield call.lineno, f"{name} of a text that is not a literal"
    if name != "Binding" and any(
        keyword.arg == "tooltip" and not is_safe(keyword.value) and not isinstance(keyword.value, ast.Name)
        for keyword in call.keywords
    ):
        yield call.lineno, f"tooltip of {name}"


def _in_assignment(node: ast.Assign | ast.AnnAssign | ast.AugAssign) -> Iterator[tuple[int, str]]:
    targets = node.targets if isinstance(node, ast.Assign) else [node.target]
    for target in targets:
        parses = isinstance(target, ast.Attribute) and target.attr in PARSING_ATTRIBUTES
        if parses and node.value is not None and not is_safe(node.value):
            yield node.lineno, f"{name_of(target)} of a text that is not a literal"


def _in_class(node: ast.ClassDef) -> Iterator[tuple[int, str]]:
    inits = [
        call
        for call in ast.walk(node)
        if isinstance(call, ast.Call) and ast.unparse(call.func) == "super().__init__"
    ]
    if any(name_of(base) in TEXT_WIDGETS for base in node.bases) and not any(is_off(call) for call in inits):
        yield node.lineno, f"{node.name} is a text widget without markup=False"
    for method in node.body:
        if isinstance(method, ast.FunctionDef) and _may_be_str(method):
            yield method.lineno, f"{node.name}.{method.name} may return a plain str"


def _may_be_str(method: ast.FunctionDef) -> bool:
    if method.name not in ("render", "render_label"):
        return False
    returns = ast.unparse(method.returns) if method.returns is not None else "str"
    return "str" in returns or returns == "RenderResult"


SOURCES = {
    path.relative_to(ROOT): path.read_text(encoding="utf-8")
    for package in ("console", "widgets")
    for path in sorted((ROOT / package).rglob("*.py"))
}
DRAWING = {path: source for path, source in SOURCES.items() if "textual" in source}
"""Other modules have no widgets, and classes of theirs may bear the same names."""


def test_no_text_is_parsed_as_markup() -> None:
    found = [f"{path}:{line}: {why}" for path, source in DRAWING.items() for line, why in holes(source)]
    assert len(DRAWING) > 20
    assert found == []


@pytest.mark.parametrize(
    "source",
    [
        "Static(text)",
        "Static()",
        "Static('ours')",
        "Label(f'{name} is down')",
        "widgets.Label(name)",
        "Static(text, markup=True)",
        "self.query_one(Static).update(f'{name} is down')",
        "self.words.update('late: ' + name)",
        "self.words.update(', '.join(names))",
        "Button(name)",
        "Button(label=name)",
        "Button(f'drain {name}')",
        "app.notify(str(error))",
        "self.notify('failed: ' + reason)",
        "self.notify('failed', title=name)",
        "self.border_title = name",
        "self.border_title = f'{name}'",
        "widget.border_subtitle: str = name",
        "widget.tooltip = name",
        "tree.root.add_leaf(name)",
        "table.add_row(*cells)",
        "table.add_row('a', name)",
        "table.update_cell(row, column, value)",
        "options.add_options([Option(name)])",
        "Option(name)",
        "OptionList(*names)",
        "Tree(name)",
        "Tree[int](name)",
        "Content.from_markup(text)",
        "Text.from_markup(f'[b]{name}')",
        "class Word(Static):\n    def __init__(self, text):\n        super().__init__(text)",
        "class Word(Label): ...",
        "class Word(Widget):\n    def render(self) -> str:\n        return self.text",
        "class Word(Widget):\n    def render(self):\n        return self.text",
    ],
)
def test_a_hole_is_found(source: str) -> None:
    assert list(holes(source))


@pytest.mark.parametrize(
    "source",
    [
        "Static(text, markup=False)",
        "Label(Content(text), markup=False)",
        "Label(Content(text))",
        "self.words.update(Content(text))",
        "Button('Cancel')",
        "Button(Content(name))",
        "app.notify(text, markup=False)",
        "app.notify('copied')",
        "self.border_title = Content(name)",
        "self.border_title = None",
        "self.border_title = 'needs you'",
        "table.add_row(*[Text(cell) for cell in cells])",
        "Content.from_markup('[b]$name[/b]', name=name)",
        "OptionList(*[Content(name) for name in names])",
        "class Word(Static):\n    def __init__(self, text):\n        super().__init__(text, markup=False)",
        "class Word(Widget):\n    def render(self) -> Content:\n        return Content(self.text)",
        "names.update({'a': 1})",
    ],
)
def test_what_is_safe_passes(source: str) -> None:
    assert list(holes(source)) == []
