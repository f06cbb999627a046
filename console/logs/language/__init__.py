"""The language of questions about logs: text → Question → text; see ``syntax`` for its parts."""

from console.logs.language.errors import QuestionError
from console.logs.language.parse import parse
from console.logs.language.printer import as_text
from console.logs.language.syntax import Question

__all__ = ["Question", "QuestionError", "as_text", "parse"]
