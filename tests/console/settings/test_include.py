from typing import Any

import pytest

SAMPLE = '[collectors.{name}]\ntype = "health.sample"\nurl = "http://{name}"\n'


def test_files_are_merged_and_each_is_read_once(place: Any) -> None:
    place.write(SAMPLE.format(name="a"), "services/a.toml")
    place.write('include = ["../shared.toml"]\n' + SAMPLE.format(name="b"), "services/b.toml")
    place.write('[servers.s]\nhost = "h"\n', "shared.toml")

    settings = place.load('include = ["services/*.toml", "shared.toml"]\n' + SAMPLE.format(name="main"))

    assert [one.name for one in settings.collectors] == ["main", "a", "b"]
    assert [one.file.name for one in settings.collectors] == ["quarterdeck.toml", "a.toml", "b.toml"]
    assert list(settings.servers) == ["s"]
    assert len(settings.stamps) == 4


def test_one_collector_may_stand_in_two_files(place: Any) -> None:
    place.write("[collectors.x.thresholds]\nlatency = { warning = 1 }\n", "more.toml")
    settings = place.load('include = ["more.toml"]\n' + SAMPLE.format(name="x"))
    assert settings.collectors[0].thresholds["latency"].warning == 1.0


def test_the_same_key_in_two_files_is_a_mistake_that_names_both(place: Any) -> None:
    place.write(SAMPLE.format(name="x"), "more.toml")
    main = place.write('include = ["more.toml"]\n' + SAMPLE.format(name="x"))
    found = place.problems()
    assert [(one.line, one.key) for one in found] == [(2, "collectors.x.type"), (3, "collectors.x.url")]
    assert found[0].file.endswith("more.toml")
    assert found[0].message == f"is set in {main}:3 already"


def test_a_circle_is_told_with_its_names(place: Any) -> None:
    place.write('include = ["b.toml"]', "a.toml")
    place.write('include = ["a.toml"]', "b.toml")
    problem = place.problem('include = ["a.toml"]')
    assert problem.file.endswith("b.toml")
    assert problem.line == 1
    assert problem.message == "includes itself: quarterdeck.toml → a.toml → b.toml → a.toml"


def test_a_file_that_includes_itself(place: Any) -> None:
    assert "quarterdeck.toml → quarterdeck.toml" in place.problem('include = ["*.toml"]').message


def test_two_files_may_include_the_same_one(place: Any) -> None:
    place.write('include = ["c.toml"]', "a.toml")
    place.write('include = ["c.toml"]', "b.toml")
    place.write(SAMPLE.format(name="c"), "c.toml")
    assert len(place.load('include = ["a.toml", "b.toml"]').collectors) == 1


def test_a_pattern_without_a_match_is_a_warning(place: Any) -> None:
    settings = place.load('\ninclude = ["services/*.toml", "none.toml"]')
    assert [one.partition("quarterdeck.toml:")[2] for one in settings.warnings] == [
        "2: include: 'services/*.toml' matches no file",
        "2: include: 'none.toml' matches no file",
    ]


def test_variables_and_home_in_a_path(place: Any, monkeypatch: Any) -> None:
    monkeypatch.setenv("HOME", str(place.folder))
    place.write(SAMPLE.format(name="a"), "x/a.toml")
    place.write(SAMPLE.format(name="b"), "y/b.toml")
    place.environ["WHERE"] = "x"
    settings = place.load('include = ["${WHERE}/a.toml", "~/y/b.toml"]')
    assert [one.name for one in settings.collectors] == ["a", "b"]


def test_an_include_that_is_no_list_and_one_that_misses_a_variable(place: Any) -> None:
    assert place.problem('include = "services"').message == "must be a list of paths"
    assert place.problem('include = ["a.toml", "${NONE}"]').key == "include[1]"


@pytest.mark.parametrize("pattern", ["a**b*.toml", "~nobody-here/*.toml"])
def test_a_pattern_that_is_none(place: Any, pattern: str) -> None:
    problem = place.problem(f'include = ["{pattern}"]')
    assert (problem.line, problem.key) == (1, "include")


def test_a_main_file_that_is_broken_in_its_first_lines_is_one_mistake(place: Any) -> None:
    problem = place.problem('include = ["a.toml]\n[console]\nname = "x"\n')
    assert (problem.line, problem.key) == (1, "include")
