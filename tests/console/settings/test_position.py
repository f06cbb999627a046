import tomllib
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from console.settings.position import PositionIndex
from console.settings.problems import KeyPath

TEXT = '''\
# a comment with [brackets] and "quotes
top = "a # b"

[a.b]   # header
c.d = 1
"quo.ted" = { x = 1, y = [ { z = 2 } ] }
multi = """
[not.a.table]
key = 1 \\"""
"""
raw = \'\'\'
also = "not"\'\'\'
list = [
  "one",  # first

  [ 1,
    2 ],
]
last = 1979-05-27 07:32:00

[[t]]
name = "first"
[t.sub]
k = true
[[t]]
name = 'sec]ond'
[ "spaced" . key ]
v = -1.5e3
'''


def test_every_key_has_its_line() -> None:
    index = PositionIndex(TEXT)
    expected: dict[KeyPath, int] = {
        ("top",): 2,
        ("a", "b"): 4,
        ("a", "b", "c"): 5,
        ("a", "b", "c", "d"): 5,
        ("a", "b", "quo.ted"): 6,
        ("a", "b", "quo.ted", "y", 0, "z"): 6,
        ("a", "b", "multi"): 7,
        ("a", "b", "raw"): 11,
        ("a", "b", "list"): 13,
        ("a", "b", "list", 0): 14,
        ("a", "b", "list", 1, 1): 17,
        ("a", "b", "last"): 19,
        ("t",): 21,
        ("t", 0, "name"): 22,
        ("t", 0, "sub"): 23,
        ("t", 0, "sub", "k"): 24,
        ("t", 1, "name"): 26,
        ("spaced", "key"): 27,
        ("spaced", "key", "v"): 28,
    }
    assert {path: index.line(path) for path in expected} == expected
    assert not index.knows(("not", "a", "table"))


def test_what_it_does_not_know_is_at_the_table_around_it() -> None:
    index = PositionIndex(TEXT)
    assert index.line(("a", "b", "missing")) == 4
    assert index.line(("nowhere", "x")) == 1


def test_a_text_that_is_no_toml_is_indexed_as_far_as_it_goes() -> None:
    index = PositionIndex('a = 1\nb = [\n1,\n[c]\nd = "x')
    assert index.line(("a",)) == 1
    assert index.line(("b",)) == 2


KEYS = st.text(
    st.characters(codec="utf-8", exclude_characters="\\\"'", exclude_categories=["C"]), min_size=1, max_size=6
)
VALUES = st.recursive(
    st.integers() | st.booleans() | KEYS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=6,
)


def _toml(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        return "[" + ",\n".join(map(_toml, value)) + "]"
    if isinstance(value, dict):
        return "{ " + ", ".join(f'"{key}" = {_toml(inner)}' for key, inner in value.items()) + " }"
    return f'"{value}"' if isinstance(value, str) else str(value)


def _paths(value: Any, path: KeyPath = ()) -> list[KeyPath]:
    items: Any = ()
    if isinstance(value, dict):
        items = value.items()
    elif isinstance(value, list):
        items = enumerate(value)
    return [path, *(inner for key, part in items for inner in _paths(part, (*path, key)))]


@given(st.dictionaries(KEYS, st.dictionaries(KEYS, VALUES, max_size=4), max_size=4))
def test_whatever_tomllib_reads_is_indexed(document: dict[str, Any]) -> None:
    lines: list[str] = []
    for table, values in document.items():
        lines.append(f'["{table}"] # ]')
        lines += [f'"{key}" = {_toml(value)}' for key, value in values.items()]
    text = "\n".join(lines)
    assert tomllib.loads(text) == document
    index = PositionIndex(text)
    for path in _paths(document)[1:]:
        assert index.knows(path), path


@given(st.text(max_size=80))
def test_any_text_is_survived(text: str) -> None:
    assert PositionIndex(text).line(("a",)) >= 1
