import json
from typing import Any

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from console.settings import Source, show, validate
from console.settings.loading import load_tree

WORDS = st.sampled_from(
    [
        *(
            "console",
            "services",
            "collectors",
            "servers",
            "defaults",
            "keys",
            "include",
            "name",
            "environment",
        ),
        *("type", "url", "service", "instance", "instances", "every", "timeout", "server", "thresholds"),
        *("attribute", "enabled", "token", "token_file", "headers", "inner", "names", "count", "mode"),
        *("warning", "critical", "for", "clear", "ready", "latency", "sample.x", "depends_on", "quorum"),
        *("max_items", "max_rate", "deny", "mirror", "mirror_command", "path", "min_ready", "words", "risk"),
        *("target", "practice", "command", "request", "env", "body", "method", "custom.a", "queues.retry"),
        *("host", "kube", "docker", "target", "jump", "options", "health.sample", "*", "a", "b", "app.quit"),
    ]
)
TEXTS = st.sampled_from(
    [
        *(
            "health.sample",
            "queues.sample",
            "caches.broken",
            "health.unusable",
            "http://x",
            "{instance}",
            "a",
        ),
        *(
            "${A}",
            "${NONE}",
            "${NONE:-}",
            "${",
            "$$",
            "5s",
            "90%",
            "lab",
            "",
            "web-[1-2]",
            "web-[",
            "x y",
            "b",
        ),
        *(
            "{subject}",
            "{service}x",
            "{subjct}",
            "safe",
            "queues",
            "syslog",
            "https://h/{subject}",
            "5/s",
            "POST",
        ),
        *("http://[", "redis://:pw@h:port/", "\x1b", "\x00", "/", "none/*.toml", "../**", "é"),
    ]
)
SCALARS = TEXTS | st.integers(-2, 10**20) | st.floats() | st.booleans()
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=4),
    max_leaves=8,
)
NAMED = st.dictionaries(
    st.sampled_from(["a", "b", "health.sample", "*"]), st.dictionaries(WORDS, VALUES, max_size=6)
)
DOCUMENTS = st.fixed_dictionaries(
    {},
    optional={
        "collectors": NAMED | VALUES,
        "services": NAMED | VALUES,
        "servers": NAMED | VALUES,
        "defaults": NAMED | VALUES,
        "console": st.dictionaries(WORDS, VALUES, max_size=3),
        "keys": st.dictionaries(WORDS, VALUES, max_size=3) | VALUES,
        "actions": NAMED | VALUES,
        "limits": NAMED | st.dictionaries(WORDS, VALUES, max_size=5) | VALUES,
        "journal": st.dictionaries(WORDS, VALUES, max_size=3) | VALUES,
        "include": VALUES,
        "name": VALUES,
    },
)
KNOWN = {"a": ("x",), "app.quit": ("q",)}


def toml(value: Any) -> str:
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{json.dumps(key)} = {toml(inner)}" for key, inner in value.items()) + " }"
    if isinstance(value, list):
        return "[" + ", ".join(map(toml, value)) + "]"
    if isinstance(value, float):
        return repr(value)
    return json.dumps(value)


SAMPLE = {"type": "health.sample", "url": "http://x"}


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(DOCUMENTS)
@example({"collectors": {"a": SAMPLE | {"url": "http://["}}})
@example({"collectors": {"a": SAMPLE | {"count": 10**400}}})
@example({"collectors": {"a": SAMPLE | {"share": float("nan")}}})
@example({"collectors": {"a": SAMPLE | {"every": float("inf")}}})
@example({"collectors": {"a": SAMPLE | {"every": "9" * 400 + "s"}}})
@example({"collectors": {"a": SAMPLE | {"room": "9" * 400 + "GiB"}}})
@example({"collectors": {"a": SAMPLE | {"thresholds": {"latency": {"warning": "9" * 400 + "s"}}}}})
@example(
    {
        "collectors": {
            "a": {
                "type": "caches.redis",
                "url": "redis://h",
                "thresholds": {"memory": {"warning": "9" * 400}},
            }
        }
    }
)
@example({"actions": {"a": {"risk": "safe", "target": "*", "request": {"url": "https://h/\x00{subject}"}}}})
@example({"actions": {"a": {"risk": "safe", "target": "*", "command": ["\x00", "{subject}"]}}})
@example({"actions": {"a": {"risk": "safe", "target": "*", "command": ["~nobody-here/x"]}}})
@example({"limits": {"queues": {"retry": {"max_items": 1}, "purge": 5}}})
@example({"include": ["\x00"]})
@example({"include": [""]})
@example({"include": ["/"]})
@example({"include": ["**/**"]})
def test_any_document_loads_or_is_told_with_line_and_remedy(place: Any, document: dict[str, Any]) -> None:
    place.environ["A"] = "a"
    text = "\n".join(f"{key} = {toml(value)}" for key, value in document.items())
    path = place.write(text)
    source = Source(path)
    report = validate.validate(source, place.environ, keys=KNOWN)
    assert validate.as_text(report)
    for problem in report.problems:
        assert problem.line > 0, problem
        assert problem.message, problem
        assert problem.remedy, problem
    assert len({str(problem) for problem in report.problems}) == len(report.problems)
    if not report.problems:
        loading = load_tree(source, place.environ, keys=KNOWN)
        assert show.as_text(loading, show.effective(loading))
        json.dumps(show.as_json(loading, show.effective(loading)), allow_nan=False)
