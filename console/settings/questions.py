"""``[questions.*]``: questions about logs that are asked again and again, some of them kept on the screen."""

from typing import Any

from console.settings.strict import Strict, entries
from console.settings.thresholds import read_threshold
from console.settings.tree import Tree
from console.settings.values import SavedQuestion

MOST_PINNED = 12
"""Questions that are kept up at a time."""


def read_questions(tree: Tree, values: object) -> dict[str, SavedQuestion]:
    """``[questions.*]``; a question that cannot be understood is told with its place and remedy."""
    found: dict[str, SavedQuestion] = {}
    for name, at, value in entries(tree.problems, "questions", values):
        table = Strict(tree.problems, at, value)
        before = len(tree.problems)
        ask = table.text("ask", example='"region=eu | p95(duration)"')
        pin = bool(table.flag("pin"))
        column = table.text("column", example='"p95(duration)"')
        raw = table.table("threshold")
        threshold = None
        if raw:
            threshold = read_threshold(Strict(tree.problems, table.path("threshold"), raw))
        table.done(elsewhere={"warning": "set it in threshold", "critical": "set it in threshold"})
        if not ask and not tree.problems.is_spoiled(table.path("ask")):
            tree.problems.add(at, "asks nothing", 'set ask = "region=eu | p95(duration)"')
        elif ask:
            _check(table, ask, column, judged=bool(raw), pin=pin)
        if len(tree.problems) == before:
            file, line = tree.file(at), tree.place(at)[1]
            found[name] = SavedQuestion(
                name=name, ask=ask, pin=pin, column=column, threshold=threshold, file=file, line=line
            )
            if sum(one.pin for one in found.values()) == MOST_PINNED + 1 and pin:
                table.wrong("pin", f"is one more than the {MOST_PINNED} that are kept up", "unpin another")
    return found


def _check(table: Strict, ask: str, column: str, *, judged: bool, pin: bool) -> None:
    from console.logs.language import QuestionError, parse  # noqa: PLC0415 - only where questions are saved
    from console.logs.language.stages import table_columns  # noqa: PLC0415 - the same

    try:
        question = parse(ask)
    except QuestionError as error:
        line, carets = error.pointed()
        begin = carets.index("^")
        wrong = line[begin : begin + len(carets.strip())] or "its end"
        table.wrong("ask", f"{error.why} (at {wrong!r})", str(error.hint))
        return
    columns = next((found for stage in question.stages if (found := table_columns(stage))), ())
    if (judged or column) and not columns:
        table.wrong("ask", "makes no table that could be judged", "write | count, or | p95(duration)")
    elif column and column not in columns:
        table.wrong("column", f"the answer has no column {column!r}", f"it has {', '.join(columns)}")
    if judged and not pin:
        table.wrong("threshold", "is judged only where the question is pinned", "set pin = true")


def json_schema(threshold: dict[str, Any]) -> dict[str, Any]:
    """The schema of one ``[questions.NAME]``."""
    text = {"type": "string"}
    properties = {"ask": text, "pin": {"type": "boolean"}, "column": text, "threshold": threshold}
    return {"type": "object", "properties": properties, "required": ["ask"], "additionalProperties": False}
