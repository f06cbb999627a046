"""Validation for people and for CI: all mistakes and warnings of one configuration."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from console.settings.keys import KeyTable
from console.settings.loading import load_tree
from console.settings.problems import Problem, SettingsError
from console.settings.source import Source
from console.settings.values import Settings


@dataclass(frozen=True, slots=True)
class Report:
    """What was found; ``settings`` is None where there are problems."""

    file: Path | None
    problems: tuple[Problem, ...]
    warnings: tuple[str, ...]
    settings: Settings | None

    @property
    def exit_code(self) -> int:
        """0, or 78 for a bad configuration."""
        return SettingsError.exit_code if self.problems else 0


def validate(source: Source, environ: Mapping[str, str], *, keys: KeyTable | None = None) -> Report:
    """Load and tell; raises UsageError only, where the choice of a file cannot be met."""
    try:
        settings = load_tree(source, environ, keys=keys).settings
    except SettingsError as error:
        first = next((Path(one.file) for one in error.problems if one.file), None)
        return Report(first, error.problems, error.warnings, None)
    return Report(settings.file, (), settings.warnings, settings)


def as_text(report: Report) -> str:
    """One line for each mistake and warning, as compilers write them, then a sum."""
    lines = [str(problem) for problem in report.problems]
    lines += [f"warning: {warning}" for warning in report.warnings]
    count = len(report.problems)
    if count:
        lines.append(f"{count} mistake{'' if count == 1 else 's'}")
    elif report.settings is None or report.settings.file is None:
        lines.append("no configuration file was found")
    else:
        settings = report.settings
        names = {collector.name for collector in settings.collectors}
        where = "protected" if settings.protected else "open"
        lines.append(
            f"{settings.file}: valid; {len(settings.services)} services, {len(names)} collectors, "
            f"environment {settings.environment or 'not named'} ({where})"
        )
    return "\n".join(lines) + "\n"


def as_json(report: Report) -> dict[str, Any]:
    """The report as a document of format 1."""
    return {
        "format": 1,
        "file": str(report.file) if report.file else None,
        "valid": not report.problems,
        "problems": [
            {
                "file": problem.file or None,
                "line": problem.line or None,
                "key": problem.key,
                "message": str(problem.message),
                "remedy": str(problem.remedy),
            }
            for problem in report.problems
        ],
        "warnings": list(report.warnings),
    }
