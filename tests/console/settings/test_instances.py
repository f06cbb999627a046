import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.settings.instances import expand


@pytest.mark.parametrize(
    ("patterns", "names"),
    [
        ([], ()),
        (["a", "b"], ("a", "b")),
        (["web-[1-3]"], ("web-1", "web-2", "web-3")),
        (["web-[08-11]"], ("web-08", "web-09", "web-10", "web-11")),
        (["web-[8-11]"], ("web-8", "web-9", "web-10", "web-11")),
        (["[a,b]-[1-2]"], ("a-1", "a-2", "b-1", "b-2")),
        (["db-[1,4-5,main]", "x"], ("db-1", "db-4", "db-5", "db-main", "x")),
        (["rack-[a-c]"], ("rack-a", "rack-b", "rack-c")),
        (["web-[3-3]"], ("web-3",)),
        (["zone-[eu-west,us-east]"], ("zone-eu-west", "zone-us-east")),
    ],
)
def test_patterns(patterns: list[str], names: tuple[str, ...]) -> None:
    assert expand(patterns) == names


@pytest.mark.parametrize(
    ("patterns", "message"),
    [
        (["web-[3-1]"], "counts down"),
        (["web-[1-"], "bracket"),
        (["web-1]"], "bracket"),
        (["web-[]"], "empty choice"),
        (["web-[1,,2]"], "empty choice"),
        ([""], "not a name"),
        (["a b"], "not a name"),
        (["a\x1b"], "not a name"),
        (["a", "a"], "comes twice"),
        (["web-[1-3]", "web-2"], "comes twice"),
        (["web-[1-999999999999]"], "more than 1000"),
        (["[1-100][1-100]"], "more than 1000"),
        (["[1-600]", "x[1-600]"], "more than 1000"),
        (["[0-9]" * 60], "more than 1000"),
    ],
)
def test_what_is_refused(patterns: list[str], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        expand(patterns)


@given(st.integers(0, 5000), st.integers(0, 300), st.integers(0, 6))
def test_a_range_counts_up_and_keeps_its_zeros(low: int, more: int, width: int) -> None:
    start = f"{low:0{width}d}"
    names = expand([f"n[{start}-{low + more}]"])
    assert [int(name[1:]) for name in names] == list(range(low, low + more + 1))
    if start.startswith("0"):
        assert all(len(name) - 1 >= len(start) for name in names)
    else:
        assert all(not name[1:].startswith("0") or name == "n0" for name in names)


@given(st.lists(st.text(max_size=12), max_size=4))
def test_any_text_expands_or_is_refused(patterns: list[str]) -> None:
    try:
        names = expand(patterns)
    except ValueError:
        return
    assert len(set(names)) == len(names) <= 1000
    assert all(name.isprintable() and name for name in names)
