"""JSON of nobody's format: a state under a usual name, checks under a usual name."""

from collections.abc import Iterator, Mapping

from collectors.health._parsed import Outcome, ParsedHealth, kept, outcome_of, part, text
from collectors.model.reading import Part
from collectors.text import one_line

_STATES = ("status", "state", "health", "healthy", "ready", "alive", "ok", "success", "result")
_CHECKS = ("checks", "components", "dependencies", "services", "details", "results", "entries")


def parse(document: object) -> ParsedHealth:
    """Of any JSON value; where it names no state that we know, only the status code speaks."""
    if isinstance(document, list):
        return _whole("", None, _listed(document))
    if not isinstance(document, Mapping):
        return _whole(document, outcome_of(document), ())
    lowered = {str(name).lower(): value for name, value in document.items()}
    checks = next((lowered[name] for name in _CHECKS if isinstance(lowered.get(name), (Mapping, list))), ())
    found = _named(checks) if isinstance(checks, Mapping) else _listed(checks)
    word = next((lowered[name] for name in _STATES if outcome_of(lowered.get(name)) is not None), None)
    if word is None:
        word = next((lowered[name] for name in _STATES if text(lowered.get(name))), "")
    return _whole(word, outcome_of(word), found)


def _whole(word: object, outcome: Outcome | None, parts: Iterator[Part] | tuple[Part, ...]) -> ParsedHealth:
    found = kept(parts)
    if outcome is None:
        outcome = Outcome.WARN if any(item.bad for item in found) else Outcome.SILENT
    said = str(word).lower() if isinstance(word, bool) else text(word)
    return ParsedHealth(format="json", outcome=outcome, word=one_line(said, 40), parts=found)


def _named(checks: Mapping[str, object]) -> Iterator[Part]:
    for name, check in checks.items():
        yield from _check(name, check)


def _listed(checks: object) -> Iterator[Part]:
    for check in checks[:1000] if isinstance(checks, list) else ():
        if isinstance(check, Mapping):
            lowered = {str(name).lower(): value for name, value in check.items()}
            yield from _check(text(lowered.get("name", lowered.get("id"))), check)


def _check(name: object, check: object) -> Iterator[Part]:
    if not isinstance(check, Mapping):
        if outcome_of(check) is not None:
            yield part(name, str(check).lower() if isinstance(check, bool) else check)
        return
    lowered = {str(key).lower(): value for key, value in check.items()}
    word = next((lowered[key] for key in _STATES if outcome_of(lowered.get(key)) is not None), None)
    if word is not None:
        why = next((text(lowered[key]) for key in ("error", "message", "output") if key in lowered), "")
        yield part(name, str(word).lower() if isinstance(word, bool) else word, why)
